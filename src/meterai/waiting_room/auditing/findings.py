"""What an audit finds, and its report."""

from __future__ import annotations

from typing import Literal

import msgspec

from meterai.texts.audit_findings import CHECKS, WORDS
from meterai.texts.translation import translate

SHOWN_MAX = 20
"""Findings of one kind that are kept in words; all are counted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must not be."""

    code: str
    entry: int | None
    """Of the public log; None: it is not about one entry."""
    id: str
    en: str
    """In words."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group of checks."""

    check: str
    id: str
    en: str
    examined: int
    findings: int


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """The first promise to each id, judged by what is public: being let in, and being called."""

    given: int = 0
    pending: int = 0
    """Not due at the end of the log."""
    let_in: int = 0
    """By the time promised."""
    called: int = 0
    """By the time promised, but did not come by then."""
    not_called: int = 0
    """By the time promised: broken."""


class OperatorAction(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator did."""

    entry: int
    at: int
    action: str
    value: str
    reason: str


type Stands = Literal["listed", "late", "dead_gate", "open", "missing"]
"""Where a ticket stands: in its list; honoured though in none; its gate was declared dead in its window; its
window is not closed; nowhere."""


class HeldTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that somebody holds."""

    window: int
    gate: int
    sequence: int
    stands: Stands


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict, and what it stands on. Times are Unix seconds."""

    verdict: Literal["passes", "fails"]
    event: str
    controller_key: str
    """Of the rules that lie there (hexadecimal): who signs everything. Compare it with one you know."""
    entries: int
    root: str
    """Tree head of the whole log: keep it, and give it to the next audit."""
    heads: int
    ends_at: int
    """The time of the last entry."""
    seeds: Literal["beacon", "operator-trusted"]
    rules_versions: int
    windows: int
    joins: int
    people: int
    claims: dict[str, int]
    """By lane."""
    late_tickets: int
    dead_gates: int
    bypasses: dict[str, int]
    """By reason."""
    certificates: int
    promises: Promises
    tickets: list[HeldTicket]
    """Those that were asked for."""
    operator_actions: list[OperatorAction]
    operator_action_count: int
    checks: list[CheckResult]
    findings: list[Finding]
    finding_count: int


class Findings:
    """Findings as they are made."""

    def __init__(self) -> None:
        self._shown: list[Finding] = []
        self._counts: dict[str, int] = {}
        self._examined: dict[str, int] = {}

    def add(self, code: str, entry: int | None = None, **facts: object) -> None:
        """Notes one."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= SHOWN_MAX:
            id, en = (translate(WORDS[code], language).format(**facts) for language in ("id", "en"))
            shown = Finding(code=code, entry=entry, id=id, en=en)
            self._shown.append(shown)

    def examined(self, check: str, count: int = 1) -> None:
        """Counts what a group of checks looked at."""
        self._examined[check] = self._examined.get(check, 0) + count

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self._counts.values())

    def shown(self) -> list[Finding]:
        """The first of each kind, by entry."""
        return sorted(self._shown, key=lambda one: -1 if one.entry is None else one.entry)

    def by_check(self) -> list[CheckResult]:
        """What each group of checks came to."""
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
