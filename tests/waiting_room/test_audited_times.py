"""What the audit allows the times of claims, which others than the controller write."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from meterai.waiting_room.auditing.checks.frontier import TOLERANCE_S
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.claim_times import LOGGED_WITHIN_S, WAITING_MAX, ClaimTimes
from meterai.waiting_room.auditing.people.recent_calls import KEPT, RecentCalls
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts, StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.model import Frontier, QueueState
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.rules.step_times import CLAIMS_A_STEP, PAUSE_FROM_S

AT = 10_000
WINDOW_S = 10
CLOSES_AT = AT + 5_000


class Audited:
    """A log whose rules were logged at `AT`, and its findings."""

    def __init__(self, *, log: int = LOG_STATES, line_counts: bool = False) -> None:
        self.findings = Findings()
        policy = SimpleNamespace(line_counts=line_counts)
        schedule = SimpleNamespace(closes_at=CLOSES_AT, window_s=WINDOW_S)
        now = SimpleNamespace(policy=policy, schedule=schedule, log=log)
        self._times = ClaimTimes(cast(RulesCheck, SimpleNamespace(now=now)), self.findings)
        self._size = 0
        self._times.on_rules(AT)
        self.step(AT, call=Frontier(2, 0))

    def step(
        self, at: int, *claims: int, away_s: int = 0, act: str = "", call: Frontier | None = None
    ) -> None:
        """A step of the controller: an outage that it states, claims with these times, an act, a move."""
        if away_s:
            self._says(at)
            self._times.on_state(at, _state(StateCause.CONTROLLER_AWAY, away_s))
        self.claim(*claims)
        if act:
            self._size += 1
            facts = OperatorFacts(action=act, value="", reason="ujian")
            self._times.on_operator(self._size - 1, at, facts)
        self._says(at)
        if call is not None:
            self._times.on_move(at, call)
        self.head(at)

    def claim(self, *times: int, window: int = 1) -> None:
        for at in times:
            self._times.on_claim(self._size, at, window, 17)
            self._size += 1

    def head(self, at: int, size: int | None = None) -> None:
        self._times.on_head(at, self._size if size is None else size)

    def found(self) -> list[str]:
        self._times.finish()
        self._times.finish()
        return [finding.code for finding in self.findings.shown()]

    def _says(self, at: int) -> None:
        self._times.on_entry(at)
        self._size += 1


def _state(cause: StateCause, seconds: object) -> StateFacts:
    return StateFacts(state=QueueState.OPEN, cause=cause, value=str(seconds), rate=60)


@pytest.fixture
def audited() -> Audited:
    return Audited()


def test_a_claim_is_logged_in_the_next_step_or_a_little_later(audited: Audited) -> None:
    for step in range(100, 200, 3):
        audited.step(AT + step, AT + step - LOGGED_WITHIN_S, AT + step)
    assert audited.found() == []


def test_a_claim_that_is_dated_back_is_found_by_the_head_over_it(audited: Audited) -> None:
    audited.step(AT + 100)
    audited.step(AT + 101, AT + 101 - LOGGED_WITHIN_S - 1)
    assert audited.found() == ["claim.logged_late"]


def test_a_claim_from_before_the_queue_says_so(audited: Audited) -> None:
    audited.step(AT + 100, AT - TOLERANCE_S - 1, AT - 3_600)
    assert audited.found() == ["claim.before_rules"] * 2


def test_a_claim_from_before_its_call_says_so(audited: Audited) -> None:
    audited.step(AT + 100, away_s=100, call=Frontier(3, 20))
    earliest = AT + 100 - TOLERANCE_S - WINDOW_S
    audited.claim(earliest, earliest - 1, window=3)
    audited.step(AT + 101)
    assert audited.found() == ["claim.before_call"]


@pytest.mark.parametrize("line_counts", [True, False])
def test_a_claim_after_the_closing_with_an_earlier_time_says_so(line_counts: bool) -> None:
    audited = Audited(line_counts=line_counts)
    audited.step(CLOSES_AT + 2, CLOSES_AT - 1)
    audited.step(CLOSES_AT + 60, CLOSES_AT - 1)
    assert audited.found() == ["claim.logged_late" if line_counts else "claim.past_closing"]


def test_a_claim_from_the_future_is_found_beyond_what_clocks_differ(audited: Audited) -> None:
    latest = AT + 100 + TOLERANCE_S + WINDOW_S
    audited.step(AT + 100, latest)
    assert audited.found() == []
    audited.step(AT + 100, latest + 1)
    assert audited.found() == ["claim.in_future"]


# --------------------------------------------------------------------------------------------- outages


def test_an_outage_that_the_log_states_explains_the_claims_in_it(audited: Audited) -> None:
    audited.step(AT + 100)
    audited.step(AT + 700, AT + 100, AT + 101, AT + 500, away_s=600)
    assert audited.found() == []


def test_an_outage_that_is_stated_under_a_later_head_of_the_same_time_counts(audited: Audited) -> None:
    """A controller that returns signs what the one before it had decided, before its own."""
    audited.step(AT + 100)
    audited.claim(AT + 101)
    audited.head(AT + 700)
    audited.step(AT + 700, AT + 105, away_s=599)
    assert audited.found() == []


def test_an_outage_explains_nothing_from_before_it_and_nothing_afterwards(audited: Audited) -> None:
    audited.step(AT + 400)
    audited.step(AT + 700, AT + 400 - LOGGED_WITHIN_S, away_s=300)
    audited.step(AT + 701, AT + 400 - LOGGED_WITHIN_S - 1, AT + 699)
    audited.step(AT + 800, AT + 700)
    assert audited.found() == ["claim.logged_late"] * 2


def test_two_outages_count_together(audited: Audited) -> None:
    audited.step(AT + 100)
    audited.step(AT + 400, away_s=300)
    audited.step(AT + 700, AT + 101, AT + 399, away_s=300)
    assert audited.found() == []


def test_an_outage_in_which_the_controller_wrote_entries_was_none(audited: Audited) -> None:
    audited.step(AT + 600)
    audited.step(AT + 700, AT + 200, AT + 600, away_s=600)
    assert audited.found() == ["claim.logged_late"]


def test_more_claims_than_a_step_logs_wait_for_the_next(audited: Audited) -> None:
    audited.step(AT + 100)
    late = [AT + 100] * CLAIMS_A_STEP
    for step in range(9):
        audited.step(AT + 700 + step * PAUSE_FROM_S, *late, away_s=0 if step else 600)
    assert audited.found() == []
    audited.step(AT + 800, AT + 100)
    assert audited.found() == ["claim.logged_late"]


def test_after_a_restore_heads_are_new_and_the_order_counts(audited: Audited) -> None:
    """The controller signs again what it had signed, hours ago."""
    audited.step(AT + 100, act="announce")
    for then in (200, 300):
        audited.claim(AT + then - 4, AT + then)
        audited._says(AT + then)
        audited.head(AT + 4_000)
    audited.claim(AT + 300 - LOGGED_WITHIN_S - WINDOW_S, AT + 299 - LOGGED_WITHIN_S - WINDOW_S)
    audited.step(AT + 4_000, act=RESTORE)
    assert audited.found() == ["claim.logged_late"], "the controller had written a later time before it"
    audited.step(AT + 4_001, AT + 3_000)
    assert audited.found() == ["claim.logged_late"] * 2, "that is over"


def test_a_restore_of_very_many_claims_needs_no_memory_for_all_of_them(audited: Audited) -> None:
    audited.step(AT + 100)
    for _ in range(4):
        audited.claim(*[AT + 100] * (WAITING_MAX // 2))
        audited.head(AT + 4_000)
    audited.step(AT + 4_000, act=RESTORE)
    assert audited.found() == []


def test_claims_without_any_head_are_judged_by_the_order(audited: Audited) -> None:
    audited.step(AT + 100)
    audited.claim(*[AT + 100] * WAITING_MAX)
    assert audited.found() == []
    audited.claim(AT + 99 - LOGGED_WITHIN_S - WINDOW_S)
    assert audited.found() == ["claim.logged_late"]


# ---------------------------------------------------------------------------------------------- clocks


def test_a_clock_that_was_set_right_explains_the_claims_of_its_step(audited: Audited) -> None:
    audited.step(AT + 700, call=Frontier(3, 20))
    audited.claim(AT + 699, AT + 101, window=3)
    audited.step(AT + 104, act=CLOCK_SET_RIGHT)
    audited.claim(AT + 105, window=3)
    audited.step(AT + 105)
    assert audited.found() == []
    audited.step(AT + 106, AT + 699)
    assert audited.found() == ["claim.in_future"], "not those of the next"


def test_a_clock_that_was_not_ahead_by_the_log_explains_nothing(audited: Audited) -> None:
    audited.step(AT + 100)
    audited.step(AT + 104, AT, act=CLOCK_SET_RIGHT)
    assert audited.found() == ["claim.logged_late"]


def test_rules_of_a_clock_that_was_ahead_are_as_old_as_its_setting_right(audited: Audited) -> None:
    audited.step(AT - 500, act=CLOCK_SET_RIGHT)
    audited.step(AT - 499, AT - 499, AT - 505)
    assert audited.found() == []


# ------------------------------------------------------------------------------------------------ reading


def test_a_log_that_grows_while_it_is_read_is_judged_head_by_head(audited: Audited) -> None:
    """The heads that came since are read after all entries."""
    sizes = []
    for step in (100, 120, 140):
        audited.claim(AT + step)
        audited._says(AT + step)
        sizes.append(audited._size)
    audited.claim(AT + 150)
    for step, size in zip((100, 120, 140), sizes, strict=True):
        audited.head(AT + step, size)
    assert audited.found() == [], "the last one has no head yet"


def test_an_older_log_promised_nothing() -> None:
    audited = Audited(log=LOG_STATES - 1)
    audited.step(AT + 100, AT - 3_600, AT + 900, AT)
    assert audited.found() == []


def test_the_latest_calls_are_known_and_earlier_ones_forgotten() -> None:
    calls = RecentCalls()
    assert calls.called_at(1, 0) is None
    for move in range(2 * KEPT):
        calls.add(AT + move, Frontier(move + 1, 5))
    assert [calls.called_at(*place) for place in ((0, 9), (1, 4), (1, 5), (7, 4))] == [AT, AT, AT + 1, AT + 6]
    assert calls.called_at(2 * KEPT, 5) is None, "not called yet"
    calls.add(AT + 9_999, Frontier(2 * KEPT + 1, 5))
    assert calls.called_at(7, 4) is None
    assert calls.called_at(2 * KEPT, 9) == AT + 9_999
    calls.set_right(AT + 8_000)
    assert calls.called_at(2 * KEPT, 9) == AT + 8_000
