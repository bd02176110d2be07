"""Checks an uploaded file in one visit to the jail: inspection, proposal, page image and measured result."""

from __future__ import annotations

import msgspec
from PIL import Image

from meterai.pdf.inspection import inspect_opened
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.opening.unlocking import unlock
from meterai.pdf.own_page import own_page
from meterai.pdf.profiles import Profile
from meterai.pdf.rendering import encode_picture, with_image, without_colour
from meterai.pdf.requests import (
    Inspection,
    InspectRequest,
    PageSize,
    RenderedPage,
    RenderRequest,
    SignatureKind,
)
from meterai.pdf.signed_refusals import keeping_signatures
from meterai.stamping.in_jail.covering import seen_on
from meterai.stamping.in_jail.free_places import find_free_places
from meterai.stamping.in_jail.preparation import measure_opened
from meterai.stamping.in_jail.proposal import choose_place
from meterai.stamping.in_jail.upload import accept
from meterai.stamping.placement import Placement
from meterai.stamping.requests import (
    PAGE_IMAGE_WIDTH_PX,
    MeasureRequest,
    OutputLimits,
    PageDifference,
    ProposeRequest,
    Reception,
    ReceptionRequest,
)

_REDUCED = 4
"""Factor by which the page image is reduced to look for an empty place."""


def warm_up() -> None:
    """Receives a page of our own, so that a jail process need not import and compute what that needs."""
    receive(ReceptionRequest(data=own_page(), stamps=1, limits=OutputLimits()))


@keeping_signatures
def receive(request: ReceptionRequest) -> Reception:
    """Inspects and normalises the file, proposes places for its stamps, draws the page, measures the result.

    Raises: Refusal INVALID as `inspect`, `unlock`, `accept`, `find_free_places`, `render_page` and
    `prepare_seal`.
    """
    unlocked = unlock(request.data, request.password, DEFAULT_LIMITS) if request.password else None
    data = unlocked or request.data
    opened = open_document(data, DEFAULT_LIMITS)
    inspection = inspect_opened(opened, InspectRequest(data=data))
    profile = profile_for(inspection, request.profile)
    otherwise, differences = b"", list[PageDifference]()
    signed = profile is Profile.SIGNED
    if not signed:
        inspection, data, otherwise, differences = accept(request, data, opened, inspection)
    if unlocked:
        notices = sorted({*inspection.notices, "pdf.notice.encrypted"})
        inspection = msgspec.structs.replace(inspection, encrypted=True, notices=notices)
    free = find_free_places(data, opened.pages, request.stamps) if signed else []
    page, seen = _page_to_stamp(inspection, free)

    def look(image: Image.Image) -> tuple[list[Placement], RenderedPage]:
        plain = without_colour(image)
        grey = image.convert("L") if plain is None else plain
        small = grey.reduce(_REDUCED) if min(image.size) > _REDUCED * 20 else grey
        placements = free
        for _ in range(request.stamps - len(free)):
            wanted = ProposeRequest(
                data=b"", page=page, width_pt=seen.width_pt, height_pt=seen.height_pt, taken=placements
            )
            placements = [*placements, choose_place(small, wanted)]
        if not signed:
            placements = seen_on(image, data, placements, width_pt=seen.width_pt)
        picture = image.convert("RGB") if plain is None else plain
        return placements, encode_picture(picture, RenderRequest(data=b"", page=page).quality)

    drawn = RenderRequest(data=data, page=page, width_px=PAGE_IMAGE_WIDTH_PX)
    placements, page_image = with_image(drawn, look)
    # The person may still choose: places to sign that stay take room, and so do their faces where none stays.
    measures = [
        measure_opened(
            MeasureRequest(
                data=one, normalised=not signed, placements=placements, profile=chosen, limits=request.limits
            ),
            opened if signed else None,
        )
        for one, chosen in _choices(data, otherwise, profile)
    ]
    return Reception(
        inspection=inspection,
        profile=profile,
        placements=placements,
        output=max(measures, key=lambda measure: measure.output_bytes),
        page_image=page_image,
        instead=b"" if signed else data,
        otherwise=otherwise,
        differences=differences,
        before=(unlocked or request.data) if differences else b"",
    )


def _choices(data: bytes, otherwise: bytes, profile: Profile) -> list[tuple[bytes, Profile]]:
    """The files that may be stamped, with their profiles."""
    other = Profile.FINAL if profile is Profile.SIGN_LATER else Profile.SIGN_LATER
    return [(data, profile), *([(otherwise, other)] if otherwise else [])]


def _page_to_stamp(inspection: Inspection, free: list[Placement]) -> tuple[int, PageSize]:
    """Number and size of the page with the first free place, else of the last page that can carry a stamp.

    `inspect` refuses files without one.
    """
    if free:
        return free[0].page, inspection.pages[free[0].page - 1]
    numbered = reversed(list(enumerate(inspection.pages, 1)))
    return next(
        (page, seen)
        for page, seen in numbered
        if DEFAULT_LIMITS.is_large_enough(seen.width_pt, seen.height_pt)
    )


def profile_for(inspection: Inspection, wanted: Profile) -> Profile:
    """The profile of a file. One that carries signatures leaves no choice."""
    return wanted if inspection.signatures is SignatureKind.NONE else Profile.SIGNED
