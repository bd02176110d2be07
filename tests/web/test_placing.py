"""The placing form: the stamps it asks for, sent once or twice, from a fresh page or an old one."""

from __future__ import annotations

import uuid
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.profiles import Profile
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import InspectRequest, RenderRequest
from meterai.stamping.in_jail.places.proposal import propose_placement
from meterai.stamping.model import OutputVerdict
from meterai.stamping.placement import Placement, overlap
from meterai.stamping.queries import DocumentPage
from meterai.stamping.requests import ProposeRequest
from meterai.web.placing.placing import placing_context, typed_of
from meterai.web.placing.placing_form import WantedPlacements, typed_from, wanted_placements
from meterai.web.requests.forms import Form
from tests.pdf import samples

NOW = datetime(2026, 9, 5, 7, 5, tzinfo=UTC)
FIRST = Placement(page=2, x=400, y=120)
SECOND = Placement(page=2, x=302, y=120)
THIRD = Placement(page=1, x=28, y=28)


TWO_PAGES = samples.letter(2)


def document(placements: Sequence[Placement]) -> DocumentPage:
    return DocumentPage(
        profile=Profile.FINAL,
        document_id=uuid.UUID(int=1),
        customer_id=None,
        name="Surat.pdf",
        kind=None,
        input_object="00" * 32,
        bytes=len(TWO_PAGES),
        inspection=inspect(InspectRequest(data=TWO_PAGES)),
        placements=tuple(placements),
        output=OutputVerdict(
            too_large=False, version_low=False, output_bytes=1, pdf_version="1.7", offers=()
        ),
        limits=None,
        rewritten_from=None,
        created_at=NOW,
        retained_until=NOW,
        job=None,
        releases=(),
    )


def asked(stored: Sequence[Placement], **fields: object) -> WantedPlacements:
    """What a form that was drawn for `stored` asks for, unless it says `banyak` itself."""
    return asked_of(document(stored), **({"banyak": len(stored)} | fields))


def asked_of(page: DocumentPage, **fields: object) -> WantedPlacements:
    form = Form(fields={name: str(value) for name, value in fields.items()})
    return done(wanted_placements(form, page, done(typed_from(form, page, nowhere)), nowhere))


def done[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    value: T = caught.value.value
    return value


async def nowhere(document: DocumentPage, page: int, taken: Sequence[Placement]) -> Placement | None:
    """The jail is busy: nothing is known of the text."""
    return None


async def looked_at(document: DocumentPage, page: int, taken: Sequence[Placement]) -> Placement | None:
    """The jail's answer."""
    seen = document.inspection.pages[page - 1]
    return propose_placement(
        ProposeRequest(
            data=TWO_PAGES, page=page, width_pt=seen.width_pt, height_pt=seen.height_pt, taken=list(taken)
        )
    )


def test_a_form_left_as_it_is_asks_for_nothing_new() -> None:
    assert asked([FIRST]) == WantedPlacements([FIRST], None)
    assert asked([FIRST], letak="usulan", x="", y="", halaman=2, meterai=1) == WantedPlacements([FIRST], None)
    assert asked([FIRST], x="400.01", y="119.99", halaman=2) == WantedPlacements([FIRST], None)
    assert asked_of(document([FIRST]), letak="usulan", halaman=2) == WantedPlacements([FIRST], None)


def test_only_the_stamp_in_hand_is_moved() -> None:
    moved = Placement(page=2, x=100, y=500)
    assert asked([FIRST, SECOND], meterai=2, x="100", y="500").placements == [FIRST, moved]
    named = asked([FIRST, SECOND], meterai=1, halaman=1, letak="atas_kiri").placements
    assert named == [Placement(page=1, x=28, y=723.89), SECOND]


def test_a_stamp_is_added_beside_the_others_and_shown_next() -> None:
    wanted = asked([FIRST], tambah=2, x="390", y="200")
    assert wanted.placements[0] == Placement(page=2, x=390, y=200)
    assert wanted.placements[1].page == 2
    assert wanted.show == 1


def test_adding_twice_with_one_form_adds_once() -> None:
    once = asked([FIRST], tambah=2)
    again = asked_of(document(once.placements), tambah=2, banyak=1)
    assert again == once


def test_ten_stamps_never_cover_each_other_and_the_eleventh_is_refused() -> None:
    placements = [FIRST]
    while len(placements) < 10:
        placements = asked(placements, tambah=len(placements) + 1, meterai=len(placements)).placements
    assert not any(overlap(a, b) for a, b in combinations(placements, 2))
    with pytest.raises(Refusal, match="too_many_stamps"):
        asked(placements, tambah=11)
    full = document(placements)
    assert not placing_context(full, done(typed_of(full, stamp="1", page="", free=nowhere)), [])["more"]


def ink_under(placement: Placement) -> int:
    """The dots under the stamp that are not white."""
    request = RenderRequest(data=TWO_PAGES, page=placement.page, width_px=600, crop=placement.rectangle)
    return sum(render_image(request).convert("L").histogram()[:200])


def test_a_stamp_that_is_added_or_moved_to_another_page_covers_no_text() -> None:
    above_text = Placement(page=2, x=300, y=560)  # beside it there is text on both sides
    stored = document([above_text])
    form = Form(fields={"banyak": "1", "tambah": "2"})
    typed = done(typed_from(form, stored, looked_at))
    added = done(wanted_placements(form, stored, typed, looked_at)).placements[1]
    assert added.page == 2
    assert ink_under(added) == 0
    assert not overlap(added, above_text)
    moved = done(typed_of(stored, stamp="1", page="1", free=looked_at)).placement
    assert moved.page == 1
    assert ink_under(moved) == 0
    without = done(wanted_placements(form, stored, typed, nowhere)).placements[1]
    assert ink_under(without) > 0


def test_a_full_page_sends_the_new_stamp_to_one_with_room() -> None:
    narrow = inspect(InspectRequest(data=samples.page_file(media=(0, 0, 100, 100))))
    full = Placement(page=1, x=5, y=5)
    page = document([full])
    mixed = msgspec.structs.replace(
        page,
        inspection=msgspec.structs.replace(page.inspection, pages=[*narrow.pages, page.inspection.pages[1]]),
    )
    assert asked_of(mixed, tambah=2).placements[1].page == 2
    with pytest.raises(Refusal, match=r"placement\.no_room"):
        asked_of(msgspec.structs.replace(page, inspection=narrow), tambah=2)


@pytest.mark.parametrize(
    ("in_hand", "taken_off", "left", "show"),
    [
        (1, 2, [FIRST, THIRD], 0),
        (2, 2, [FIRST, THIRD], 1),
        (3, 1, [SECOND, THIRD], 1),
        (3, 3, [FIRST, SECOND], 1),
    ],
)
def test_a_stamp_is_taken_off_and_the_one_in_hand_stays_in_hand(
    in_hand: int, taken_off: int, left: list[Placement], show: int
) -> None:
    assert asked([FIRST, SECOND, THIRD], meterai=in_hand, hapus=taken_off) == WantedPlacements(left, show)


def test_a_form_that_does_not_know_of_a_stamp_uses_none_unseen() -> None:
    """A visitor added a stamp, went back in the browser and saved, to be without it."""
    two = document(asked([FIRST], tambah=2).placements)
    with pytest.raises(Refusal) as refused:
        asked_of(two, banyak=1)
    assert (refused.value.code, refused.value.facts) == ("placement.changed", {"stamps": 2})
    assert asked_of(two, banyak=2).show is None
    assert asked_of(two, banyak=1, lalu=2).show == 1, "to look at another one uses nothing"


def test_taking_off_twice_with_one_form_takes_off_once_and_moves_nothing() -> None:
    once = asked([FIRST, SECOND, THIRD], meterai=1, hapus=1)
    again = asked_of(document(once.placements), meterai=1, hapus=1, banyak=3, x="400", y="120", halaman=2)
    assert again == WantedPlacements([SECOND, THIRD], 0)


def test_the_last_stamp_stays() -> None:
    assert asked([FIRST], hapus=1).placements == [FIRST]


def test_another_stamp_is_taken_in_hand_and_the_one_before_keeps_its_place() -> None:
    assert asked([FIRST, SECOND], lalu=2, x="100", y="500") == WantedPlacements(
        [Placement(page=2, x=100, y=500), SECOND], 1
    )


def test_a_stamp_moved_to_another_page_is_stored_where_that_page_was_drawn() -> None:
    page = document([FIRST, THIRD])
    drawn = done(typed_of(page, stamp="1", page="1", free=nowhere)).placement
    assert drawn.page == 1
    assert not overlap(drawn, THIRD)
    assert asked_of(page, meterai=1, halaman=1, letak="usulan").placements == [drawn, THIRD]


@pytest.mark.parametrize("number", ["0", "3", "99999999", "x", "-1"])
def test_a_stamp_or_page_that_is_not_there_leads_to_one_that_is(number: str) -> None:
    page = document([FIRST, SECOND])
    assert done(typed_of(page, stamp=number, page=number, free=nowhere)).placement in (FIRST, SECOND)
    assert len(asked([FIRST, SECOND], meterai=number, lalu=number).placements) == 2
    with pytest.raises(Refusal, match=r"placement\.page"):
        asked([FIRST, SECOND], halaman=3)


def test_what_was_typed_is_shown_again_beside_what_is_stored() -> None:
    page = document([FIRST, SECOND])
    form = Form(fields={"meterai": "2", "halaman": "2", "letak": "tengah"})
    context = placing_context(page, done(typed_from(form, page, nowhere)), [])
    assert (context["active"], context["named"]) == (2, "tengah")
    assert context["spot"] == Placement(page=2, x=252.64, y=375.94)
    assert [other.placement for other in context["others"]] == [FIRST]
