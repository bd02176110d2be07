"""`meterai queue audit URL|DIR`: replays the public log of a queue; exit code 0, 1, 2 as `meterai verify`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from meterai.cli.exit_codes import NO_VERDICT, Judged
from meterai.kernel.refusals import Refusal
from meterai.texts.mechanism.translation import in_both
from meterai.texts.queue import audit_report as words
from meterai.waiting_room.auditing.findings import Report, Stands
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource, HttpSource, Source, Unreadable

_LOOKS = {
    "passes": (words.PASSES, "green"),
    "fails": (words.FAILS, "red"),
}
_STANDS: Mapping[Stands, str] = {
    "listed": words.LISTED,
    "late": words.LATE,
    "dead_gate": words.DEAD_GATE,
    "open": words.OPEN,
    "missing": words.MISSING,
}
_ROOT_DIGITS_MIN = 32


def queue_audit(
    place: Annotated[str, typer.Argument(help="https://.../antre/EVENT, or the folder queue/EVENT/public.")],
    head: Annotated[
        list[str] | None,
        typer.Option(help="SIZE:ROOT that you kept: of an audit, a wait page or a certificate; repeat."),
    ] = None,
    status: Annotated[
        list[Path] | None,
        typer.Option(help="A file with a status that you kept (status.json); repeat."),
    ] = None,
    ticket: Annotated[
        list[str] | None,
        typer.Option(help="A ticket that you hold, text or link: it must be in its window's list; repeat."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Replay the public log of a queue, without any secret. Exit code 1: it fails; 2: can't be read."""
    kept = [_read_head(text.strip()) for text in head or []]
    statuses = [_read_file(path) for path in status or []]
    try:
        with _progress() as bar:
            task = bar.add_task("", total=None)
            report = audit(
                _source(place),
                kept_heads=kept,
                kept_statuses=statuses,
                tickets=ticket or (),
                progress=lambda entries: bar.update(task, description=f"{entries:,} entries"),
            )
    except Unreadable as error:
        typer.echo(f"{in_both(words.UNREADABLE)}: {error}", err=True)
        raise typer.Exit(NO_VERDICT) from None
    except Refusal:
        raise typer.BadParameter("not a ticket of this queue", param_hint="--ticket") from None
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report)
    raise Judged(0 if report.verdict == "passes" else 1)


def _source(place: str) -> Source:
    return HttpSource(place) if "://" in place else FolderSource(Path(place))


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--status") from None


def _read_head(text: str) -> tuple[int, str]:
    size, _, root = text.partition(":")
    is_root = len(root) >= _ROOT_DIGITS_MIN and all(digit in "0123456789abcdefABCDEF" for digit in root)
    if not size.isdigit() or not is_root:
        raise typer.BadParameter(f"{text}: not SIZE:ROOT, the root in at least 32 hexadecimal digits")
    return int(size), root


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    )


def _show(report: Report) -> None:
    console = Console()
    console.print(_checks(report))
    console.print(_counts(report))
    for action in report.operator_actions:
        when = f"{datetime.fromtimestamp(action.at, UTC):%Y-%m-%d %H:%M:%S}Z"
        told = f"operator, entry {action.entry}, {when}: {action.action} {action.value} ({action.reason})"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    for cause, seconds in report.held.items():
        held = f"{in_both(words.HELD)} {seconds:,} s: {in_both(words.CAUSES[cause])}"
        console.print(held, markup=False, highlight=False, soft_wrap=True)
    for warning in report.warnings:
        mark = f"[yellow]! {in_both(words.WARNING)}:[/yellow]"
        console.print(f"{mark} {escape(warning.id)}", highlight=False, soft_wrap=True)
        console.print(f"  [dim]{escape(warning.en)} ({warning.code})[/dim]", highlight=False, soft_wrap=True)
    for finding in report.findings:
        where = "" if finding.entry is None else f"{in_both(words.ENTRY, {'number': finding.entry})} "
        console.print(f"[red]✗[/red] {escape(finding.id)}", highlight=False, soft_wrap=True)
        console.print(
            f"  [dim]{escape(finding.en)} ({where}{finding.code})[/dim]", highlight=False, soft_wrap=True
        )
    if report.finding_count > len(report.findings):
        console.print(f"... {report.finding_count - len(report.findings):,} more findings of the same kinds")
    sentence, colour = _LOOKS[report.verdict]
    console.print(
        Panel(escape(_ending(report)), title=f"[bold]{in_both(sentence)}[/bold]", border_style=colour)
    )


def _checks(report: Report) -> Table:
    table = Table(
        in_both(words.CHECK), in_both(words.EXAMINED), in_both(words.FINDINGS), title=escape(report.event)
    )
    table.columns[1].justify = table.columns[2].justify = "right"
    for check in report.checks:
        found = f"[red]{check.findings:,}[/red]" if check.findings else "0"
        table.add_row(f"{check.id}\n[dim]{check.en}[/dim]", f"{check.examined:,}", found)
    return table


def _counts(report: Report) -> Table:
    promises = report.promises
    kept = (
        f"{promises.given:,}: let in {promises.let_in:,}, called {promises.called:,}, "
        f"not called {promises.not_called:,}, pending {promises.pending:,}"
    )
    counts = {
        in_both(words.ENTRIES): f"{report.entries:,}, {report.heads:,}",
        in_both(words.WINDOWS): f"{report.windows:,}",
        in_both(words.PEOPLE): f"{report.joins:,}, {report.people:,}",
        in_both(words.CALLED): f"{report.called:,}, {report.called_in_a_minute:,}",
        in_both(words.LET_IN): f"{sum(report.claims.values()):,}: {_list(report.claims)}",
        in_both(words.BYPASSES): _list(report.bypasses) or "0",
        in_both(words.INSIDE_STATED): f"{report.inside_stated:,}",
        in_both(words.LATE_TICKETS): f"{report.late_tickets:,}",
        in_both(words.DEAD_GATES): f"{report.dead_gates:,}",
        in_both(words.CERTIFICATES): f"{report.certificates:,}",
        in_both(words.PROMISES): kept,
        in_both(words.OPERATOR_ACTIONS): f"{report.operator_action_count:,}",
    }
    for held in report.tickets:
        name = f"{in_both(words.TICKET)} {held.window}/{held.gate}/{held.sequence}"
        counts[name] = in_both(_STANDS[held.stands])
    table = Table.grid(padding=(0, 2))
    for name, count in counts.items():
        table.add_row(f"[dim]{name}[/dim]", escape(count))
    return table


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _ending(report: Report) -> str:
    seeds = in_both(words.WITH_BEACON) if report.seeds == "beacon" else in_both(words.WITHOUT_BEACON)
    return (
        f"{seeds}\n{in_both(words.KEY)} {report.controller_key}\n"
        f"{in_both(words.HEAD)} {report.entries}:{report.root}"
    )
