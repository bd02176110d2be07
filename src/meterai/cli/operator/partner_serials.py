"""`meterai partner serials` and `return-serials`: serial numbers that were taken first (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.partner import CodeArgument, JsonOption, organisation_id
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.kernel.clock import system_clock
from meterai.kernel.serial_number import parse_serial
from meterai.kit.database import Database
from meterai.stamping.taken.model import TakenSerial
from meterai.stamping.taken.queries import count_unstamped, oldest_unstamped
from meterai.stamping.use_cases.return_serials import Operator, return_serials

_COMMAND = "meterai partner"
_SHOWN = 1000


def list_serials(code: CodeArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the serial numbers that an organisation took and did not stamp yet, the oldest first."""

    async def work(db: Database) -> tuple[int, list[TakenSerial]]:
        owner = await organisation_id(db, code)
        return await count_unstamped(db, owner), await oldest_unstamped(db, owner, limit=_SHOWN)

    count, serials = with_database(data, _COMMAND, work)
    if as_json:
        typer.echo(msgspec.json.encode({"unstamped": count, "serials": serials}).decode())
        return
    for one in serials:
        typer.echo(f"{one.serial}  taken {one.taken_at:%Y-%m-%d %H:%M}Z  {one.name}")
    typer.echo(
        f"{count:,} unstamped." if count <= _SHOWN else f"{count:,} unstamped, the oldest {_SHOWN:,} shown."
    )


def return_taken(
    code: CodeArgument,
    serials: Annotated[list[str], typer.Argument(help="Serial numbers, from `meterai partner serials`.")],
    data: DataOption = None,
) -> None:
    """Give serial numbers that are not stamped back to the stock. They can't be used any more."""
    known = [_serial(text) for text in serials]

    async def work(db: Database) -> list[str]:
        owner = await organisation_id(db, code)
        by = Operator(name=operator_name(), organisation_code=code)
        return await return_serials(db, known, organisation_id=owner, now=system_clock(), by=by)

    back = with_database(data, _COMMAND, work)
    for serial in back:
        typer.echo(serial)
    typer.echo(f"{len(back):,} of {len(known):,} went back to the stock of {code}. Others are not unstamped.")


def _serial(text: str) -> str:
    serial = parse_serial(text)
    if serial is None:
        raise typer.BadParameter(f"{text} is no serial number", param_hint="SERIALS")
    return serial
