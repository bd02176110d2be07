"""Which window takes joins by which clock, and which windows a gate closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterai.gate.joining.ticket_issuer import CLOCK_TOLERANCE_S, GRACE_S, STATUS_IS_ALIVE_S, TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.files.gate_register import STEP, GateRegister
from meterai.waiting_room.rules.model import QueueState, Schedule
from tests.players.queue_twin import Queue

OPENS, CLOSES = 10_000, 11_000
LOTTERY = Schedule(joins_from=OPENS - 100, opens_at=OPENS, closes_at=CLOSES)
ANI = "email:ani@contoh.id"


class Clocked:
    """A queue with a clock that the test moves. `shift_s`: the error of the gate's clock."""

    def __init__(self, root: Path, *, now: float, shift_s: float = 0) -> None:
        self.queue, self.now, self.shift_s = Queue(root, LOTTERY), now, shift_s
        self.issuer = self.gate()

    def gate(self) -> TicketIssuer:
        """Starts a gate."""
        self.published = PublishedCache(self.queue.folder, monotonic=lambda: self.now)
        self.published.look()
        return TicketIssuer(
            self.published, self.queue.keys, gate=1, wall=lambda: self.now + self.shift_s,
            monotonic=lambda: self.now,
        )  # fmt: skip

    def hears(self, **changes: object) -> None:
        """Publishes a status and lets the gate read all published documents."""
        self.queue.status(**({"at": int(self.now)} | changes))
        self.published.look()

    def window_at(self, now: float) -> int | None:
        """The number of the window that takes joins at that moment."""
        self.now = now
        self.issuer._found_until = 0
        found = self.issuer.window()
        return None if found is None else found.number

    def closed_at(self, now: float) -> int:
        """The last window that the gate has closed at that moment."""
        self.now = now
        self.issuer.close_windows()
        return self.issuer.journal.closed_through


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    made = Clocked(tmp_path, now=OPENS - 200)
    yield made
    made.issuer.close()


def test_joins_are_taken_from_their_beginning_to_the_closing(clocked: Clocked) -> None:
    joins_from, last = LOTTERY.joins_from, 1 + (CLOSES - OPENS - 1) // 10
    assert clocked.window_at(joins_from - CLOCK_TOLERANCE_S - 0.1) is None
    assert clocked.window_at(joins_from - CLOCK_TOLERANCE_S) == 0
    assert [clocked.window_at(at) for at in (OPENS - 0.1, OPENS, OPENS + 10)] == [0, 1, 2]
    assert clocked.window_at(CLOSES - 0.1) == last
    assert clocked.window_at(CLOSES) is None


def test_a_window_that_was_closed_here_or_by_the_controller_takes_nobody(clocked: Clocked) -> None:
    clocked.issuer.journal.close_through(2, empty_from=1)
    assert clocked.window_at(OPENS + 5) == 3
    for window in range(6):
        clocked.queue.close(window, [])
    assert clocked.window_at(OPENS + 5) == 6
    assert clocked.closed_at(OPENS + 5) == 5, "and the gate closes it too, for who has its ticket"
    clocked.issuer.journal.close_through(100, empty_from=200)
    assert clocked.window_at(CLOSES - 1) is None, "there is none behind the last"


def test_a_window_is_closed_half_a_second_after_its_end(clocked: Clocked) -> None:
    assert clocked.closed_at(OPENS + GRACE_S - 0.1) == -1
    assert clocked.closed_at(OPENS + GRACE_S) == 0
    assert clocked.closed_at(OPENS + 20 + GRACE_S - 0.1) == 1
    assert clocked.closed_at(OPENS + 20 + GRACE_S) == 2


def test_of_windows_before_its_start_a_gate_says_nothing(clocked: Clocked) -> None:
    clocked.issuer.close()
    clocked.now = OPENS + 25
    clocked.issuer = clocked.gate()
    clocked.closed_at(OPENS + 40 + GRACE_S)
    closed = sorted(path.name for path in clocked.queue.folder.gate(1).glob("w*.close.json"))
    assert closed == ["w3.close.json", "w4.close.json"]


def test_while_windows_stand_still_the_next_one_takes_joins(clocked: Clocked) -> None:
    clocked.now = OPENS - 1
    clocked.hears(state=QueueState.DIRECT)
    assert clocked.window_at(OPENS - 0.5) == 0, "the lottery is never left out"
    assert clocked.window_at(OPENS + 500) == 1
    clocked.issuer.journal.close_through(4, empty_from=9)
    assert clocked.window_at(OPENS + 500) == 5
    for window in range(8):
        clocked.queue.close(window, [])
    clocked.hears(state=QueueState.DIRECT)
    assert clocked.window_at(OPENS + 500) == 8
    assert clocked.closed_at(OPENS + 500) == 7


@pytest.mark.parametrize("first_window", [1, 40])
def test_no_window_before_the_first_takes_joins(clocked: Clocked, first_window: int) -> None:
    """The schedule has changed."""
    cut = Schedule(joins_from=OPENS, opens_at=OPENS, closes_at=CLOSES, first_window=first_window)
    clocked.queue.announce(cut)
    clocked.hears(state=QueueState.DIRECT)
    assert clocked.window_at(OPENS + 500) == first_window


@pytest.mark.parametrize(("shift_s", "is_wrong"), [(2, False), (-2, False), (2.1, True), (-2.1, True)])
def test_a_clock_that_differs_by_more_than_two_seconds_is_the_controllers(
    tmp_path: Path, shift_s: float, is_wrong: bool
) -> None:
    clocked = Clocked(tmp_path, now=OPENS, shift_s=shift_s)
    assert clocked.issuer.now() == OPENS + shift_s, "nobody told the time"
    clocked.hears()
    clocked.hears()
    clocked.now += 1_000
    assert clocked.issuer.now() == OPENS + 1_000 + (0 if is_wrong else shift_s)
    clocked.issuer.close()


@pytest.mark.parametrize(
    ("age_s", "is_believed"), [(STATUS_IS_ALIVE_S, True), (STATUS_IS_ALIVE_S + 0.1, False)]
)
def test_a_status_that_lay_there_is_believed_while_it_may_be_new(
    tmp_path: Path, age_s: float, is_believed: bool
) -> None:
    clocked = Clocked(tmp_path, now=OPENS)
    clocked.issuer.close()
    clocked.queue.status(at=OPENS - 7_200)
    clocked.issuer = clocked.gate()
    clocked.now += age_s
    assert clocked.issuer.now() == OPENS + age_s - (7_200 if is_believed else 0)
    clocked.issuer.close()


@pytest.mark.parametrize(
    ("at", "state", "silent_s", "enters"),
    [
        (OPENS, QueueState.DIRECT, 0, True),
        (OPENS, QueueState.OFF, STATUS_IS_ALIVE_S, True),
        (OPENS, QueueState.DIRECT, STATUS_IS_ALIVE_S + 0.1, False),
        (OPENS, QueueState.OPEN, 0, False),
        (OPENS - 1, QueueState.DIRECT, 0, False),
    ],
)
def test_nobody_is_sent_on_before_the_opening_or_by_an_old_word(
    clocked: Clocked, at: int, state: QueueState, silent_s: float, enters: bool
) -> None:
    clocked.now = at
    clocked.hears(state=state)
    clocked.now += silent_s
    assert clocked.issuer.enters_directly() is enters


def test_a_form_that_is_sent_again_is_known_behind_thousands_of_others(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.gate.joining.ticket_issuer._REMEMBERED_MAX", 2)
    issuer = clocked.issuer
    first = issuer.issue(issuer.id_of(ANI), 1)
    for number in range(4):
        issuer.issue(issuer.id_of(f"email:orang{number}@contoh.id"), 1)
        if number < 3:
            assert issuer.issue(issuer.id_of(ANI), 1).text == first.text
    again = issuer.issue(issuer.id_of(ANI), 1)
    assert again.ticket.sequence == 6, "not for ever"
    assert issuer.issue(issuer.id_of(ANI), 2).ticket.window == 2


@pytest.mark.parametrize("register_window", [3, 50])
def test_a_gate_whose_folder_is_gone_is_unsure_of_all_it_may_have_counted(
    tmp_path: Path, register_window: int
) -> None:
    clocked = Clocked(tmp_path, now=OPENS + 105)
    clocked.issuer.close()
    GateRegister(clocked.queue.folder.known_gate(1)).note(register_window, 7)
    for path in clocked.queue.folder.gate(1).iterdir():
        path.unlink()
    clocked.issuer = clocked.gate()
    assert clocked.issuer.journal.unsure_through == max(11, register_window), "now is window 11"
    assert clocked.issuer.journal.next_sequence() > STEP
    clocked.issuer.close()
