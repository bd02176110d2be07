"""What was added after sealing as the result of a check shows it: each addition, and the sealed revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from meterai.verification.model import Addition, Judgement
from meterai.verification.page_pictures import BeforeAndAfter
from meterai.verification.page_pictures import ComparedPage as Compared
from meterai.verification.use_cases.pictures_of_pages import compare_page, picture_of_page
from meterai.web.verify.drawing import Drawer, data_address

PAGES_MAX = 6
"""Pages of the sealed revision that are shown as pictures; those with additions first."""
PLACES_MAX = 8
"""Additions that are shown from close up."""
LINK_BYTES_MAX = 1_500_000
"""A larger sealed revision is no link: Chromium opens no address of more than 2 MiB."""
_MM = 25.4 / 72


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures (data: addresses) of the same place."""

    sealed: str
    now: str


@dataclass(frozen=True, slots=True)
class ShownAddition:
    """An addition, and its place from close up, when that could be drawn."""

    report: Addition
    place: Pair | None = None

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width and height, rounded."""
        box = self.report.box
        return (round(box.width * _MM), round(box.height * _MM)) if box else (0, 0)

    @property
    def corner_mm(self) -> tuple[int, int]:
        """How far its lower left corner is from the left and the lower edge of the page, rounded."""
        box = self.report.box
        return (round(box.x * _MM), round(box.y * _MM)) if box else (0, 0)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of the sealed revision. `now`: the same page in the file, empty if nothing visible was added."""

    number: int
    sealed: str
    now: str = ""


@dataclass(frozen=True, slots=True)
class ShownAdditions:
    """All that was added, and the sealed revision as pages and as a download."""

    additions: tuple[ShownAddition, ...] = ()
    pages: tuple[ShownPage, ...] = ()
    sealed_bytes: int = 0
    """Length of the sealed revision; 0 if it is not shown."""
    link: str = ""
    """The sealed revision as a data: address; empty if it is too large for one."""


def only_listed(judgement: Judgement) -> ShownAdditions:
    """The additions to a file that is not at hand, or whose seal is not sound."""
    return ShownAdditions(tuple(ShownAddition(report) for report in judgement.additions))


async def compared(drawer: Drawer, judgement: Judgement) -> ShownAdditions:
    """The additions to the drawer's file, beside what was sealed."""
    end = judgement.sealed_bytes
    if not judgement.additions or end is None:
        return only_listed(judgement)
    sealed = drawer.data[:end]
    found = await _compare(drawer, end, judgement.additions)
    return ShownAdditions(
        additions=tuple(_with_place(report, found) for report in judgement.additions),
        pages=await _pages(drawer, sealed, found, _in_order_of_interest(judgement)),
        sealed_bytes=end,
        link=data_address(sealed, "application/pdf") if end <= LINK_BYTES_MAX else "",
    )


type _Found = dict[int, tuple[list[Addition], Compared]]
"""By page: the additions that were drawn, and their pictures."""


async def _compare(drawer: Drawer, end: int, additions: Iterable[Addition]) -> _Found:
    found: _Found = {}
    for page, places in list(_by_page(additions).items())[:PAGES_MAX]:
        boxes = [place.box for place in places if place.box]
        work = partial(compare_page, drawer.jail, drawer.data, sealed_bytes=end, page=page, boxes=boxes)
        drawn = await drawer.draw(partial(work, owner=drawer.owner))
        if drawn is not None:
            found[page] = places, drawn
    return found


def _by_page(additions: Iterable[Addition]) -> dict[int, list[Addition]]:
    """The visible additions by page, not more than are shown."""
    visible = [a for a in additions if a.page is not None and a.box is not None][:PLACES_MAX]
    pages: dict[int, list[Addition]] = {}
    for addition in visible:
        pages.setdefault(addition.page or 0, []).append(addition)
    return dict(sorted(pages.items()))


def _with_place(report: Addition, found: _Found) -> ShownAddition:
    places, drawn = found.get(report.page or 0, ((), None))
    for place, pictures in zip(places, drawn.places if drawn else (), strict=True):
        if place is report:
            return ShownAddition(report, _pair(pictures))
    return ShownAddition(report)


def _in_order_of_interest(judgement: Judgement) -> dict[int, None]:
    """The numbers of all pages, those with stamps first."""
    stamped = [stamp.page for stamp in judgement.stamps if stamp.page is not None]
    return dict.fromkeys([*stamped, *range(1, (judgement.pages or 0) + 1)])


async def _pages(
    drawer: Drawer, sealed: bytes, found: _Found, wanted: Iterable[int]
) -> tuple[ShownPage, ...]:
    """The pages with additions, then other wanted ones, in the order of the document."""
    shown = {page: _pair(drawn.whole) for page, (_, drawn) in found.items()}
    pages = [ShownPage(page, pair.sealed, pair.now) for page, pair in shown.items()]
    for page in wanted:
        if page not in shown and len(pages) < PAGES_MAX:
            work = partial(picture_of_page, drawer.jail, sealed, page=page, owner=drawer.owner)
            picture = await drawer.draw(work)
            pages += [ShownPage(page, data_address(picture.jpeg))] if picture else []
    return tuple(sorted(pages, key=lambda page: page.number))


def _pair(pictures: BeforeAndAfter) -> Pair:
    return Pair(data_address(pictures.sealed), data_address(pictures.now))
