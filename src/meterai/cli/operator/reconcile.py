"""`meterai reconcile LIST.csv`: our payments against the gateway's own list; exit code 1 when they differ."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.accounting.amounts import read_rupiah
from meterai.cli.data_folder import DataOption
from meterai.cli.exit_codes import Judged
from meterai.cli.operator.shared.operator_settings import reader_settings
from meterai.cli.operator.shared.period_options import FirstOption, LastOption, period
from meterai.kernel.clock import business_date, system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import connect
from meterai.sales.use_cases.compare_gateway import Comparison, ListedTransaction, compare_gateway

_WITH_MONEY = frozenset({"settlement", "capture", "refund", "partial_refund"})
_WITHOUT = frozenset(
    {"pending", "authorize", "expire", "cancel", "deny", "failure", "chargeback", "partial_chargeback"}
)
_NEEDED = ("order_id", "transaction_status", "gross_amount")


def reconcile(
    listed: Annotated[
        Path,
        typer.Argument(
            metavar="LIST.csv",
            exists=True,
            dir_okay=False,
            help="The gateway's transactions: columns order_id, transaction_status, gross_amount and, if it "
            "has one, refund_amount.",
        ),
    ],
    first: FirstOption = None,
    last: LastOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Compare our payments with the gateway's own list, read-only.

    All that is listed is looked up; all that we booked on these business dates must be listed. Let the list
    begin a day earlier: what was paid before midnight may be booked after it. Exit code 1 when they differ.
    """
    begin, end = period(first, last, today=business_date(system_clock()))
    try:
        rows = list(_read(listed))
    except (UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{listed} is no CSV in UTF-8: {error}") from None
    found = asyncio.run(_compare(data, rows, begin, end))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found, len(rows))
    raise Judged(1 if found.differences else 0)


def _read(path: Path) -> Iterator[ListedTransaction]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.DictReader(file)
        names = {re.sub(r"\W+", "_", name.strip().lower()): name for name in lines.fieldnames or ()}
        if missing := [name for name in _NEEDED if name not in names]:
            raise typer.BadParameter(f"{path} has no column {', '.join(missing)}")
        for line in lines:
            where = f"line {lines.line_num} of {path}"
            given = {name: (line[column] or "").strip() for name, column in names.items()}
            status = given["transaction_status"].lower()
            if status not in _WITH_MONEY | _WITHOUT:
                raise typer.BadParameter(f"{where}: the status {status!r} is not known")
            yield ListedTransaction(
                reference=given["order_id"],
                came=_rupiah(given["gross_amount"], where) if status in _WITH_MONEY else 0,
                refunded=_refunded(given, where),
                status=status,
            )


def _refunded(given: dict[str, str], where: str) -> int | None:
    if "refund_amount" not in given:
        return None
    return _rupiah(given["refund_amount"] or "0", where)


def _rupiah(text: str, where: str) -> int:
    amount = read_rupiah(text)
    if amount is None or amount < 0:
        raise typer.BadParameter(f"{where}: {text!r} is no amount such as 12500.00")
    return amount


async def _compare(data: Path | None, rows: list[ListedTransaction], first: date, last: date) -> Comparison:
    url = reader_settings(data).database_reader_url
    db = await connect(url, connections_max=1, application_name="meterai reconcile")
    try:
        return await compare_gateway(db, rows, first=first, last=last)
    finally:
        await db.close()


def _show(found: Comparison, lines: int) -> None:
    for one in found.differences:
        typer.echo(f"{one.reference}: {one.what}")
    came = format_rupiah(found.listed_rupiah)
    typer.echo(f"The list has {lines:,} transactions, {found.listed:,} with money: {came}.")
    typer.echo(
        f"Booked from {found.first} to {found.last} (WIB): {found.booked:,} payments,"
        f" {format_rupiah(found.booked_rupiah)}. What banks took back is in neither sum."
    )
    count = len(found.differences)
    typer.echo(f"{count:,} differ. See docs/money.md, the gateway's own list." if count else "They agree.")
