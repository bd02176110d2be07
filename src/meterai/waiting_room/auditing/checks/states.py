"""States of the queue as the log tells them: they follow from the rules and from operators' acts."""

from __future__ import annotations

from collections import Counter

from meterai.waiting_room.auditing.checks.rules import CUT_AT_S, RulesCheck
from meterai.waiting_room.auditing.checks.switching import SAID_WITHIN_S
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import OperatorFacts, StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.rules.model import QueueState, Schedule
from meterai.waiting_room.rules.state_causes import StateCause

_ENDED = (QueueState.OFF, QueueState.CLOSED)


class Acts:
    """What operators last wanted, by the log. `is_on`: None until the log says it."""

    def __init__(self) -> None:
        self.is_halted = False
        self.is_on: bool | None = None
        self.cap: int | None = None
        self.is_switched_on = False
        """By an act since the last state."""

    def on_operator(self, facts: OperatorFacts) -> None:
        """Notes an act."""
        match facts.action:
            case "halt" | "resume":
                self.is_halted = facts.action == "halt"
            case "on" | "off":
                self.is_on = self.is_switched_on = facts.action == "on"
            case "cap":
                self.cap = facts.number


class StateCheck:
    """The state at this place of the log. `now`: None until an entry tells it."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._acts = Acts()
        self._before: tuple[int, Schedule] | None = None
        self._due_at: int | None = None
        self._since = 0
        self._held: Counter[StateCause] = Counter()
        self.now: StateFacts | None = None

    def on_rules(self, at: int, before: Schedule) -> None:
        """Notes that new rules hold. A state of the same step may still follow from those before."""
        self._before = at, before
        if self._rules.now.log >= LOG_STATES and self.now is None and self._due_at is None:
            self._due_at = at + SAID_WITHIN_S

    def on_operator(self, facts: OperatorFacts) -> None:
        """Notes an act."""
        self._acts.on_operator(facts)

    def on_state(self, n: int, at: int, facts: StateFacts, *, are_waiting: bool) -> None:
        """Checks the state of a step, or a change of its cause.

        `are_waiting`: whether people are in windows that the frontier has not passed.
        """
        self._findings.examined("state")
        if facts.cause is StateCause.CONTROLLER_AWAY:
            self._held[facts.cause] += facts.away_s
            return  # the state follows in an entry of its own
        self._count_until(at)
        self._judge_act(n, facts)
        if not self._fits(at, facts):
            self._findings.add("state.schedule", n, state=facts.state)
        if are_waiting and facts.state is QueueState.DIRECT:
            self._findings.add("state.people_wait", n)
        self.now, self._due_at = facts, None

    def on_entry(self, n: int, at: int) -> None:
        """Checks that the log tells the state soon after the rules that promise it."""
        if self._due_at is not None and at > self._due_at:
            self._findings.add("state.untold", n)
            self._due_at = None

    def held(self, at: int) -> dict[str, int]:
        """Cause -> seconds in which it held people until now."""
        self._count_until(at)
        return {cause.value: seconds for cause, seconds in sorted(self._held.items()) if seconds > 0}

    def _count_until(self, at: int) -> None:
        if self.now is not None and self.now.cause.holds_people and self.now.state is not QueueState.OFF:
            self._held[self.now.cause] += max(0, at - self._since)
        self._since = at

    def _judge_act(self, n: int, facts: StateFacts) -> None:
        acts, state = self._acts, facts.state
        is_off = state is QueueState.OFF and facts.cause is StateCause.OPERATOR
        if facts.cause is StateCause.OPERATOR and not self._is_act_of(state):
            self._findings.add("state.no_act", n, state=state)
        elif acts.is_halted and state not in (*_ENDED, QueueState.HALTED):
            self._findings.add("state.against_act", n, state=state, act="halt")
        elif acts.is_on is False and state not in _ENDED:
            self._findings.add("state.against_act", n, state=state, act="off")
        if state is not QueueState.CLOSED:
            acts.is_on = not is_off
        acts.is_switched_on = False

    def _is_act_of(self, state: QueueState) -> bool:
        """Whether the log has the act that leads to a state."""
        acts = self._acts
        if state is QueueState.HALTED:
            return acts.is_halted
        if state is QueueState.OFF:
            return acts.is_on is not True
        return acts.is_switched_on or acts.cap == 0 or self._rules.now.policy.rate_cap == 0

    def _fits(self, at: int, facts: StateFacts) -> bool:
        schedules = [self._rules.now.schedule]
        if self._before is not None and at <= self._before[0] + CUT_AT_S:
            schedules.append(self._before[1])
        counts = self._rules.now.policy.line_counts
        is_off = facts.state is QueueState.OFF and facts.cause is StateCause.OPERATOR
        return is_off or any(
            may_be_in(facts.state, schedule, at, line_counts=counts) for schedule in schedules
        )


def may_be_in(state: QueueState, schedule: Schedule, at: int, *, line_counts: bool) -> bool:
    """Whether a queue that no operator switched off can be in this state by its schedule."""
    is_closed = at >= schedule.closes_at
    is_last = schedule.last_call_at is not None and at >= schedule.last_call_at
    match state:
        case QueueState.CLOSED:
            return is_closed
        case QueueState.OFF:
            return at < schedule.joins_from
        case QueueState.LOTTERY:
            return schedule.joins_from <= at < schedule.opens_at
        case QueueState.HALTED | QueueState.OUT_OF_STOCK:
            return at >= schedule.joins_from and (line_counts or not is_closed)
    is_open = at >= schedule.opens_at and (line_counts or not is_closed)
    return is_open and (state is QueueState.DIRECT or is_last == (state is QueueState.LAST_CALL))
