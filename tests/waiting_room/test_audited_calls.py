"""What the audit allows a frontier: as many people as a controller can call since its last step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from meterai.waiting_room.auditing.checks.calls import ROUNDED_S, BusiestMinute, CallsCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.admissions import RECENT_S, RateBound
from meterai.waiting_room.files.log_facts import OperatorFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.rules.frontier_moves import advance
from meterai.waiting_room.rules.model import U_MAX, Frontier, Policy
from meterai.waiting_room.rules.rate_control import CALLS_FACTOR_MAX
from meterai.waiting_room.rules.step_times import ELAPSED_S_MAX

AT = 1_000
CAP = 60
A_SECOND = int(CAP / 60 * CALLS_FACTOR_MAX)
AT_ONCE = int(A_SECOND * (ELAPSED_S_MAX + ROUNDED_S))


class Audited:
    """A log with people in windows from 3 on, and the findings in it."""

    def __init__(self, *people: int, log: int = LOG_STATES) -> None:
        self.findings = Findings()
        now = SimpleNamespace(policy=Policy(rate_cap=CAP), log=log)
        rules = cast(RulesCheck, SimpleNamespace(now=now))
        self._rates = RateBound(rules, self.findings)
        self._rates.on_rules(AT - 500)
        self.calls = CallsCheck(rules, self._rates, self.findings)
        self.windows = list(enumerate(people or (1_000, 1_000), 3))
        for window, count in self.windows:
            self.calls.on_close(window, count)
        self.frontier = Frontier(3, 0)

    def cap(self, at: int, people: int) -> None:
        self._rates.on_operator(at, OperatorFacts(action="cap", value=str(people), reason="ujian"))

    def call(self, at: float, people: float) -> int:
        """Moves the frontier as a controller does. Returns the number of findings so far."""
        moved, _, _ = advance(self.frontier, self.windows, people)
        return self.move(at, moved)

    def move(self, at: float, moved: Frontier) -> int:
        self.calls.on_entry(int(at))
        self.calls.on_move(0, int(at), self.frontier, moved)
        self.frontier = moved
        return self.findings.count


def test_a_controller_calls_what_two_seconds_allow_and_then_by_the_second() -> None:
    audited = Audited()
    assert audited.call(AT, AT_ONCE) == 0
    for second in range(1, 60):
        assert audited.call(AT + second, A_SECOND) == 0
    assert audited.call(AT + 60, A_SECOND + 1) == 1
    assert audited.call(AT + 61, A_SECOND) == 1, "one finding is enough"


def test_times_are_whole_seconds_and_a_step_takes_a_part_of_one_more_or_less() -> None:
    audited, at = Audited(), float(AT)
    audited.call(at, AT_ONCE - A_SECOND)
    for gap_s in (0.3, 1.9, 0.05, 1.2, 2.9, 0.9) * 80:
        at += gap_s
        audited.call(at, A_SECOND * min(ELAPSED_S_MAX, gap_s))
    assert audited.findings.count == 0


def test_a_pause_saves_up_two_seconds_and_no_more() -> None:
    audited = Audited()
    audited.call(AT, AT_ONCE)
    assert audited.call(AT + 900, AT_ONCE) == 0
    assert audited.call(AT + 1_800, AT_ONCE + 1) == 1


def test_the_words_say_how_many_were_called_and_how_many_could_be() -> None:
    audited = Audited()
    audited.call(AT, 87)
    [found] = audited.findings.shown()
    assert found.code == "frontier.too_many"
    assert "87" in found.en
    assert f"{AT_ONCE}" in found.en
    assert f"{CAP}" in found.en


def test_windows_are_passed_whole_and_in_part_and_empty_ones_for_nothing() -> None:
    audited = Audited(4, 0, 8)
    assert audited.move(AT, Frontier(5, U_MAX // 2)) == 0
    assert audited.calls.called == 8
    assert audited.move(AT, Frontier(5, U_MAX * 3 // 4)) == 0
    assert audited.calls.called == 10
    assert audited.move(AT + 1, Frontier(900, 0)) == 0
    assert audited.calls.called == 12


def test_a_higher_cap_counts_at_once_and_a_lower_one_after_some_seconds() -> None:
    audited = Audited()
    audited.cap(AT - 100, CAP // 10)
    audited.call(AT, AT_ONCE / 10)
    assert audited.call(AT + 1, A_SECOND) == 1
    audited = Audited()
    audited.cap(AT - 100, CAP // 10)
    audited.call(AT, AT_ONCE / 10)
    audited.cap(AT + 1, CAP)
    assert audited.call(AT + 1, A_SECOND) == 0
    audited.cap(AT + 2, 0)
    assert audited.call(AT + 2 + RECENT_S, A_SECOND) == 0, "the cap may have come after this step"
    assert audited.call(AT + 3 + RECENT_S, 1) == 1
    assert audited.call(AT + 4 + RECENT_S, 0) == 1, "nobody is no one too many"


@pytest.mark.parametrize("back_s", [3, 8, 600])
def test_a_clock_that_goes_back_takes_nothing_away(back_s: int) -> None:
    """The controller goes on from the earlier time. What it had saved up before is not known any more."""
    audited = Audited()
    audited.call(AT, AT_ONCE)
    for second in range(1, 30):
        assert audited.call(AT - back_s + 2 * second, 2 * A_SECOND) == 0


def test_an_older_log_promised_nothing() -> None:
    assert Audited(log=LOG_STATES - 1).call(AT, 900) == 0


def test_the_busiest_minute_is_any_sixty_seconds() -> None:
    minute = BusiestMinute()
    for at, people in [(0, 5), (30, 5), (30, 1), (59, 5), (60, 2), (200, 3), (259, 14), (260, 1)]:
        minute.add(AT + at, people)
    assert minute.most == 17
    minute.add(AT + 300, 2.6)
    minute.add(AT + 261, 1)  # a clock was set back: the people before count as of now
    assert minute.most == pytest.approx(18.6)
