"""The findings of an audit, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.audit_findings import CHECKS, WARNINGS, WORDS

SHOWN_MAX = 20
"""How many findings of one kind are kept in words. All of them are counted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A violation of the rules."""

    code: str
    entry: int | None
    """The number of the entry in the public log; None: the finding is not about one entry."""
    id: str
    en: str
    """The finding in words."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one group of checks."""

    check: str
    id: str
    en: str
    examined: int
    findings: int


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the first promise to each id, judged by public facts: the calls and the entries."""

    given: int = 0
    pending: int = 0
    """Not due at the end of the log."""
    let_in: int = 0
    """Entered by the promised time."""
    called: int = 0
    """Called by the promised time, but did not come by then."""
    not_called: int = 0
    """Not called by the promised time: the promise is broken."""


class OperatorAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action of an operator."""

    entry: int
    at: int
    action: str
    value: str
    reason: str


type Stands = Literal["listed", "late", "dead_gate", "open", "missing"]
"""Where a ticket stands: in its list; honoured without a list; its gate was declared dead in its window; its
window is still open; nowhere."""


class HeldTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that a person holds."""

    window: int
    gate: int
    sequence: int
    stands: Stands


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict and its reasons. Times are Unix seconds."""

    verdict: Literal["passes", "fails"]
    event: str
    controller_key: str
    """The key (hexadecimal) that signs everything, from the published rules. Compare it with one that you
    know."""
    entries: int
    root: str
    """The tree head of the whole log. Keep it and give it to the next audit."""
    heads: int
    ends_at: int
    """The time of the last entry."""
    seeds: Literal["beacon", "operator-trusted"]
    rules_versions: int
    windows: int
    joins: int
    people: int
    called: int
    """People who were called, counted by shares of windows, as the controller counts them."""
    called_in_a_minute: int
    """The most of them within 60 seconds."""
    claims: dict[str, int]
    """By lane."""
    late_tickets: int
    dead_gates: int
    bypasses: dict[str, int]
    """By reason."""
    inside_stated: int
    """How many might go on without a place when lines began (`was_inside`), as the log states."""
    held: dict[str, int]
    """Cause -> seconds in which it held people, or there was no controller, as far as the log tells."""
    certificates: int
    promises: Promises
    tickets: list[HeldTicket]
    """The tickets that the auditor asked about."""
    operator_actions: list[OperatorAction]
    operator_action_count: int
    checks: list[CheckResult]
    findings: list[Finding]
    finding_count: int
    warnings: list[Finding]
    """What is unusual and breaks no rule."""


class Findings:
    """Collects findings."""

    def __init__(self) -> None:
        self._shown: list[Finding] = []
        self._counts: dict[str, int] = {}
        self._examined: dict[str, int] = {}
        self.warnings: list[Finding] = []

    def add(self, code: str, entry: int | None = None, **facts: object) -> None:
        """Notes a finding."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= SHOWN_MAX:
            self._shown.append(_in_words(WORDS[code], code, entry, facts))

    def warn(self, code: str, entry: int | None = None, **facts: object) -> None:
        """Notes what is unusual. The verdict does not change."""
        if len(self.warnings) < SHOWN_MAX:
            self.warnings.append(_in_words(WARNINGS[code], code, entry, facts))

    def examined(self, check: str, count: int = 1) -> None:
        """Counts the items that a group of checks examined."""
        self._examined[check] = self._examined.get(check, 0) + count

    @property
    def count(self) -> int:
        """The number of all findings."""
        return sum(self._counts.values())

    def shown(self) -> list[Finding]:
        """The first findings of each kind, by entry."""
        return sorted(self._shown, key=lambda one: -1 if one.entry is None else one.entry)

    def by_check(self) -> list[CheckResult]:
        """The result of each group of checks."""
        return [
            CheckResult(
                check=check,
                id=translate(sentence, "id"),
                en=translate(sentence, "en"),
                examined=self._examined.get(check, 0),
                findings=sum(n for code, n in self._counts.items() if code.partition(".")[0] == check),
            )
            for check, sentence in CHECKS.items()
        ]


def _in_words(sentence: str, code: str, entry: int | None, facts: Mapping[str, object]) -> Finding:
    id, en = (translate(sentence, language).format(**facts) for language in ("id", "en"))
    return Finding(code=code, entry=entry, id=id, en=en)
