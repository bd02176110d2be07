"""`meterai reconcile report`, `statement`, `differences` and `explain`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import msgspec
import typer

from meterai.accounting.bank.model import Explanation
from meterai.accounting.bank.take_statement import explain_line, take_statement
from meterai.accounting.matching.model import ACTIONS, Difference
from meterai.accounting.matching.queries import differences
from meterai.accounting.reports.take_report import take_report
from meterai.cli.data_folder import DataOption
from meterai.cli.exit_codes import Judged
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason, operator_name
from meterai.kernel.clock import age_s, system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database

_SHOWN_MAX: Final = 500
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")]
_DONE: Final = {
    "new": "It is taken in.",
    "same": "It was taken in before. Nothing changes.",
    "corrected": "It takes the place of an earlier report of that day.",
}


def read_report(
    file: FileArgument,
    gateway: Annotated[str, typer.Option(help="The gateway that made it, such as midtrans.")],
    data: DataOption = None,
) -> None:
    """Take in a gateway's settlement report. The same one again changes nothing."""
    raw = file.read_bytes()

    async def work(db: Database) -> None:
        report, done = await take_report(db, raw, gateway=gateway, now=system_clock())
        typer.echo(
            f"{report.gateway}, {report.day}: {len(report.lines):,} lines, pays out"
            f" {format_rupiah(report.payout)}. {_DONE[done]}"
        )

    with_database(data, "meterai reconcile report", work)


def read_statement(file: FileArgument, data: DataOption = None) -> None:
    """Take in a statement of our bank account, MT940 or CSV. Lines that are here already change nothing."""
    raw = file.read_bytes()

    async def work(db: Database) -> None:
        new = await take_statement(db, raw, now=system_clock())
        typer.echo(f"{new:,} lines of the bank are new.")

    with_database(data, "meterai reconcile statement", work)


def show_differences(
    resolved: Annotated[bool, typer.Option("--resolved", help="Show those that are gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Show where gateways, bank and our books differ, and what to do. Exit code 1: some are open."""
    found = with_database(
        data, "meterai reconcile", lambda db: differences(db, resolved=resolved, limit=_SHOWN_MAX)
    )
    if as_json:
        typer.echo(msgspec.json.encode({"differences": found}).decode())
    else:
        now = system_clock()
        for one in found:
            typer.echo(_told(one, now))
        if not found:
            typer.echo("Gateways, bank and books agree." if not resolved else "None is resolved yet.")
    raise Judged(1 if found and not resolved else 0)


def explain(
    line: Annotated[UUID, typer.Argument(help="Its id, from `meterai reconcile differences`.")],
    explanation: Annotated[Explanation, typer.Option("--as", help="What the line is for.")],
    reason: Annotated[str, typer.Option(help="How you know; for the audit trail.")],
    payout: Annotated[
        str | None, typer.Option(help="With --as payout: the reference of the pay-out, of the same sum.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Say what a line of the bank is for. It is booked from unexplained to that account."""
    why = given_reason(reason)

    async def work(db: Database) -> None:
        await explain_line(
            db, line, explanation, payout=payout, reason=why, actor=operator_name(), now=system_clock()
        )
        typer.echo(f"The line is booked as {explanation}.")

    with_database(data, "meterai reconcile explain", work)


def _told(one: Difference, now: datetime) -> str:
    """Describes a difference, on lines that no terminal breaks within an id."""
    until = one.resolved_at or now
    where = f" at {one.gateway}" if one.gateway else " at the bank"
    lines = [
        f"{one.name}{where}: {one.subject}",
        f"  by our books {format_rupiah(one.expected)}, there {format_rupiah(one.seen)};"
        f" {'lasted' if one.resolved_at else 'open for'} {_age(age_s(one.found_at, until))}",
    ]
    if one.words:
        lines.append(f"  {one.words}")
    return "\n".join([*lines, *([] if one.resolved_at else [f"  {ACTIONS[one.name]}"])])


def _age(seconds: float) -> str:
    hours = int(seconds // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
