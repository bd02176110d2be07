"""`meterai books`: what was booked between two business dates, for accountants and auditors."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.books_files import months_of, on_snapshot, print_journal, show_months
from meterai.cli.operator.shared.period_options import FirstOption, LastOption, open_period, period
from meterai.kernel.clock import business_date, system_clock
from meterai.kit.formats.csv_export import csv_table
from meterai.ledger.books import AccountTurnover, Books, Movement, read_books


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    first: date
    last: date
    is_over: bool
    """The last business date is over: the same period says the same from now on."""
    accounts: list[dict[str, str | int]]
    movements: list[Movement]


def books(
    first: FirstOption = None,
    last: LastOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the movements as CSV, a line for each day and kind.")
    ] = False,
    as_journal: Annotated[
        bool,
        typer.Option("--journal", help="Print a journal for hledger; without --from all of it."),
    ] = False,
    as_fees: Annotated[
        bool,
        typer.Option("--fees", help="Show service fee and VAT by month; without --from all months."),
    ] = False,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", dir_okay=False, help="With --fees: write this workbook.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Show what was booked between two business dates: each account's opening balance, debits, credits and
    closing balance, and each kind of movement.

    Read-only, and without personal data. A day that is over says the same for ever.
    """
    today = business_date(system_clock())
    _refuse_two_forms(as_json, as_csv, as_journal, xlsx is not None)
    if (as_journal and as_fees) or (xlsx is not None and not as_fees):
        raise typer.BadParameter("--fees goes with --csv, --json or --xlsx", param_hint="--fees")
    if as_journal or as_fees:
        start, end = open_period(first, last, today=today)
        if as_journal:
            asyncio.run(print_journal(data, first=start, last=end))
        else:
            months = asyncio.run(months_of(data, first=start, last=end))
            show_months(months, as_csv=as_csv, as_json=as_json, xlsx=xlsx)
        return
    begin, end = period(first, last, today=today)
    found = asyncio.run(_read(data, begin, end))
    if as_csv:
        typer.echo(_csv(found.movements), nl=False)
    elif as_json:
        typer.echo(msgspec.json.encode(_report(found, is_over=end < today)).decode())
    else:
        _show(found, is_over=end < today)


async def _read(data: Path | None, first: date, last: date) -> Books:
    return await on_snapshot(data, lambda tx: read_books(tx, first=first, last=last))


def _refuse_two_forms(*forms: bool) -> None:
    if sum(forms) > 1:
        raise typer.BadParameter("one of --json, --csv, --journal and --xlsx", param_hint="--csv")


def _report(found: Books, *, is_over: bool) -> Report:
    return Report(
        first=found.first,
        last=found.last,
        is_over=is_over,
        accounts=[msgspec.structs.asdict(one) | {"closing": one.closing} for one in found.accounts],
        movements=found.movements,
    )


def _csv(movements: list[Movement]) -> str:
    rows = (map(str, msgspec.structs.astuple(one)) for one in movements)
    return csv_table(Movement.__struct_fields__, rows)


def _show(found: Books, *, is_over: bool) -> None:
    until = "" if is_over else "; the last day is not over"
    console = Console(highlight=False)
    console.print(f"Booked on business dates {found.first} to {found.last} (WIB){until}.")
    console.print("Posted transfers alone, no reservations. Balances: credit less debit.")
    console.print(_table_of_accounts(found.accounts))
    console.print(_table_of_movements(found.movements))


def _table_of_accounts(accounts: list[AccountTurnover]) -> Table:
    table = Table(title="Accounts")
    table.add_column("Account", overflow="fold")
    table.add_column("Unit")
    for column in ("Opening", "Debits", "Credits", "Closing"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in accounts:
        figures = (one.opening, one.debits, one.credits, one.closing)
        table.add_row(one.account, one.unit, *(f"{figure:,}" for figure in figures))
    return table


def _table_of_movements(movements: list[Movement]) -> Table:
    table = Table(title="Movements")
    for column in ("Code", "Debit", "Credit"):
        table.add_column(column, overflow="fold")
    table.add_column("Unit")
    for column in ("Transfers", "Amount"):
        table.add_column(column, justify="right", no_wrap=True)
    sums = dict[tuple[str, str, str, str], tuple[int, int]]()
    for one in movements:
        key = (one.code, str(one.debit), str(one.credit), str(one.unit))
        transfers, amount = sums.get(key, (0, 0))
        sums[key] = (transfers + one.transfers, amount + one.amount)
    for names, (transfers, amount) in sorted(sums.items(), key=lambda each: (each[0][3], each[0])):
        table.add_row(*names, f"{transfers:,}", f"{amount:,}")
    return table
