"""`meterai partner dues`: what an organisation owes to the treasury or its parent."""

from __future__ import annotations

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.exit_codes import Judged
from meterai.cli.operator.partner import CodeArgument, JsonOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Database
from meterai.partners.queries import organisations
from meterai.partners.queries.dues import Dues, PeriodDues, dues_of


def show_dues(code: CodeArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show what an organisation owes to the treasury or its parent, by tax period.

    Exit code 1: the blocks and the ledger differ.
    """

    async def work(db: Database) -> Dues:
        async with db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return await dues_of(tx, await organisations.find_by_code(tx, code))

    dues = with_database(data, "meterai partner", work)
    if as_json:
        typer.echo(msgspec.json.encode(dues).decode())
    else:
        _show(code, dues)
    if dues.owed != dues.ledger_owed:
        typer.echo(f"The ledger says {format_rupiah(dues.ledger_owed)}. Run: meterai check", err=True)
        raise Judged(1)


def _show(code: str, dues: Dues) -> None:
    creditor = "the treasury" if dues.owed_to == "treasury" else dues.owed_to
    typer.echo(f"{code} owes {creditor} {format_rupiah(dues.owed)}.")
    for one in dues.periods:
        typer.echo(_line(one))
    typer.echo(f"Paid in advance: {format_rupiah(dues.prepaid)}")


def _line(one: PeriodDues) -> str:
    return (
        f"{one.period:%Y-%m}, by {one.paid_by}: {one.pieces:,} stamps for {format_rupiah(one.amount)}, "
        f"paid {format_rupiah(one.paid)}, owed {format_rupiah(one.owed)}"
    )
