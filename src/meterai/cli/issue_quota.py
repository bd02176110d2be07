"""`meterai issue-quota`: records a distributor's deposit at the treasury and issues stock to the site."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.kernel.clock import system_clock
from meterai.kernel.ids import new_order_number
from meterai.kernel.money import format_rupiah
from meterai.kit.database import connect
from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings, from_environment
from meterai.sales.use_cases.issue_quota import PIECES_MAX, StockIssued
from meterai.sales.use_cases.issue_quota import issue_quota as record_deposit


def issue_quota(
    pieces: Annotated[int, typer.Argument(min=1, max=PIECES_MAX, help="Stamps that the deposit paid for.")],
    deposit: Annotated[
        str | None,
        typer.Option(help="The treasury's receipt number (NTPN); repeating it changes nothing."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Record a distributor's deposit at face value and issue the stamps it paid for to the site."""
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    if not settings.database_app_url:
        settings = settings_of_running(settings)
    if deposit is not None and not deposit.strip():  # a shell's variable that is not set
        raise typer.BadParameter("the receipt number is empty", param_hint="--deposit")
    if deposit is None and settings.environment == "production":
        raise typer.BadParameter("production books real money: name the treasury's receipt with --deposit")
    reference = deposit or f"SPESIMEN-{new_order_number()}"
    issued = asyncio.run(_issue(settings, pieces, reference))
    if as_json:
        typer.echo(msgspec.json.encode(issued).decode())
        return
    done = "Issued" if issued.new else "Issued before, nothing changed:"
    typer.echo(f"{done} {issued.pieces:,} stamps for deposit {reference} of {format_rupiah(issued.amount)}.")
    typer.echo(f"The site can sell {issued.stock:,} stamps now.")


async def _issue(settings: Settings, pieces: int, reference: str) -> StockIssued:
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai issue-quota")
    try:
        return await record_deposit(db, pieces=pieces, deposit_reference=reference, now=system_clock())
    finally:
        await db.close()
