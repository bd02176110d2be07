"""`meterai stop-signing` and `meterai resume-signing`: the stop switch."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_settings import (
    NOT_FOLLOWED,
    given_reason,
    operator_settings,
)
from meterai.cli.operator.shared.signer_confirmation import Followed, wait_for_signer
from meterai.cli.operator.shared.signing import (
    SignatureOption,
    Signing,
    SignWithOption,
    released_by_two,
    signed_by_one,
)
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database, connect
from meterai.kit.settings import Settings
from meterai.kit.stop_switches import SEALING_STOPPED
from meterai.operations.use_cases import stop_signing as switch
from meterai.stamping.signer_client import SignerClient


def stop_signing(
    reason: Annotated[str, typer.Option(help="Why; for the audit trail, customers don't see it.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Stop every new signature within 5 seconds. What was accepted waits and loses nothing.

    Exit code 3: the switch is thrown, but the signer was not seen to follow; 1 or 2: it is not thrown; 4: not
    yet, your signature is missing.
    """
    asyncio.run(_set(data, reason, Signing(sign_with, signature), stopped=True))


def resume_signing(
    reason: Annotated[str, typer.Option(help="Why it is safe again; for the audit trail.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Release the stop switch, once two officers have signed. What waited is finished by itself.

    Exit code 3: the switch is released, but the signer was not seen to follow; 1 or 2: it is not released;
    4: not yet, a signature is missing.
    """
    asyncio.run(_set(data, reason, Signing(sign_with, signature), stopped=False))


async def _set(data: Path | None, reason: str, signing: Signing, *, stopped: bool) -> None:
    reason = given_reason(reason)
    settings = operator_settings(data, of_any_release=True)
    db = await connect(
        settings.database_operator_url, connections_max=1, application_name="meterai stop-signing"
    )
    try:
        found = await _act(db, reason, signing, stopped=stopped)
    finally:
        await db.close()
    typer.echo("The switch is thrown." if stopped else "The switch is released.")
    followed = await signer_obeys(settings, stopped=stopped)
    typer.echo(followed.words)
    typer.echo(f"Documents that wait to be stamped: {found.waiting}.")
    if not followed.seen:
        raise typer.Exit(NOT_FOLLOWED)


async def _act(db: Database, reason: str, signing: Signing, *, stopped: bool) -> switch.Signing:
    facts = {"reason": reason}
    if stopped:
        actor = await signed_by_one(db, signing, kind="sealing.stop", subject=SEALING_STOPPED, facts=facts)
        return await switch.stop_signing(db, reason=reason, actor=actor, now=system_clock())
    actor = await released_by_two(db, signing, kind="sealing.resume", subject=SEALING_STOPPED, facts=facts)
    return await switch.resume_signing(db, reason=reason, actor=actor, now=system_clock())


async def signer_obeys(settings: Settings, *, stopped: bool) -> Followed:
    """Waits until the signer has seen the switch."""
    client = SignerClient.of(settings)

    async def has_seen() -> bool:
        return await client.stopped() is stopped

    try:
        return await wait_for_signer(
            has_seen,
            does="signs nothing any more" if stopped else "signs again",
            not_there="nothing is signed; it asks for the switch when it starts.",
        )
    finally:
        await client.close()
