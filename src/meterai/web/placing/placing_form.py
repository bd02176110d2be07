"""Reads the placing form: move a stamp, add one, remove one, show another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.profiles import Profile
from meterai.stamping.model import STAMPS_MAX
from meterai.stamping.placement import Placement, Position
from meterai.stamping.queries import DocumentPage
from meterai.web.placing.placing import FreePlace, TypedPlacement, free_place, named, suggested
from meterai.web.requests.forms import Form

PROFILES = {"selesai": Profile.FINAL, "tanda_tangan": Profile.SIGN_LATER}


@dataclass(frozen=True, slots=True)
class WantedPlacements:
    """All stamps of the document as the form wants them. `show`: the one to place next, from 0; None: go
    on.
    """

    placements: list[Placement]
    show: int | None


async def typed_from(form: Form, document: DocumentPage, free: FreePlace) -> TypedPlacement:
    """Reads the place that the form has for its stamp: moved by hand, or named, or as it was drawn.

    Raises: Refusal `placement.page` for a page that the document does not have.
    """
    number = min(max(form.number("meterai", 1), 1), len(document.placements)) - 1
    stored = document.placements[number]
    page = form.number("halaman", stored.page)
    pages = len(document.inspection.pages)
    if not 1 <= page <= pages:
        raise Refusal(Kind.INVALID, "placement.page", page=page, pages=pages)
    profile = PROFILES.get(form.text("sesudah"))
    drawn = stored if page == stored.page else await suggested(document, number, page, free)
    by_hand = _points(form.text("x"), form.text("y"))
    if by_hand is not None:
        moved = Placement(page=page, x=by_hand[0], y=by_hand[1], size=drawn.size)
        return TypedPlacement(number, drawn if _same(moved, drawn) else moved, profile=profile)
    position = Position.from_form(form.text("letak"))
    if position is not None:
        return TypedPlacement(number, named(document, page, position), position.form_value, profile)
    return TypedPlacement(number, drawn, profile=profile)


async def wanted_placements(
    form: Form, document: DocumentPage, typed: TypedPlacement, free: FreePlace
) -> WantedPlacements:
    """Reads all stamps as the form wants them. A form sent twice changes nothing twice.

    - The button that adds a stamp says how many there are then.
    - A form that knew of more stamps than there are now is not read further.
    - A form that knew of fewer is refused: nobody uses a stamp that they did not see.

    Raises: Refusal `document.too_many_stamps`, `placement.no_room`; CONFLICT `placement.changed`.
    """
    placements = list(document.placements)
    known = form.number("banyak", len(placements))
    if known > len(placements):
        return WantedPlacements(placements, typed.number)
    placements[typed.number] = typed.placement
    less, more, next_one = form.number("hapus"), form.number("tambah"), form.number("lalu")
    if 1 <= less <= len(placements) and len(placements) > 1:
        del placements[less - 1]
        return WantedPlacements(placements, min(typed.number - (less <= typed.number), len(placements) - 1))
    if more:
        if more > len(placements):
            placements.append(await _one_more(document, placements, typed.placement.page, free))
        return WantedPlacements(placements, len(placements) - 1)
    if next_one:
        return WantedPlacements(placements, min(max(next_one, 1), len(placements)) - 1)
    if known < len(placements):
        raise Refusal(Kind.CONFLICT, "placement.changed", stamps=len(placements))
    return WantedPlacements(placements, None)


async def _one_more(
    document: DocumentPage, placements: Sequence[Placement], page: int, free: FreePlace
) -> Placement:
    """Adds a stamp on the page that is shown, else on the first page with space."""
    if len(placements) >= STAMPS_MAX:
        raise Refusal(Kind.INVALID, "document.too_many_stamps", stamps_max=STAMPS_MAX)
    for wanted in (page, *range(1, len(document.inspection.pages) + 1)):
        place = free_place(document, wanted, placements)
        if place is not None:
            return await free(document, wanted, placements) or place
    raise Refusal(Kind.INVALID, "placement.no_room")


def _same(moved: Placement, drawn: Placement) -> bool:
    """Tells whether the stamp is where it was: forms carry coordinates with two decimals."""
    return abs(moved.x - drawn.x) < 0.02 and abs(moved.y - drawn.y) < 0.02


def _points(x: str, y: str) -> tuple[float, float] | None:
    """Reads both coordinates. None when no script filled them in."""
    try:
        values = [float(x), float(y)]
    except ValueError:
        return None
    return (values[0], values[1]) if all(-1e5 < value < 1e5 for value in values) else None
