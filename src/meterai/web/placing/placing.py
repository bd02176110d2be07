"""What the placing page draws of a document and its stamps, for orders and for quota."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from meterai.pdf.profiles import Profile
from meterai.sales.events import Event
from meterai.stamping.model import STAMPS_MAX, OutputVerdict
from meterai.stamping.placement import (
    MARGIN,
    Placement,
    Position,
    fitting_size,
    named_placement,
    overlap,
)
from meterai.stamping.queries import DocumentPage
from meterai.web.documents.uploads import limits_of

UNSET = Position.BOTTOM_RIGHT
GAP_PT = 8.0
"""The gap between a stamp and the one proposed beside it."""
_WAITING = "pdf.notice.signature_fields"


@dataclass(frozen=True, slots=True)
class PageSize:
    """The size of the visible page in points."""

    width_pt: float
    height_pt: float


@dataclass(frozen=True, slots=True)
class TypedPlacement:
    """The place of one stamp as the form has it, stored or not.

    - `number`: which of the document's stamps, from 0.
    - `named`: the choice among the nine places, so that the page can show it again.
    """

    number: int
    placement: Placement
    named: str = ""
    profile: Profile | None = None
    """The choice in the form; None: as stored."""


@dataclass(frozen=True, slots=True)
class NumberedStamp:
    """A stamp of the document, numbered from 1."""

    number: int
    placement: Placement


type FreePlace = Callable[[DocumentPage, int, Sequence[Placement]], Awaitable[Placement | None]]
"""Finds a place on a page of a document that covers neither text nor the stamps given."""


async def typed_of(document: DocumentPage, *, stamp: str, page: str, free: FreePlace) -> TypedPlacement:
    """Reads the stamp and the page from an address, as far as the document has them."""
    number = min(_number(stamp) or _first_covering(document.placements), len(document.placements)) - 1
    placement = document.placements[number]
    wanted = _number(page)
    if not 1 <= wanted <= len(document.inspection.pages) or wanted == placement.page:
        return TypedPlacement(number, placement)
    return TypedPlacement(number, await suggested(document, number, wanted, free))


def _first_covering(placements: Sequence[Placement]) -> int:
    """The first stamp that covers something to which nobody agreed, from 1; else the first one."""
    covering = (n for n, place in enumerate(placements, 1) if place.covers and not place.is_settled)
    return next(covering, 1)


def placing_context(
    document: DocumentPage, typed: TypedPlacement, events: Iterable[Event], *, event: Event | None = None
) -> dict[str, Any]:
    """The values for place.html: the page of the stamp that is being placed, and the other stamps on it.

    - `events`: those open now. A file that fits none of them may still be meant for one, whose agency would
      refuse it. The page says so, because a used stamp does not come back.
    - `event`: the one that the document is for.
    """
    spots = [NumberedStamp(number, placement) for number, placement in enumerate(document.placements, 1)]
    spots[typed.number] = NumberedStamp(typed.number + 1, typed.placement)
    page = typed.placement.page
    return {
        "document_id": document.document_id,
        "name": document.name,
        "notices": document.inspection.notices,
        "signers": document.inspection.signers,
        "profile": typed.profile or document.profile,
        "page": page_size(document, page),
        "pages": len(document.inspection.pages),
        "shown": page,
        "spot": typed.placement,
        "active": typed.number + 1,
        "named": typed.named,
        "asks_later": _asks_later(document, event),
        "positions": tuple(Position),
        "spots": spots,
        "others": [s for s in spots if s.number != typed.number + 1 and s.placement.page == page],
        "more": len(spots) < STAMPS_MAX,
        "output": document.output,
        "not_for": [] if document.limits else [e for e in events if not _takes(e, document.output)],
    }


def _asks_later(document: DocumentPage, event: Event | None) -> bool:
    """Whether others may still sign: not in a signed file, and for an event only if it says so.

    Places to sign that wait in the file are a reason to ask for every event.
    """
    if document.profile is Profile.SIGNED:
        return False
    return event is None or event.signed_later or _WAITING in document.inspection.notices


def _takes(event: Event, output: OutputVerdict) -> bool:
    limits = limits_of(event)
    return not (limits.is_too_large(output.output_bytes) or limits.is_too_old(output.pdf_version))


async def suggested(document: DocumentPage, number: int, page: int, free: FreePlace) -> Placement:
    """Proposes a place for a stamp that moves to another page. It is always the same for the same
    document.
    """
    others = [placement for n, placement in enumerate(document.placements) if n != number]
    found = await free(document, page, others)
    return found or free_place(document, page, others) or named(document, page, UNSET)


def free_place(document: DocumentPage, page: int, taken: Sequence[Placement]) -> Placement | None:
    """Finds a place that covers no stamp: beside the newest on the page, else one of nine. None when full."""
    for place in _candidates(document, page, taken):
        if not any(overlap(place, other) for other in taken):
            return place
    return None


def named(document: DocumentPage, page: int, position: Position) -> Placement:
    """The placement of one of the nine positions on a page."""
    size = page_size(document, page)
    return named_placement(
        position,
        page=page,
        width_pt=size.width_pt,
        height_pt=size.height_pt,
        size=_stamp_size(document, page),
    )


def page_size(document: DocumentPage, page: int) -> PageSize:
    """The size of a page as people see it."""
    seen = document.inspection.pages[page - 1]
    return PageSize(seen.width_pt, seen.height_pt)


def _stamp_size(document: DocumentPage, page: int) -> float:
    """The size of the stamps on the page, else the usual one, smaller on a page that is too small for it."""
    for placement in document.placements:
        if placement.page == page:
            return placement.size
    seen = page_size(document, page)
    return fitting_size(seen.width_pt, seen.height_pt)


def _candidates(document: DocumentPage, page: int, taken: Sequence[Placement]) -> Iterator[Placement]:
    newest = next((place for place in reversed(taken) if place.page == page), None)
    if newest is not None:
        yield from _beside(newest, page_size(document, page))
    for position in (UNSET, *Position):
        yield named(document, page, position)


def _beside(stamp: Placement, page: PageSize) -> Iterator[Placement]:
    """The places left, right, below and above a stamp, as far as the white margin allows."""
    step = stamp.size + GAP_PT
    for right, up in ((-step, 0.0), (step, 0.0), (0.0, -step), (0.0, step)):
        x, y = round(stamp.x + right, 2), round(stamp.y + up, 2)
        across = MARGIN <= x <= page.width_pt - MARGIN - stamp.size
        if across and MARGIN <= y <= page.height_pt - MARGIN - stamp.size:
            yield Placement(page=stamp.page, x=x, y=y, size=stamp.size)


def _number(text: str) -> int:
    """Reads a number from an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
