"""`meterai day close`: closes business dates that are over, and signs their statements."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.accounting.days.statement_key import read_key
from meterai.accounting.days.use_cases.close_days import close_days, last_day_to_close
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.kernel.clock import business_date, system_clock
from meterai.kit.database import connect
from meterai.kit.installation import settings_of_running
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment


def close_day(
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="Last business date to close; else yesterday."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Close each business date that is over and not closed yet, the oldest first, and sign its statement.

    From 00.15 WIB of the next day on. The ledger takes nothing more for a closed day. Again: changes nothing.
    """
    settings = _settings(data)
    until = day.date() if day else last_day_to_close(business_date(system_clock()))
    closed = asyncio.run(_close(settings, until))
    for one in closed:
        typer.echo(f"{one} is closed. Its statement: /hari/{one}")
    if not closed:
        typer.echo(f"{until} was closed before, or nothing was booked up to then. Nothing was done.")


def _settings(data: Path | None) -> Settings:
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    return settings if settings.database_closer_url else settings_of_running(settings)


async def _close(settings: Settings, until: date) -> list[date]:
    key = read_key(Secrets.of(settings).day_close_key_file)
    db = await connect(settings.database_closer_url, connections_max=1, application_name="meterai day close")
    try:
        return await close_days(db, key, until=until, clock=system_clock)
    finally:
        await db.close()
