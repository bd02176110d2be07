"""Stamps go where somebody wants them: at coordinates, at a named position, beside or on a text."""

from __future__ import annotations

import math

import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.page_box import Rectangle
from meterai.stamping.in_jail.places.wanted import find_places
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement, Position
from meterai.stamping.requests import OutputLimits, Reception, ReceptionRequest, WantedRequest
from meterai.stamping.wanted_places import AtCoordinates, AtKeyword, AtPosition, WantedPlace
from tests.attacks.signing import signed_by_somebody
from tests.pdf import samples
from tests.pdf.test_ink import page, scanned, text
from tests.pdf.test_proposal import joined

NAME = text(330, 408, "Siti Rahmawati, direktur")
TOP = text(60, 700, "Siti  Rahmawati")
WIDE = (330.0, 404.0, 446.5, 420.0)
"""Around the lower of the two names."""


def received(data: bytes, *wanted: WantedPlace) -> Reception:
    return receive(
        ReceptionRequest(data=data, stamps=len(wanted), limits=OutputLimits(), wanted=list(wanted))
    )


def place(data: bytes, wanted: WantedPlace) -> Placement:
    (found,) = received(data, wanted).placements
    return found


def refusal(data: bytes, wanted: WantedPlace) -> Refusal:
    with pytest.raises(Refusal) as refused:
        received(data, wanted)
    return refused.value


def middle(box: Rectangle) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_a_stamp_lies_on_the_last_place_of_a_text() -> None:
    found = place(page(TOP + NAME), AtKeyword(keyword="siti rahmawati"))
    assert math.dist(middle(found.rectangle), (368, 412)) < 6
    assert found.covers is Ink.TEXT
    assert not found.is_settled


@pytest.mark.parametrize(("occurrence", "y"), [(1, 704), (-2, 704), (2, 412), (-1, 412)])
def test_places_of_a_text_are_counted_as_people_read(occurrence: int, y: float) -> None:
    found = place(page(NAME + TOP), AtKeyword(keyword="Siti Rahmawati", occurrence=occurrence))
    assert abs(middle(found.rectangle)[1] - y) < 6


@pytest.mark.parametrize(
    ("side", "across", "up"), [("left", -1, 0), ("right", 1, 0), ("above", 0, 1), ("below", 0, -1)]
)
def test_a_stamp_lies_beside_a_text(side: str, across: int, up: int) -> None:
    found = place(page(NAME), AtKeyword(keyword="Siti Rahmawati, direktur", side=side))  # type: ignore[arg-type]
    left, bottom, right, top = found.rectangle
    apart = {
        (-1, 0): WIDE[0] - right,
        (1, 0): left - WIDE[2],
        (0, 1): bottom - WIDE[3],
        (0, -1): WIDE[1] - top,
    }[across, up]
    assert 0 < apart < 20
    assert found.is_settled


def test_a_stamp_is_moved_from_its_text() -> None:
    before = place(page(NAME), AtKeyword(keyword="direktur", side="right"))
    after = place(page(NAME), AtKeyword(keyword="direktur", side="right", dx=-15, dy=40))
    assert (after.x, after.y) == pytest.approx((before.x - 15, before.y + 40))


def test_a_stamp_beside_a_text_near_the_edge_stays_on_the_page() -> None:
    found = place(page(text(5, 5, "Rp 1.000.000")), AtKeyword(keyword="Rp 1.000.000", side="below"))
    assert (found.x, found.y) == (0, 0)
    assert found.covers is Ink.TEXT


def test_words_that_wait_for_a_stamp_may_be_covered() -> None:
    assert place(page(text(340, 450, "Meterai")), AtKeyword(keyword="METERAI")).is_settled


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit", [1.0, 1.5])
def test_a_text_is_found_where_people_see_it(rotation: int, user_unit: float) -> None:
    data = page(NAME, rotation=rotation, user_unit=user_unit)
    box = open_document(data, DEFAULT_LIMITS).pages[0].box
    found = place(data, AtKeyword(keyword="Siti Rahmawati, direktur"))
    assert math.dist(middle(found.rectangle), middle(box.to_visible(WIDE))) < 8 * user_unit


def test_a_text_is_looked_for_on_the_wanted_page() -> None:
    data = joined(page(TOP), page(NAME), page(NAME), page(b""))
    assert place(data, AtKeyword(keyword="Siti")).page == 3
    assert place(data, AtKeyword(keyword="Siti", occurrence=1)).page == 1
    assert place(data, AtKeyword(keyword="Siti", page=2)).page == 2
    assert place(data, AtKeyword(keyword="Siti", page=-2)).page == 3


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (AtKeyword(keyword="Budi"), 0),
        (AtKeyword(keyword="Siti", occurrence=3), 2),
        (AtKeyword(keyword="Siti", page=2), 0),
    ],
)
def test_a_text_that_is_not_there_is_refused(wanted: AtKeyword, seen: int) -> None:
    refused = refusal(page(TOP + NAME), wanted)
    assert (refused.code, dict(refused.facts)) == (
        "placement.keyword_missing",
        {"placement": 1, "found": seen},
    )


def test_a_scan_has_no_text() -> None:
    refused = refusal(scanned(page(NAME)), AtKeyword(keyword="Siti"))
    assert refused.code == "placement.keyword_missing"


def test_a_text_is_no_pattern() -> None:
    assert refusal(page(NAME), AtKeyword(keyword="S.ti")).code == "placement.keyword_missing"
    assert place(page(text(330, 408, "\\(Siti\\)")), AtKeyword(keyword="(siti)")).page == 1


def test_a_named_position_is_on_the_last_page() -> None:
    data = joined(page(TOP), page(b""))
    found = place(data, AtPosition(position=Position.BOTTOM_RIGHT))
    assert (found.page, found.size, found.is_settled) == (2, 90, True)
    assert found.x + found.size == pytest.approx(595.28 - 28, abs=0.1)
    assert place(data, AtPosition(position=Position.TOP, page=1)).page == 1


def test_a_stamp_at_coordinates_says_what_it_covers() -> None:
    assert place(page(NAME), AtCoordinates(page=1, x=300, y=380)).covers is Ink.TEXT
    assert place(page(NAME), AtCoordinates(page=1, x=100, y=100)).covers is Ink.NOTHING
    agreed = place(page(NAME), AtCoordinates(page=1, x=300, y=380, may_cover=True))
    assert agreed.is_settled


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (AtCoordinates(page=2, x=100, y=100), "placement.page"),
        (AtCoordinates(page=0, x=100, y=100), "placement.page"),
        (AtCoordinates(page=-3, x=100, y=100), "placement.page"),
        (AtCoordinates(page=1, x=590, y=100), "placement.outside"),
        (AtCoordinates(page=1, x=100, y=100, size=40), "placement.size"),
    ],
)
def test_a_place_off_the_page_is_refused(wanted: AtCoordinates, code: str) -> None:
    assert refusal(page(NAME), wanted).code == code


def test_nothing_is_drawn_for_people_where_places_are_given() -> None:
    assert received(page(NAME), AtKeyword(keyword="Siti", side="left")).page_image is None


def test_a_stored_file_gives_the_same_places() -> None:
    wanted: list[WantedPlace] = [AtKeyword(keyword="Siti", side="left"), AtPosition(position=Position.TOP)]
    found = received(page(NAME), *wanted)
    request = WantedRequest(data=found.instead, sizes=found.inspection.pages, wanted=wanted)
    assert find_places(request).placements == found.placements


def test_a_signed_file_takes_stamps_at_wanted_places() -> None:
    data = signed_by_somebody(samples.nearly_empty(1))
    free = place(data, AtPosition(position=Position.BOTTOM_LEFT))
    assert free.covers is Ink.NOTHING
    assert refusal(data, AtKeyword(keyword="sebenarnya", may_cover=True)).code == "placement.covers"
