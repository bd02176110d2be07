"""The forms of `meterai books` for accountants: hledger's journal, and service fee and VAT by month."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from meterai.accounting.books.fees import COLUMNS, FeeMonth, fees_csv, read_fees, write_fees_xlsx
from meterai.accounting.books.journal import journal
from meterai.cli.operator.shared.operator_settings import reader_settings
from meterai.kit.database import Connection, connect


async def print_journal(data: Path | None, *, first: date | None, last: date) -> None:
    """Prints the journal while it is read: memory stays flat."""

    async def work(tx: Connection) -> None:
        async for part in journal(tx, first=first, last=last):
            typer.echo(part, nl=False)

    await on_snapshot(data, work)


async def months_of(data: Path | None, *, first: date | None, last: date) -> list[FeeMonth]:
    """Reads service fee and VAT by month."""
    return await on_snapshot(data, lambda tx: read_fees(tx, first=first, last=last))


async def on_snapshot[R](data: Path | None, work: Callable[[Connection], Awaitable[R]]) -> R:
    """Does `work` in a transaction that only reads, and sees one moment."""
    url = reader_settings(data).database_reader_url
    db = await connect(url, connections_max=1, application_name="meterai books")
    try:
        async with (
            db.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await work(connection)
    finally:
        await db.close()


def show_months(months: list[FeeMonth], *, as_csv: bool, as_json: bool, xlsx: Path | None) -> None:
    """Prints the months, or writes them as a workbook."""
    if as_csv:
        typer.echo(fees_csv(months), nl=False)
    elif as_json:
        typer.echo(msgspec.json.encode(months).decode())
    elif xlsx is not None:
        write_fees_xlsx(xlsx, months)
        typer.echo(f"Wrote {xlsx}.")
    else:
        Console(highlight=False).print(_table(months))


def _table(months: list[FeeMonth]) -> Table:
    table = Table(title="Service fee and VAT by month (WIB), in rupiah")
    for name in COLUMNS:
        table.add_column(name.replace("_", " ").capitalize(), justify="left" if name == "month" else "right")
    for one in months:
        month, *figures = msgspec.structs.astuple(one)
        table.add_row(month, *(f"{figure:,}" for figure in figures))
    return table
