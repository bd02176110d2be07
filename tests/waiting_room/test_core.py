"""Windows, tickets, order, seeds, trees, documents: the basis of the waiting room."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.rules import merkle, seeds, tickets, windows
from meterai.waiting_room.rules.certificate import CHECK_IN_AROUND_CLOSING_S, is_check_in, outcome_of
from meterai.waiting_room.rules.draw import place_of, window_seed
from meterai.waiting_room.rules.model import Frontier, Lane, QueueState, Schedule

CALLED = Frontier(5, 100)
LAPSED = Frontier(4, 50)
"""The frontier one validity of a call before the closing."""
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
EVENT = tickets.event_number("casn")


def make_ticket(**changes: object) -> tickets.Ticket:
    told: dict[str, object] = {
        "key_id": 1, "event": EVENT, "window": 70_000, "joined_at": 1_800_000_000, "lane": Lane.NEW,
        "gate": 3, "sequence": 4_000_000_000, "id": bytes(range(12)),
    }  # fmt: skip
    return tickets.Ticket(**(told | changes))  # type: ignore[arg-type]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    opens = draw(st.integers(1_000, 2_000))
    closes = opens + draw(st.integers(2, 300))
    return Schedule(
        joins_from=opens - draw(st.sampled_from([0, 50, 333])),
        opens_at=opens,
        closes_at=closes,
        last_call_at=draw(st.none() | st.integers(opens + 1, closes)),
        window_s=draw(st.sampled_from([1, 7, 10])),
    )


@given(schedules())
def test_windows_follow_each_other_without_gap_and_are_cut_at_opening_last_call_and_closing(
    schedule: Schedule,
) -> None:
    seen = []
    for moment in range(schedule.joins_from, schedule.closes_at):
        number = windows.number_at(schedule, moment)
        assert number is not None
        window = windows.window_of(schedule, number)
        assert window.starts_at <= moment < window.ends_at
        if not seen or seen[-1] != window:
            seen.append(window)
    assert [window.number for window in seen] == list(
        range(windows.first_number(schedule), windows.last_number(schedule) + 1)
    )
    assert all(before.ends_at == after.starts_at for before, after in pairwise(seen))
    borders = {window.starts_at for window in seen} | {seen[-1].ends_at}
    assert {schedule.opens_at, schedule.closes_at} <= borders
    assert schedule.last_call_at is None or schedule.last_call_at in borders
    assert all(w.ends_at - w.starts_at <= schedule.window_s for w in seen if w.number > 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"joins_from": 201},
        {"opens_at": 300},
        {"opens_at": 301},
        {"last_call_at": 301},
        {"first_window": 0},
        {"window_s": 0},
    ],
)
def test_a_queue_opens_calls_for_the_last_time_and_closes_in_this_order(wrong: dict[str, int]) -> None:
    right = {"joins_from": 200, "opens_at": 200, "closes_at": 300, "last_call_at": 300, "window_s": 1}
    Schedule(**right)
    with pytest.raises(ValueError, match=r"queue|window"):
        Schedule(**{**right, **wrong})


def test_nobody_joins_before_or_after() -> None:
    schedule = Schedule(joins_from=100, opens_at=200, closes_at=300)
    assert windows.number_at(schedule, 99.9) is None
    assert windows.number_at(schedule, 199.9) == 0
    assert windows.number_at(schedule, 300) is None


def test_there_is_no_window_beside_those_of_the_schedule_and_each_has_an_end() -> None:
    lottery = Schedule(joins_from=100, opens_at=200, closes_at=245)
    none = Schedule(joins_from=200, opens_at=200, closes_at=240)
    for schedule, first, last in ((lottery, 0, 5), (none, 1, 4)):
        assert (windows.first_number(schedule), windows.last_number(schedule)) == (first, last)
        for number in (first - 1, last + 1, last + 2):
            with pytest.raises(ValueError, match="no window"):
                windows.window_of(schedule, number)
        ends = [windows.end_of(schedule, number) for number in range(first - 1, last + 3)]
        own = [windows.window_of(schedule, number).ends_at for number in range(first, last + 1)]
        assert ends == [schedule.opens_at, *own, schedule.closes_at, schedule.closes_at]


def test_a_ticket_is_128_characters_and_says_what_was_signed() -> None:
    text = tickets.sign_ticket(make_ticket(), KEY)
    assert len(text) == 128
    assert tickets.read_ticket(text, {1: KEY.public_key()}, EVENT) == make_ticket()


@given(st.integers(0, 127), st.sampled_from("ABCDEFabcdef0123456789-_"))
def test_a_ticket_of_which_one_character_was_changed_is_refused(at: int, character: str) -> None:
    text = tickets.sign_ticket(make_ticket(), KEY)
    changed = text[:at] + character + text[at + 1 :]
    if changed != text:
        with pytest.raises(Refusal) as refused:
            tickets.read_ticket(changed, {1: KEY.public_key()}, EVENT)
        assert refused.value.code in ("ticket.forged", "ticket.unreadable", "ticket.other_event")


@pytest.mark.parametrize("text", ["", "x" * 127, "é" * 128, "=" * 128, "A" * 128])
def test_what_is_no_ticket_is_unreadable(text: str) -> None:
    with pytest.raises(Refusal, match=r"ticket\.unreadable"):
        tickets.decode_ticket(text)


def test_a_ticket_of_another_event_or_key_is_refused() -> None:
    text = tickets.sign_ticket(make_ticket(), KEY)
    with pytest.raises(Refusal, match=r"ticket\.other_event"):
        tickets.read_ticket(text, {1: KEY.public_key()}, b"\0\0\0\1")
    with pytest.raises(Refusal, match=r"ticket\.forged"):
        tickets.read_ticket(text, {2: KEY.public_key()}, EVENT)


def test_the_same_contact_has_the_same_id_and_another_event_another() -> None:
    first = tickets.contact_id(b"a" * 32, "email:ani@contoh.id")
    assert first == tickets.contact_id(b"a" * 32, "email:ani@contoh.id")
    assert len({first, tickets.contact_id(b"b" * 32, "email:ani@contoh.id")}) == 2


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 3), st.integers(0, 3))
def test_the_frontier_calls_whole_windows_before_it_and_in_its_own_the_smaller_places(
    place: int, x: int, window: int, at: int
) -> None:
    called = Frontier(at, x).calls(window, place)
    assert called == (window < at or (window == at and place < x))


def test_places_are_spread_evenly() -> None:
    seed = window_seed(b"l" * 32, b"r" * 32)
    places = sorted(place_of(seed, n.to_bytes(12, "big")) / 2**64 for n in range(10_000))
    assert max(abs(place - n / 10_000) for n, place in enumerate(places)) < 0.02


def test_a_revealed_link_leads_to_the_commitment_and_not_to_later_links() -> None:
    chain = seeds.SeedChain(b"s" * 32, length=3_000)
    for window in (0, 1, 999, 1_000, 2_047, 2_999):
        assert seeds.follows(chain.commitment, chain.link(window), window + 1)
    assert not seeds.follows(chain.commitment, chain.link(5), 5)
    assert chain.link(2_999) == b"s" * 32
    with pytest.raises(ValueError, match="no link"):
        chain.link(3_000)


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_a_tree_head_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    def head(part: list[bytes]) -> bytes:
        if not part:
            return hashlib.sha256(b"").digest()
        if len(part) == 1:
            return hashlib.sha256(b"\0" + part[0]).digest()
        split = 1
        while split * 2 < len(part):
            split *= 2
        return hashlib.sha256(b"\1" + head(part[:split]) + head(part[split:])).digest()

    assert merkle.root_of(leaves) == head(leaves)


def make_status() -> published_documents.Status:
    """A long status."""
    longest = 2**64 - 1
    return published_documents.Status(
        event="casn-2026-gelombang-1", epoch=9_999, sequence=99_999_999, at=4_000_000_000,
        state=QueueState.OUT_OF_STOCK, frontiers=[(2**24 - 1, longest)] * 2, rate=99_999,
        fan=[(14_400, 9_999_999, 9_999_999)] * 8, closes_at=4_000_000_000, last_call_at=4_000_000_000,
        poll=(60, 300), waiting=9_999_999, admitted=9_999_999, called=9_999_999, done_after_s=9_999,
        kept=(9_999_999, 9_999_999), log=(99_999_999, "f" * 32),
        note=published_documents.Announcement("x" * 140, "y" * 140),
    )  # fmt: skip


def test_a_document_is_read_only_with_its_signature_and_as_its_own_kind() -> None:
    raw = published_documents.sign(make_status(), KEY)
    assert published_documents.read(raw, published_documents.Status, KEY.public_key()) == make_status()
    with pytest.raises(Refusal, match=r"queue\.document_forged"):
        published_documents.read(
            raw.replace(b'"rate":99999', b'"rate":99998'), published_documents.Status, KEY.public_key()
        )
    with pytest.raises(Refusal, match=r"queue\.document_unreadable"):
        published_documents.read(raw, published_documents.Head, KEY.public_key())


@pytest.mark.parametrize(
    ("window", "place", "knocked", "outcome"),
    [
        (5, 100, False, "not_called"),
        (6, 0, True, "not_called"),
        (5, None, False, "not_called"),
        (5, 99, False, "called_too_late"),
        (4, 50, False, "called_too_late"),
        (4, 50, True, "door_full"),
        (4, 49, True, "door_full"),
        (4, 49, False, "certificate.did_not_come"),
    ],
)
@pytest.mark.parametrize("has_pass", [False, True])
def test_a_certificate_says_how_the_closing_found_somebody_who_was_not_let_in(
    window: int, place: int | None, outcome: str, *, knocked: bool, has_pass: bool
) -> None:
    try:
        found: str = outcome_of(
            CALLED, LAPSED, window=window, place=place, has_pass=has_pass, has_knocked=knocked
        )
    except Refusal as refusal:
        found = refusal.code
    assert found == ("certificate.was_let_in" if has_pass else outcome)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_sign_of_life_is_near_the_closing_on_either_side(side: int) -> None:
    assert is_check_in(10_000 + side * CHECK_IN_AROUND_CLOSING_S, 10_000)
    assert not is_check_in(10_000 + side * (CHECK_IN_AROUND_CLOSING_S + 1), 10_000)
