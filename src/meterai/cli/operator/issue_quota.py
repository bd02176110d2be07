"""`meterai issue-quota`: records a distributor's deposit at the treasury and issues stock to the site."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.next_command import show_next_command
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import system_clock
from meterai.kernel.ids import new_order_number
from meterai.kernel.money import format_rupiah
from meterai.kit.database import connect
from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings, from_environment
from meterai.operations.use_cases.prepare_issue import prepare_issue
from meterai.sales.use_cases.issue_quota import PIECES_MAX, StockIssued
from meterai.sales.use_cases.issue_quota import issue_quota as record_deposit


def issue_quota(
    pieces: Annotated[int, typer.Argument(min=1, max=PIECES_MAX, help="Stamps that the deposit paid for.")],
    deposit: Annotated[
        str | None,
        typer.Option(help="The treasury's receipt number (NTPN); repeating it changes nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be booked: stock can't be taken back.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Record a distributor's deposit at face value and issue the stamps it paid for to the site.

    Two officers sign. Exit code 4: nothing is done yet, a signature is missing.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    if not settings.database_operator_url:
        settings = settings_of_running(settings)
    if deposit is not None and not deposit.strip():  # a shell's variable that is not set
        raise typer.BadParameter("the receipt number is empty", param_hint="--deposit")
    if deposit is None and settings.environment == "production":
        raise typer.BadParameter("production books real money: name the treasury's receipt with --deposit")
    reference = deposit or f"SPESIMEN-{new_order_number()}"
    signing = None if dry_run else Signing(sign_with, signature)
    issued = asyncio.run(_issue(settings, pieces, reference, signing))
    if as_json:
        typer.echo(msgspec.json.encode(issued).decode())
    else:
        _show(issued, reference, dry_run=dry_run)
    if dry_run and issued.new:
        is_signed = sign_with is not None or signature is not None or settings.environment != "production"
        show_next_command(*(() if is_signed else ("--sign-with", "KEY")))


def _show(issued: StockIssued, reference: str, *, dry_run: bool) -> None:
    done = "Issued before, nothing changed:"
    if issued.recorded:
        done = "Issued before, and recorded now:"
    if issued.new:
        done = "Nothing is booked. This would issue" if dry_run else "Issued"
    typer.echo(f"{done} {issued.pieces:,} stamps for deposit {reference} of {format_rupiah(issued.amount)}.")
    if dry_run:
        typer.echo(f"The site can sell {issued.stock_before:,} stamps now, and {issued.stock:,} then.")
    else:
        typer.echo(f"The site can sell {issued.stock:,} stamps now, {issued.stock_before:,} before.")


async def _issue(settings: Settings, pieces: int, reference: str, signing: Signing | None) -> StockIssued:
    """Issues the stamps. `signing` None: only previews it."""
    db = await connect(
        settings.database_operator_url, connections_max=1, application_name="meterai issue-quota"
    )
    try:
        issue = await prepare_issue(db, pieces=pieces, deposit=reference, now=system_clock())
        if signing is None or issue.is_done:
            return issue.found
        actor = await released_by_two(
            db, signing, kind="quota.issue", subject=issue.subject, facts=issue.facts
        )
        return await record_deposit(
            db, pieces=pieces, deposit_reference=reference, actor=actor, now=system_clock()
        )
    finally:
        await db.close()
