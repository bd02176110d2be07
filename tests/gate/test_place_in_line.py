"""What is known about a place at each stage: no status, not closed, closed, drawn, called."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from meterai.gate.open_event import OpenEvent
from meterai.gate.published_cache import PublishedCache
from meterai.gate.visit import Visit
from meterai.gate.waiting.place_in_line import PlaceInLine, place_in_line
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S, READY_WITHIN_S, Presence
from meterai.gate.waiting.ticket_routes import note_presence
from meterai.gate.waiting.wait_page import Outlook, _outlook_of, _poll_seconds, refresh_seconds
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.presence import seen_at
from meterai.waiting_room.files.published_documents import Close
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import Lane, QueueState
from meterai.waiting_room.rules.tickets import Ticket, event_number
from meterai.waiting_room.rules.verdict import Advice, Verdict
from tests.players.queue_twin import Queue, schedule_from

BEFORE = 3_000
"""People in the window before."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path, schedule_from(time.time()))
    end(queue, 1, BEFORE)
    return queue


def end(queue: Queue, window: int, people: int) -> None:
    """Closes a window without publishing its seed."""
    close = Close(event="casn", window=window, starts_at=0, ends_at=0, count=people, root="00" * 32, gates=[])
    publish(queue.folder.window_close(window), published_documents.sign(close, queue.keys.controller))


def ticket_in(window: int) -> Ticket:
    return Ticket(
        key_id=KEY_ID, event=event_number("casn"), window=window, joined_at=1, lane=Lane.NEW, gate=1,
        sequence=1, id=bytes(12),
    )  # fmt: skip


def standing_in(queue: Queue, window: int) -> PlaceInLine:
    published = PublishedCache(queue.folder)
    published.look()
    return place_in_line(published, ticket_in(window))


def test_before_the_draw_only_those_of_earlier_windows_are_ahead_and_no_time_is_sure(queue: Queue) -> None:
    queue.status(frontiers=[(1, 2**63), (0, 0)])
    for people in (None, 500):
        if people is not None:
            end(queue, 2, people)
        standing = standing_in(queue, 2)
        assert (standing.number, standing.is_exact, standing.is_called) == (None, False, False)
        assert standing.ahead == BEFORE // 2
        assert standing.soonest_s is not None
        assert standing.latest_s is None, "nobody knows how many of the window are before this one"


def test_before_a_status_is_heard_of_nothing_is_said_but_who_is_ahead(queue: Queue) -> None:
    standing = standing_in(queue, 2)
    assert standing == PlaceInLine(QueueState.OPEN, False, None, None, False, BEFORE, 0, None)


def test_behind_windows_whose_ends_are_not_known_nobody_is_counted(queue: Queue) -> None:
    queue.status()
    standing = standing_in(queue, 5)
    assert (standing.ahead, standing.soonest_s, standing.latest_s) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "now_s", "is_free"),
    [
        (QueueState.DIRECT, 0, True),
        (QueueState.DIRECT, -1, False),
        (QueueState.OFF, 3_599, True),
        (QueueState.DIRECT, 3_600, False),
        (QueueState.OPEN, 0, False),
    ],
)
def test_that_nobody_has_to_wait_is_told_between_opening_and_closing(
    queue: Queue, state: QueueState, now_s: int, is_free: bool
) -> None:
    now = queue.schedule.opens_at + now_s
    queue.status(state=state, at=now)
    published = PublishedCache(queue.folder)
    published.look()
    told = _outlook_of(published, ticket_in(2), now=now, joined_here=1)
    assert (told.verdict.advice is Advice.FREE) is is_free


def test_before_anything_is_heard_no_advice_is_given(queue: Queue) -> None:
    published = PublishedCache(queue.folder)
    published.look()
    assert (
        _outlook_of(published, ticket_in(2), now=time.time(), joined_here=1).verdict.advice is Advice.UNKNOWN
    )


def test_a_frontier_beyond_the_known_windows_has_passed_as_many_as_the_status_says(queue: Queue) -> None:
    """The ends of windows are written before the status, but a network folder may show them later."""
    queue.status(frontiers=[(9, 0), (0, 0)], called=2_990)
    assert standing_in(queue, 2).ahead == 10
    queue.status(frontiers=[(9, 0), (0, 0)], called=3_010)
    assert standing_in(queue, 2).ahead == 0


@pytest.mark.parametrize(
    ("fan", "rate", "soonest"),
    [
        ([(60, 500, 4_000)], 600, 3_001 * 60 // 4_000),
        ([(60, 500, 1_000)], 600, 300),
        ([], 600, 300),
        ([], 0, None),
        ([(60, 0, 0), (600, 0, 3_001)], 600, 600),
        ([(60, 1, 3_000), (120, 2, 3_001)], 600, 120),
    ],
)
def test_where_the_fan_ends_the_soonest_turn_follows_from_the_rate(
    queue: Queue, fan: list[tuple[int, int, int]], rate: int, soonest: int | None
) -> None:
    queue.status(fan=fan, rate=rate)
    assert standing_in(queue, 2).soonest_s == soonest


def refresh_at(queue: Queue, until_s: float, standing: PlaceInLine, monkeypatch: pytest.MonkeyPatch) -> int:
    """When a page without scripts loads itself again, `until_s` before its window ends. Without jitter."""
    monkeypatch.setattr(
        "meterai.gate.waiting.wait_page.random.uniform", lambda low, high: 1.0 if low else high
    )
    published = PublishedCache(queue.folder)
    published.look()
    now = windows.end_of(queue.schedule, 2) - until_s
    return refresh_seconds(published, standing, ticket_in(2), now)


@pytest.mark.parametrize(
    ("until_s", "people", "looks_in_s"),
    [
        (2_000, 0, 600),  # the lottery, long before
        (400, 0, 403),
        (57, 0, 60 + 4),
        (10, 0, 13 + 4),
        (10, 50_000, 13 + 10),  # in as many seconds as a gate needs to make pages for all of them
        (10, 1_000_000, 13 + 60),
        (-3, 0, 4),
        (-23, 0, 10 + 4),  # the draw is late
        (-3_600, 0, 60 + 4),
    ],
)
def test_who_is_not_drawn_yet_looks_after_the_draw_and_not_all_at_once(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, until_s: float, people: int, looks_in_s: int
) -> None:
    queue.status(waiting=people)
    undrawn = PlaceInLine(QueueState.OPEN, False, None, None, False, 0, 100, None)
    assert refresh_at(queue, until_s, undrawn, monkeypatch) == looks_in_s


@pytest.mark.parametrize(
    ("state", "is_called", "ahead", "soonest_s", "looks_in_s"),
    [
        (QueueState.CLOSED, False, 10, 10, 300),
        (QueueState.OPEN, True, 0, 0, 300),
        (QueueState.OPEN, False, 10, 400, 5),  # by the rate 1 s, but not so often without a script
        (QueueState.OPEN, False, 1_000, 80, 20),
        (QueueState.OPEN, False, 500, 9_000, 12),  # the fan expects an outage, the rate does not
        (QueueState.OPEN, False, 100_000, 9_000, 60),
        (QueueState.OPEN, False, 1_000, None, 20),
        (QueueState.OPEN, False, None, 80, 20),
    ],
)
def test_who_is_drawn_looks_the_more_often_the_nearer_the_turn_is(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, state: QueueState, is_called: bool, ahead: int | None,
    soonest_s: int | None, looks_in_s: int,
) -> None:  # fmt: skip
    queue.status(state=state, rate=600)
    drawn = PlaceInLine(state, is_called, 7, 8, True, ahead, soonest_s, None)
    assert refresh_at(queue, 0, drawn, monkeypatch) == looks_in_s


@pytest.mark.parametrize(
    ("place", "advice", "soonest_s", "polls_in_s"),
    [
        (7, Advice.WAIT, 400, 25),
        (7, Advice.WAIT, 4, 2),
        (7, Advice.WAIT, 9_000, 60),
        (7, Advice.UNHEARD, 4, 15),  # not at every look, because another gate may not have the status yet
        (None, Advice.WAIT, 4, 60),
    ],
)
def test_a_page_with_a_script_looks_at_the_status_by_the_time_that_is_left(
    queue: Queue, place: int | None, advice: Advice, soonest_s: int, polls_in_s: int
) -> None:
    status = queue.status(rate=600, poll=(2, 60))
    standing = PlaceInLine(QueueState.OPEN, False, place, 8, True, 1_000 if soonest_s < 9_000 else 99_999,
                        soonest_s, None)  # fmt: skip
    assert _poll_seconds(status, Outlook(standing, Verdict(advice=advice))) == polls_in_s


SOON = PlaceInLine(QueueState.OPEN, False, 7, 8, True, 10, READY_WITHIN_S, None)


@pytest.mark.parametrize(
    ("changes", "to_closing_s", "noted"),
    [
        ({}, 9_000, ["ready"]),
        ({"soonest_s": 0}, 9_000, ["ready"]),
        ({"soonest_s": READY_WITHIN_S + 1}, 9_000, []),
        ({"soonest_s": None}, 9_000, []),
        ({"number": None}, 9_000, []),  # before the draw nobody knows who is near
        ({"is_called": True}, 9_000, []),  # that shows at the door
        ({"is_called": True}, PRESENT_AROUND_CLOSING_S, ["present"]),
        ({"is_called": True}, -PRESENT_AROUND_CLOSING_S, ["present"]),
        ({"is_called": True}, PRESENT_AROUND_CLOSING_S + 1, []),
        ({"is_called": True}, -PRESENT_AROUND_CLOSING_S - 1, []),
        ({}, 0, ["ready", "present"]),
    ],
)
def test_who_looks_is_noted_shortly_before_the_turn_and_around_the_closing(
    queue: Queue, changes: dict[str, Any], to_closing_s: int, noted: list[str]
) -> None:
    found: list[str] = []
    presence = SimpleNamespace(
        ready=lambda ticket: found.append("ready"),
        present=lambda ticket, now, *, closes_at: found.append("present"),
    )
    issuer = SimpleNamespace(now=lambda: queue.schedule.closes_at - to_closing_s)
    event = cast(
        OpenEvent, SimpleNamespace(published=PublishedCache(queue.folder), issuer=issuer, presence=presence)
    )
    note_presence(
        cast(Visit, SimpleNamespace(event=event)), ticket_in(2), dataclasses.replace(SOON, **changes)
    )
    assert found == noted


def test_a_seed_that_was_asked_for_too_early_is_found_once_it_is_told(queue: Queue) -> None:
    queue.status()
    published = PublishedCache(queue.folder)
    published.look()
    assert not published.is_drawn(2)
    queue.close(2, [])
    assert not published.is_drawn(2), "the disk is asked once between two looks, however many ask"
    published.look()
    assert published.is_drawn(2)


def test_who_was_seen_is_found_in_whole_notes_alone(queue: Queue) -> None:
    ani, budi = b"\1" * 12, b"\2" * 12
    for gate, notes in (
        (1, None),  # nobody looked there
        (2, b""),
        (3, ani + (500).to_bytes(4, "big") + budi + (700).to_bytes(4, "big") + ani[:9]),
        (4, budi[:4] + ani + ani + (600).to_bytes(4, "big") + ani),  # one not at its place, one cut off
    ):
        queue.folder.gate(gate).mkdir(parents=True)
        if notes is not None:
            (queue.folder.gate(gate) / "present").write_bytes(notes)
    assert seen_at(queue.folder, ani) == 600
    assert seen_at(queue.folder, budi) == 700
    assert seen_at(queue.folder, bytes([3]) * 12) is None


def test_who_is_ready_is_noted_once_in_each_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    presence = Presence(tmp_path)
    for window in (2, 2, 3, 2):
        presence.ready(ticket_in(window))
    presence.write()
    assert [(tmp_path / f"w{window}.ready").read_bytes() for window in (2, 3)] == [bytes(12)] * 2
    monkeypatch.setattr("meterai.gate.waiting.presence._KNOWN_MAX", 2)
    for window in (4, 2, 3):
        presence.ready(ticket_in(window))
    assert len(presence._ready) <= 2, "it takes no more memory with each"
