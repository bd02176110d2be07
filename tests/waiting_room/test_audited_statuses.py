"""What an audit allows a status to say: all that the rules of a controller can come to, and no more."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.status.entries_behind import EntriesBehind
from meterai.waiting_room.auditing.status.log_so_far import LogSoFar
from meterai.waiting_room.auditing.status.status_figures import may_show, rates_at
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    AnyFacts,
    CloseFacts,
    ConfigFacts,
    DeadGateFacts,
    FrontierFacts,
    OperatorFacts,
    StateFacts,
)
from meterai.waiting_room.files.published_documents import Announcement, Config, Status
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.model import Lane, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import state_of
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.waiting_room.rules.state_causes import StateCause

AT = 10_000
SCHEDULE = Schedule(joins_from=AT, opens_at=AT + 100, last_call_at=AT + 500, closes_at=AT + 600, window_s=10)
STATUS = Status(
    event="casn", epoch=3, sequence=1, at=AT + 205, state=QueueState.OPEN, frontiers=[(1, 0), (0, 0)],
    rate=60, fan=[], closes_at=AT + 600, last_call_at=AT + 500, poll=(2, 60), waiting=0, admitted=0,
    done_after_s=300, kept=(0, 0), log=(9, "0" * 32),
)  # fmt: skip


def rules_of(schedule: Schedule = SCHEDULE, **policy: object) -> Config:
    return Config(
        event="casn", version=1, schedule=schedule, policy=Policy(**policy), commitment="", chain_length=1,
        ticket_keys={}, controller_key="",
    )  # type: ignore[arg-type]  # fmt: skip


def told(**changes: object) -> Status:
    return msgspec.structs.replace(STATUS, **changes)


# ------------------------------------------------------------------------------------------------ the state


@pytest.mark.parametrize("line_counts", [True, False])
@pytest.mark.parametrize("last_call_at", [None, AT + 500])
def test_every_state_that_a_controller_can_decide_may_be_shown(
    line_counts: bool, last_call_at: int | None
) -> None:
    schedule = msgspec.structs.replace(SCHEDULE, last_call_at=last_call_at)
    rules = rules_of(schedule, line_counts=line_counts)
    borders = (AT, AT + 100, AT + 500, AT + 600)
    seen = set()
    for at, is_on, is_halted, is_direct, stock, waiting in product(
        [border + shift for border in borders for shift in (-0.5, 0.0, 0.5)],
        *[(True, False)] * 3,
        (0, None),
        (0, 3),
    ):
        if is_direct and waiting:
            continue  # the same step ends it
        state = state_of(
            schedule,
            rules.policy,
            OperatorWishes(is_on=is_on, halted=is_halted),
            SiteMeasurements(heard_s=1, stock=stock),
            LineCounts(waiting, 0, 0),
            ControllerMemory(is_direct=is_direct),
            at,
        )
        seen.add(state)
        assert may_show(told(at=int(at), state=state, waiting=waiting), rules), (at, state)
    assert seen == set(QueueState) - ({QueueState.LAST_CALL} if last_call_at is None else set())


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (-1, QueueState.LOTTERY),
        (-1, QueueState.HALTED),
        (99, QueueState.OPEN),
        (100, QueueState.LOTTERY),
        (499, QueueState.LAST_CALL),
        (500, QueueState.OPEN),
        (599, QueueState.CLOSED),
        (600, QueueState.LAST_CALL),
        (600, QueueState.OFF),
    ],
)
def test_a_state_that_the_schedule_does_not_have_then_may_not_be_shown(at: int, state: QueueState) -> None:
    assert not may_show(told(at=AT + at, state=state), rules_of())


def test_people_may_not_wait_while_all_enter_freely() -> None:
    assert may_show(told(state=QueueState.DIRECT), rules_of())
    assert not may_show(told(state=QueueState.DIRECT, waiting=1), rules_of())


# ------------------------------------------------------------------------------------------------- the rate


class LogOfRates:
    """A log in which a controller states rates and an operator acts."""

    def __init__(self, **policy: object) -> None:
        self.rules = SimpleNamespace(now=rules_of(**policy))
        self.log = LogSoFar(cast(RulesCheck, self.rules))

    def states(self, at: int, rate: int) -> None:
        self.log.on_entry(at, StateFacts(state=QueueState.OPEN, cause=StateCause.CALLING, rate=rate))

    def acts(self, at: int, action: str, value: str = "") -> None:
        self.log.on_entry(at, OperatorFacts(action=action, value=value, reason="uji"))


def test_a_rate_shrinks_slowly_unless_something_else_lowers_it() -> None:
    rates = LogOfRates()
    rates.states(AT, 1_000)
    assert 970 < rates.log.least_rate(AT) <= 1_000
    assert 600 < rates.log.least_rate(AT + 60) < 700
    rates.acts(AT + 60, "cap", "90")
    rates.acts(AT + 70, "cap")
    assert rates.log.least_rate(AT + 71) < 90, "the rate grows from the cap on"
    rates.states(AT + 80, 1_000)
    rates.acts(AT + 80, CLOCK_SET_RIGHT, "40")
    assert rates.log.least_rate(AT + 81) == 0, "nobody knows when it was stated"
    rates.states(AT + 90, 1_000)
    rates.acts(AT + 90, "expect", "60")
    assert rates.log.least_rate(AT + 91) == 0
    rates.states(AT + 100, 1_000)
    rates.rules.now = rules_of(rate_cap=200)
    rates.log.on_entry(AT + 101, ConfigFacts(sha256="", version=2))
    assert rates.log.least_rate(AT + 101) <= 200


def test_a_clock_that_was_set_right_may_be_the_only_entry_of_its_step() -> None:
    rates = LogOfRates()
    rates.states(AT, 60)
    rates.acts(AT - 9, CLOCK_SET_RIGHT, "9")
    assert (rates.log.step_at, rates.log.rate) == (AT - 9, None)
    rates.states(AT, 60)
    rates.acts(AT, "expect", "600")
    assert rates.log.rate is None


@pytest.mark.parametrize(
    ("state", "logged", "expected"),
    [
        (QueueState.OPEN, None, (59, 600)),
        (QueueState.OPEN, (AT + 205, 100), (79, 113)),
        (QueueState.OPEN, (AT + 205, 0), (79, 600)),
        (QueueState.OPEN, (AT + 100, 100), (79, 600)),
        (QueueState.DIRECT, None, (59, 600)),
        (QueueState.HALTED, (AT + 205, 100), (0, 0)),
        (QueueState.LOTTERY, None, (0, 0)),
    ],
)
def test_the_rate_is_that_of_the_step_or_between_floor_and_cap(
    state: QueueState, logged: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    least = 0.0 if logged is None else 80.0
    assert rates_at(told(state=state), cap=600, floor=60, least=least, logged=logged) == expected


# ------------------------------------------------------------------------------------ entries that follow


def found_behind(status: Status, *entries: tuple[int, AnyFacts], words_are_due: bool = False) -> list[str]:
    """The findings of a status when these entries (seconds after it, facts) follow."""
    behind, findings = EntriesBehind(status, SCHEDULE, words_are_due=words_are_due), Findings()
    for n, (after_s, facts) in enumerate(entries, 9):
        behind.on_entry(n, STATUS.at + after_s, facts)
    behind.finish(findings)
    return [finding.code for finding in findings.shown()]


def moved(epoch: int = 3) -> FrontierFacts:
    return FrontierFacts(lane=Lane.NEW, window=1, x="1", epoch=epoch, rate=60)


def acts(action: str, value: str = "") -> OperatorFacts:
    return OperatorFacts(action=action, value=value, reason="uji")


def closes(window: int, count: int) -> CloseFacts:
    return CloseFacts(window=window, count=count, root="", sha256="")


def test_the_next_step_is_not_earlier_unless_an_act_says_why() -> None:
    assert found_behind(STATUS, (-13, moved())) == []
    assert found_behind(STATUS, (-14, moved()), (60, moved())) == ["status.time"]
    assert found_behind(STATUS, (1, moved()), (-60, moved())) == [], "that is no fault of the status"
    for action in (CLOCK_SET_RIGHT, RESTORE):
        assert found_behind(STATUS, (-60, moved()), (-60, acts(action))) == []
        assert found_behind(STATUS, (-60, moved()), (-40, acts(action))) == ["status.time"]
        assert found_behind(STATUS, (-60, acts(action)), (-58, moved())) == []
    assert found_behind(STATUS, (-60, moved()), (-60, acts("halt"))) == ["status.time"]


def test_a_later_step_has_no_earlier_epoch() -> None:
    assert found_behind(STATUS, (1, moved()), (2, moved(4))) == []
    assert found_behind(STATUS, (1, moved(2)), (2, moved(2))) == ["status.epoch"]


def test_words_may_be_logged_a_step_later_and_no_more() -> None:
    status = told(note=Announcement("Halo", "Hello"))
    said = acts("announce", '{"id":"Halo","en":"Hello"}')
    other = acts("announce", '{"id":"Hai","en":"Hi"}')
    assert found_behind(status, (1, said), words_are_due=True) == []
    assert found_behind(status, (60, said), words_are_due=True) == ["status.words"]
    assert found_behind(status, (1, other), words_are_due=True) == ["status.words"]


OPEN_WINDOW = 11
"""The window at the time of the status."""


def test_joins_in_open_windows_are_in_their_lists_later() -> None:
    status = told(joining=40)
    lists = [(10 * n, closes(OPEN_WINDOW + n, 11)) for n in range(3)]
    assert found_behind(status, *lists) == ["status.joining"]
    assert found_behind(status, *lists[:2]) == [], "gates that are ahead may have counted the third"
    assert found_behind(status, *lists[:2], (20, closes(OPEN_WINDOW + 2, 20))) == []
    lost = DeadGateFacts(window=OPEN_WINDOW + 2, gate=1)
    assert found_behind(status, *lists, (20, lost)) == [], "its joins are in no list"
    later = DeadGateFacts(window=OPEN_WINDOW + 3, gate=1)
    assert found_behind(status, *lists, (30, later)) == ["status.joining"]
    cut = ConfigFacts(sha256="", version=2)
    assert found_behind(status, lists[0], (5, cut), *lists[1:]) == []
    assert found_behind(told(joining=40, state=QueueState.OFF), *lists) == []
