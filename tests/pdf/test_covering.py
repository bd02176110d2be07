"""What a stamp would cover on a file without signatures, for proposed places and for others."""

from __future__ import annotations

import pytest

from meterai.pdf.ink_kinds import Ink
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.stamping.in_jail.places import covering
from meterai.stamping.in_jail.places.covering import look_under
from meterai.stamping.in_jail.places.proposal import propose_placement
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, PlacesRequest, ProposeRequest, ReceptionRequest
from tests.pdf.test_free_places import FULL, LINES, with_a_field
from tests.pdf.test_ink import DRAWN, NOTHING, page, scanned, text

PLACE = Placement(page=1, x=300, y=100)
IN_LETTERS = {
    "an amount",
    "letters in yellow",
    "the end of a line",
    "a name on a dotted line",
    "a name among dots",
    "an amount after Meterai",
    "Meterai within a sentence",
    "Meterai over an amount",
    "an amount over Meterai",
    "Meterai in white over an amount",
    "letters in white on black",
    "a column of ones",
}
HIDDEN = {
    "text that nobody sees": text(310, 140, "Rp 1.000.000", mode=3),
    "white text": b"1 g " + text(310, 140, "Rp 1.000.000"),
    "faint text": b"0.97 g " + text(310, 140, "Rp 1.000.000"),
}


def under(data: bytes, place: Placement = PLACE) -> Ink | None:
    (seen,) = look_under(PlacesRequest(data=data, placements=[place])).placements
    assert seen.spot == place.spot
    return seen.covers


@pytest.mark.parametrize("name", DRAWN)
def test_the_stamp_covers_ink(name: str) -> None:
    found = under(page(DRAWN[name]))
    assert found in (Ink.TEXT, Ink.DRAWN)
    assert name not in IN_LETTERS or found is Ink.TEXT


@pytest.mark.parametrize("name", sorted({*NOTHING} - {*HIDDEN}))
def test_lines_and_the_word_meterai_may_be_covered(name: str) -> None:
    assert under(page(NOTHING[name])) is Ink.NOTHING


@pytest.mark.parametrize("name", HIDDEN)
def test_letters_count_that_nobody_sees(name: str) -> None:
    assert under(page(HIDDEN[name])) is Ink.TEXT


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_letters_are_looked_for_on_a_turned_page(rotation: int) -> None:
    data = page(HIDDEN["text that nobody sees"], rotation=rotation, user_unit=2.0)
    box = open_document(data, DEFAULT_LIMITS).pages[0].box
    left, bottom, _, _ = box.to_visible((310, 140, 330, 150))
    assert under(data, Placement(page=1, x=left - 10, y=bottom - 10)) is Ink.TEXT
    assert under(data, Placement(page=1, x=left - 300, y=bottom - 300)) is Ink.NOTHING


def test_an_empty_field_is_named_as_one() -> None:
    assert under(with_a_field((300, 100, 400, 140))) is Ink.FIELD


def test_a_scan_has_no_letters() -> None:
    assert under(scanned(page(DRAWN["an amount"]))) is Ink.DRAWN
    assert under(scanned(page(b""))) is Ink.NOTHING


def received(content: bytes, *, scan: bool = False, stamps: int = 1) -> list[Placement]:
    data = scanned(page(content)) if scan else page(content)
    return receive(ReceptionRequest(data=data, stamps=stamps, limits=OutputLimits())).placements


@pytest.mark.parametrize("scan", [False, True])
def test_a_proposal_says_that_it_covers_nothing(scan: bool) -> None:
    first, second = received(LINES, scan=scan, stamps=2)
    assert (first.covers, second.covers) == (Ink.NOTHING, Ink.NOTHING)


def test_a_proposal_on_a_full_page_says_what_it_covers() -> None:
    assert [place.covers for place in received(FULL, stamps=2)] == [Ink.TEXT, Ink.TEXT]
    assert [place.covers for place in received(FULL, scan=True)] == [Ink.DRAWN]
    wanted = ProposeRequest(data=page(FULL), page=1, width_pt=595.28, height_pt=841.89)
    assert propose_placement(wanted).covers is Ink.TEXT
    wanted = ProposeRequest(data=page(LINES), page=1, width_pt=595.28, height_pt=841.89)
    assert propose_placement(wanted).covers is Ink.NOTHING


@pytest.mark.parametrize("scan", [False, True])
def test_an_empty_place_is_not_drawn_again(scan: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Ink:
        raise AssertionError("drawn again")

    monkeypatch.setattr(covering, "cover_on", refuse)
    assert [place.covers for place in received(LINES, scan=scan)] == [Ink.NOTHING]
    with pytest.raises(AssertionError, match="drawn again"):
        received(FULL, scan=scan)


def test_a_place_keeps_what_it_covers_and_a_new_one_knows_nothing() -> None:
    (place,) = received(FULL)
    assert not place.is_settled
    assert not PLACE.is_settled
    assert PLACE.covers is None
