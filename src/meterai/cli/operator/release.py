"""`meterai release`: acts that wait for a second officer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.incident_ends import show_asked
from meterai.cli.operator.shared.operator_settings import NOT_FOLLOWED, given_reason, operator_settings
from meterai.cli.operator.shared.signing import (
    WAITS,
    SignatureOption,
    Signing,
    SignWithOption,
    signature_of,
    signed_by_one,
)
from meterai.cli.operator.stop_signing import signer_obeys
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database, connect
from meterai.kit.settings import Settings, trust_folder
from meterai.news.apology.publish import KIND as APOLOGY
from meterai.operations.officers import requests
from meterai.operations.officers.act_text import Act
from meterai.operations.officers.requests import ReleaseRequest
from meterai.operations.use_cases.sign_request import Signed
from meterai.operations.use_cases.sign_request import sign_request as add_signature
from meterai.operations.use_cases.withdraw_request import ACTION as WITHDRAW
from meterai.operations.use_cases.withdraw_request import facts_of_withdrawal
from meterai.operations.use_cases.withdraw_request import withdraw_request as withdraw
from meterai.verification.trust import trusted_roots

_Number = Annotated[int, typer.Argument(help="Number of the request, from `meterai release list`.")]
_SHOWN = 80


def list_requests(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show the acts that wait for an officer's signature."""

    async def work(db: Database, _: Settings) -> list[ReleaseRequest]:
        async with db.connection() as connection:
            return await requests.open_requests(connection)

    found = _run(data, work)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for request in found:
        typer.echo(_line(request))
    if not found:
        typer.echo("No act waits for a signature.")


def show_request(number: _Number, data: DataOption = None) -> None:
    """Show what a request is for, who has signed it, and who may."""

    async def work(db: Database, _: Settings) -> ReleaseRequest:
        async with db.connection() as connection:
            found = await requests.find_request(connection, number)
        await _show_text(db, found)
        return found

    _show(_run(data, work))


def sign_request(
    number: _Number,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Sign a request. The last signature carries it out.

    Exit code 3: the stop switch is released, but the signer was not seen to follow; 4: nothing is done yet,
    another signature is missing.
    """

    signing = Signing(sign_with, signature)
    outcome = _run(data, lambda db, settings: _sign(db, settings, number, signing))
    if not outcome.released:
        typer.echo(f"Signed. Nothing is done yet: another officer runs meterai release sign {number}")
        raise typer.Exit(WAITS)
    if not outcome.done:
        typer.echo("Released. The service carries it out within a minute.")


def withdraw_request(
    number: _Number,
    reason: Annotated[str, typer.Option(help="Why; for the audit trail. It names nobody.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Withdraw a request, as the officer who asked or as an admin. Nobody can sign it any more."""
    why, signing = given_reason(reason), Signing(sign_with, signature)

    async def work(db: Database, _: Settings) -> None:
        async with db.connection() as connection:
            request = await requests.find_request(connection, number)
        facts = facts_of_withdrawal(request, why)
        actor = await signed_by_one(db, signing, kind=WITHDRAW, subject=str(number), facts=facts)
        await withdraw(db, request, reason=why, actor=actor, now=system_clock())

    _run(data, work)
    typer.echo(f"Request {number} is withdrawn. Nothing was done.")


async def _sign(db: Database, settings: Settings, number: int, signing: Signing) -> Signed:
    async with db.connection() as connection:
        request = await requests.find_request(connection, number)
    await _show_text(db, request)
    _show(request)
    if request.released_at is not None:
        return Signed(released=True)
    act = Act(kind=request.kind, subject=request.subject, facts=request.facts, request=request.number)
    signed = await signature_of(db, signing, act)
    roots = partial(trusted_roots, trust_folder(settings))
    outcome = await add_signature(db, request, signed, roots=roots, now=system_clock())
    if outcome.done:
        typer.echo(outcome.done)
        if request.kind == "sealing.resume":
            await _await_signer(settings)
    return outcome


async def _await_signer(settings: Settings) -> None:
    followed = await signer_obeys(settings, stopped=False)
    typer.echo(followed.words)
    if not followed.seen:
        raise typer.Exit(NOT_FOLLOWED)


async def _show_text(db: Database, request: ReleaseRequest) -> None:
    """Shows the whole of what is published, if the request is for that."""
    if request.kind == APOLOGY:
        await show_asked(db, request.subject, request.facts)


def _line(request: ReleaseRequest) -> str:
    signed = f"signed by {', '.join(request.signed_by)}" if request.signed_by else "not signed yet"
    facts = ", ".join(f"{name}: {_short(value)}" for name, value in request.facts.items())
    return (
        f"{request.number}  {request.kind}  {request.subject}  {facts}\n"
        f"  {signed}, until {request.expires_at.astimezone():%d %b %Y %H:%M %Z}"
    )


def _show(request: ReleaseRequest) -> None:
    typer.echo(_line(request))
    others = [name for name in request.may_sign if name not in request.signed_by]
    typer.echo(f"  may sign: {', '.join(others) or 'nobody'} (role {' or '.join(request.roles)})")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _run[R](data: Path | None, work: Callable[[Database, Settings], Awaitable[R]]) -> R:
    return asyncio.run(_with_database(operator_settings(data, of_any_release=True), work))


async def _with_database[R](settings: Settings, work: Callable[[Database, Settings], Awaitable[R]]) -> R:
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai release")
    try:
        return await work(db, settings)
    finally:
        await db.close()
