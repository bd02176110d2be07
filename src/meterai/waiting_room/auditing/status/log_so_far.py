"""What the log has said so far about the figures of a status."""

from __future__ import annotations

import math

import msgspec

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.people.admissions import SLACK_S
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    AnyFacts,
    ClaimFacts,
    CloseFacts,
    ConfigFacts,
    FrontierFacts,
    OperatorFacts,
    RevealFacts,
    StateFacts,
)
from meterai.waiting_room.files.published_documents import Announcement, Config
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_control import FULL, SHRINKING_PER_S, STRAIN_MAX
from meterai.waiting_room.rules.state_causes import StateCause

type OfStep = ConfigFacts | CloseFacts | RevealFacts | FrontierFacts | StateFacts
"""Facts of entries that bear the time of a step. Other entries bear times of other clocks."""
_CHANGED_WITHIN_S = 2
"""A step decides by the rules that it found, and may then cut time again."""


class LogSoFar:
    """What the entries so far say about the present: rules, state, rate, words, people."""

    def __init__(self, rules: RulesCheck) -> None:
        self._rules = rules
        self._in_force: list[tuple[int, Config]] = []
        self.step_at = 0
        """The time of the last step that wrote an entry of its own, or set its clock right."""
        self.epoch = 0
        self.claims = 0
        self.state: QueueState | None = None
        self.cause: StateCause | None = None
        self.words: Announcement | None = Announcement()
        """The operator's words; None: their entry is unreadable."""
        self.rate: tuple[int, int] | None = None
        """(time, people a minute) of the last entry that states a rate; None: it is not known any more."""
        self._least = LeastRate(rules)

    def on_entry(self, at: int, facts: AnyFacts) -> None:
        """Takes up an entry, after the other checks."""
        self._least.on_entry(at, facts)
        match facts:
            case OperatorFacts(action="announce"):
                self.words = words_in(facts)
            case OperatorFacts(action="expect"):
                self.rate = None
            case OperatorFacts() if facts.action == CLOCK_SET_RIGHT:
                self.step_at, self.rate = min(self.step_at, at), None
            case ClaimFacts():
                self.claims += 1
            case ConfigFacts():
                self._in_force = [*self._in_force[-1:], (at, self._rules.now)]
                self.step_at = at
            case CloseFacts() | RevealFacts():
                self.step_at = at
            case FrontierFacts():
                self.step_at, self.epoch, self.rate = at, max(facts.epoch, self.epoch), (at, facts.rate)
            case StateFacts():
                self.step_at, self.rate = at, (at, facts.rate)
                self.state, self.cause = facts.state, facts.cause

    def rules_at(self, at: int) -> list[Config]:
        """The rules by which a step at this time may have decided: those in force, and those just before."""
        now = self._rules.now
        is_new = bool(self._in_force) and self._in_force[-1][0] >= at - _CHANGED_WITHIN_S
        return [now, *(config for _, config in self._in_force[:-1])] if is_new else [now]

    def least_rate(self, at: int) -> float:
        """The least rate that the controller's rules allow at this time."""
        return self._least.at(at)


class LeastRate:
    """The least rate to which the controller can have lowered the rate that the log states."""

    def __init__(self, rules: RulesCheck) -> None:
        self._rules = rules
        self._at = 0
        self._rate = 0.0

    def on_entry(self, at: int, facts: AnyFacts) -> None:
        """Takes up a rate, or what may have lowered it since."""
        match facts:
            case FrontierFacts() | StateFacts():
                self._at, self._rate = at, float(facts.rate)
            case OperatorFacts(action="cap", number=int() as cap):
                self._rate = min(self._rate, cap)
            case OperatorFacts() if facts.action in (CLOCK_SET_RIGHT, "expect"):
                self._rate = 0.0  # it is not known before the next entry that states it
            case ConfigFacts():
                self._rate = min(self._rate, float(self._rules.now.policy.rate_cap))

    def at(self, at: int) -> float:
        """The rate, after it has shrunk as fast as it can since the last entry that states it."""
        shrinking = SHRINKING_PER_S * (STRAIN_MAX - FULL)
        return self._rate * math.exp(-shrinking * (max(0, at - self._at) + SLACK_S))


def words_in(facts: OperatorFacts) -> Announcement | None:
    """The words of an announcement's entry; None: they are unreadable."""
    try:
        return msgspec.json.decode(facts.value, type=Announcement)
    except msgspec.MsgspecError:
        return None
