"""Types: an invariant, and the result of checking it."""

from __future__ import annotations

import msgspec

VIOLATIONS_SHOWN = 20


class SqlInvariant(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant that SQL can check."""

    id: str
    title: str
    population: str
    """What is looked at, as SQL behind `SELECT count(*) FROM`."""
    parts: tuple[str, ...]
    """SQL queries. Each returns `subject` and `fact`, two texts, for everything that breaks the invariant.

    `$1` is the time of the check. All queries see one moment of a database in use.
    """


class Findings(msgspec.Struct, kw_only=True):
    """Collects violations. All are counted, the first are kept."""

    count: int = 0
    shown: list[str] = []

    def add(self, violation: str, *, count: int = 1) -> None:
        """Notes a violation."""
        self.count += count
        if len(self.shown) < VIOLATIONS_SHOWN:
            self.shown.append(violation)


class InvariantResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of checking one invariant. Holds ids and sums, no personal data."""

    id: str
    title: str
    ok: bool
    """True: nothing that was looked at breaks it."""
    violations: tuple[str, ...]
    """The first violations, in words."""
    violation_count: int
    checked: int
    """How many things were looked at."""
    seconds: float
    note: str = ""
    """What the result does not cover, such as the size of a sample."""


def result(
    invariant_id: str, title: str, findings: Findings, *, checked: int, seconds: float, note: str = ""
) -> InvariantResult:
    """Makes a result from findings."""
    return InvariantResult(
        id=invariant_id,
        title=title,
        ok=findings.count == 0,
        violations=tuple(findings.shown),
        violation_count=findings.count,
        checked=checked,
        seconds=round(seconds, 3),
        note=note,
    )
