"""`meterai prices`: the service fee, from a date on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import business_date, system_clock
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Connection, Database
from meterai.kit.formats.display import percent_text
from meterai.sales.prices import DatedPrice
from meterai.sales.queries.prices import dated_prices
from meterai.sales.use_cases import set_price as use_case
from meterai.sales.use_cases.set_price import KIND, NewPrice, look_at_price, read_rate


def list_prices(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show the service fee of a stamp: what it was, is and will be."""

    async def work(db: Database) -> Sequence[DatedPrice]:
        async with db.connection() as connection:
            return await dated_prices(connection)

    found = with_database(data, "meterai prices", work)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    today = business_date(system_clock())
    holding = [one for one in found if one.valid_from <= today][-1]
    for one in found:
        since = "from the settings" if one.is_of_settings else f"from {one.valid_from}"
        typer.echo(f"{since:18} {_said(one)}{'  (today)' if one == holding else ''}")


def set_price(
    fee: Annotated[int, typer.Option(min=0, help="Rupiah for a stamp, VAT included.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (WIB).")],
    vat: Annotated[
        str | None, typer.Option(help="VAT in percent, as 11 or 11.5; left out: as on that day.")
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Set the service fee from a day on: tomorrow at the earliest, or today before the first order.

    Two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """

    async def work(db: Database) -> NewPrice:
        async with db.connection() as connection:
            rate = read_rate(vat) if vat is not None else await _rate_on(connection, first)
            new = NewPrice(valid_from=first.date(), fee=fee, vat_basis_points=rate, reason=reason)
            change = await look_at_price(connection, new, now=system_clock())
        typer.echo(
            f"From {new.subject}: fee {format_rupiah(fee)} with VAT {format_rupiah(new.vat)}", err=True
        )
        typer.echo(f"Instead of: {_said(change.before)}", err=True)
        signing = Signing(sign_with, signature)
        actor = await released_by_two(db, signing, kind=KIND, subject=new.subject, facts=new.facts())
        await use_case.set_price(db, new, actor=actor, now=system_clock())
        return new

    new = with_database(data, "meterai prices", work)
    typer.echo(f"The fee is {format_rupiah(new.fee)} from {new.subject} on.")


async def _rate_on(connection: Connection, moment: datetime) -> int:
    known = await dated_prices(connection)
    return [one for one in known if one.valid_from <= moment.date()][-1].vat_basis_points


def _said(price: DatedPrice) -> str:
    rate = percent_text(price.vat_basis_points, "en")
    return f"fee {format_rupiah(price.fee)} with VAT {format_rupiah(price.vat)} ({rate} %)"
