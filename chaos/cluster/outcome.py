"""The result of a run: each fault with its seconds without service, and what was lost."""

from __future__ import annotations

import sys

import msgspec
from rich.console import Console
from rich.table import Table


class FaultOutcome(msgspec.Struct, kw_only=True):
    """One fault as it went."""

    name: str
    kind: str = ""
    """The kind of service that came nearest to its aim, or missed it by most."""
    seconds: float = 0.0
    """The longest time in which nobody had it."""
    aim: float = 0.0
    lost: int = 0
    """Orders, files, rupiah or places in line that were acknowledged, and are gone."""
    held: bool = False
    """Every kind kept its aim, nothing is lost, and every check was content."""
    kinds: dict[str, float] = {}
    """Seconds without each kind of service."""
    aims: dict[str, float] = {}
    wrong: list[str] = []
    took: float = 0.0
    """Seconds until everything was whole again, and people who came afterwards were finished."""

    def settle(self) -> None:
        """Sums up."""
        late = {kind: self.kinds.get(kind, 0.0) / aim for kind, aim in self.aims.items()}
        self.kind = max(late, key=lambda kind: late[kind])
        self.seconds, self.aim = self.kinds.get(self.kind, 0.0), self.aims[self.kind]
        self.held = late[self.kind] <= 1 and not self.lost and not self.wrong


class ClusterOutcome(msgspec.Struct, kw_only=True):
    """A run."""

    ok: bool = False
    faults: list[FaultOutcome] = []
    wrong: list[str] = []
    """What the checks found at the end, when nobody was at work any more."""
    orders: int = 0
    """Finished: people have their stamped file."""
    tickets: int = 0
    reloads: int = 0
    """Requests that people sent again."""
    ready_s: float = 0.0
    """Until the cluster was ready."""
    seconds: float = 0.0

    def settle(self) -> None:
        """Sums up."""
        self.ok = bool(self.faults) and all(one.held for one in self.faults) and not self.wrong


def show(outcome: ClusterOutcome) -> None:
    """Prints the table for people."""
    table = Table(title="Faults of the cluster")
    for head in ("fault", "without", "seconds", "aim", "lost", "held", "all kinds, s", "wrong"):
        table.add_column(head, overflow="fold")
    for one in outcome.faults:
        table.add_row(
            one.name,
            one.kind,
            f"{one.seconds:.1f}",
            f"{one.aim:g}",
            str(one.lost),
            "yes" if one.held else "[bold red]no[/]",
            " ".join(f"{kind} {seconds:.1f}" for kind, seconds in one.kinds.items()),
            "\n".join(one.wrong),
        )
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(table)
    for words in outcome.wrong:
        console.print(f"at the end: {words}", markup=False)
    console.print(
        f"{outcome.orders} orders, {outcome.tickets} places in line, {outcome.reloads} requests sent again; "
        f"ready after {outcome.ready_s:.0f} s, all in {outcome.seconds:.0f} s",
        highlight=False,
    )
