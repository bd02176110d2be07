"""The result of a run: a row for each fault, and whether everything held."""

from __future__ import annotations

import sys

import msgspec
from rich.console import Console
from rich.table import Table


class RowOutcome(msgspec.Struct, kw_only=True):
    """One fault as it went."""

    row: int
    name: str
    fired: bool = False
    held: bool = False
    """It fired, the service resumed by itself, and every checker was content."""
    seen: str = ""
    """The proof that it fired; else what was missing."""
    wrong: list[str] = []
    """What the checkers found: each begins with the checker's name."""
    seconds: float = 0.0
    resumed_s: float | None = None
    """From the end of the fault until a person who came afterwards had a stamped file."""


class Outcome(msgspec.Struct, kw_only=True):
    """A run."""

    ok: bool
    seed: int
    rows: list[RowOutcome]
    wrong: list[str]
    """What the checkers found at the end, when nobody was at work any more."""
    people: int
    finished: int
    reloads: int
    seconds: float


def show(outcome: Outcome) -> None:
    """Prints the table for people."""
    table = Table(title=f"Faults, seed {outcome.seed}")
    for head in ("row", "fault", "fired", "held", "seen", "resumed, s"):
        table.add_column(head, overflow="fold")
    for row in outcome.rows:
        table.add_row(
            str(row.row),
            row.name,
            "yes" if row.fired else "[bold red]no[/]",
            "yes" if row.held else "[bold red]no[/]",
            "\n".join([row.seen, *row.wrong]),
            "–" if row.resumed_s is None else f"{row.resumed_s:.1f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    for words in outcome.wrong:
        console.print(f"at the end: {words}", markup=False)
    console.print(
        f"{outcome.people} people came, {outcome.finished} finished, {outcome.reloads} requests were sent "
        f"again, {outcome.seconds:.0f} s",
        highlight=False,
    )
