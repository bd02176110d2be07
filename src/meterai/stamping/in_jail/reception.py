"""Checks an uploaded file in one visit to the jail: inspection, proposal, page image and measured result."""

from __future__ import annotations

import msgspec
import pypdfium2

from meterai.pdf.inspection import inspect_opened
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.opening.unlocking import unlock
from meterai.pdf.own_page import own_page
from meterai.pdf.profiles import Profile
from meterai.pdf.rendering import page_of, with_document
from meterai.pdf.requests import (
    Inspection,
    InspectRequest,
    RenderedPage,
    SignatureKind,
)
from meterai.pdf.signed_refusals import keeping_signatures
from meterai.stamping.in_jail.places.free_places import find_free_places
from meterai.stamping.in_jail.places.proposal import DrawnPage, SigningPage, draw, sheet_of, signing_pages
from meterai.stamping.in_jail.places.sheet import Sheet
from meterai.stamping.in_jail.places.wanted import places_on
from meterai.stamping.in_jail.preparation import measure_opened
from meterai.stamping.in_jail.upload import accept
from meterai.stamping.placement import Placement
from meterai.stamping.requests import (
    MeasureRequest,
    OutputLimits,
    PageDifference,
    ProposeRequest,
    Reception,
    ReceptionRequest,
)


def warm_up() -> None:
    """Receives a page of our own, so that a jail process need not import and compute what that needs."""
    receive(ReceptionRequest(data=own_page(), stamps=1, limits=OutputLimits()))


@keeping_signatures
def receive(request: ReceptionRequest) -> Reception:
    """Inspects and normalises the file, proposes places for its stamps, draws the page, measures the result.

    Raises: Refusal INVALID as `inspect`, `unlock`, `accept`, `find_free_places`, `find_places`,
    `render_page` and `prepare_seal`.
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
    free = find_free_places(data, opened.pages, request.stamps) if signed and not request.wanted else []
    placements, page_image = with_document(
        data, "", lambda document: _places(document, inspection, free, request, signed=signed)
    )
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


def _places(
    document: pypdfium2.PdfDocument,
    inspection: Inspection,
    free: list[Placement],
    request: ReceptionRequest,
    *,
    signed: bool,
) -> tuple[list[Placement], RenderedPage | None]:
    """The wanted places; without any those proposed, with the picture of their page."""
    if request.wanted:
        return places_on(document, inspection.pages, request.wanted, signed=signed), None
    return _proposed(document, inspection, free, request.stamps)


def _proposed(
    document: pypdfium2.PdfDocument, inspection: Inspection, free: list[Placement], stamps: int
) -> tuple[list[Placement], RenderedPage]:
    """Places for the stamps, and the picture of their page. `free`: places that were found already."""
    if free:
        return free, draw(page_of(document, free[0].page)).encoded()
    page, drawn, sheet = _page_to_stamp(document, inspection)
    placements: list[Placement] = []
    for _ in range(stamps):
        wanted = ProposeRequest(
            data=b"",
            page=page.number,
            width_pt=page.size.width_pt,
            height_pt=page.size.height_pt,
            taken=placements,
        )
        placements = [*placements, sheet.propose(wanted)]
    return placements, drawn.encoded()


def _page_to_stamp(
    document: pypdfium2.PdfDocument, inspection: Inspection
) -> tuple[SigningPage, DrawnPage, Sheet]:
    """The page where words say that people sign, else the last page that has any ink, else the last one.

    `inspect` refuses files without a page that can carry a stamp.
    """
    looked_at = []
    for page in signing_pages(document, inspection.pages):
        drawn = draw(page.page)
        looked_at.append((page, drawn, sheet_of(page, drawn)))
        if not looked_at[-1][2].is_empty:
            return looked_at[-1]
    return looked_at[0]


def _choices(data: bytes, otherwise: bytes, profile: Profile) -> list[tuple[bytes, Profile]]:
    """The files that may be stamped, with their profiles."""
    other = Profile.FINAL if profile is Profile.SIGN_LATER else Profile.SIGN_LATER
    return [(data, profile), *([(otherwise, other)] if otherwise else [])]


def profile_for(inspection: Inspection, wanted: Profile) -> Profile:
    """The profile of a file. One that carries signatures leaves no choice."""
    return wanted if inspection.signatures is SignatureKind.NONE else Profile.SIGNED
