"""`meterai stop-signing` and `meterai resume-signing`: the stop switch."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator import given_reason, operator_name, operator_settings
from meterai.kernel.clock import system_clock
from meterai.kernel.errors import Refusal
from meterai.kit.database import connect
from meterai.kit.settings import Settings
from meterai.operations.use_cases import stop_signing as switch
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path

_OBEYS_SECONDS_MAX = 5.0
_NOBODY_THERE = ("FileNotFoundError", "ConnectionRefusedError")
"""Of a socket at which no signer listens."""


def stop_signing(
    reason: Annotated[str, typer.Option(help="Why; for the audit trail, customers don't see it.")],
    data: DataOption = None,
) -> None:
    """Stop every new signature within 5 seconds. What was accepted waits and loses nothing."""
    asyncio.run(_set(data, reason, stopped=True))


def resume_signing(
    reason: Annotated[str, typer.Option(help="Why it is safe again; for the audit trail.")],
    data: DataOption = None,
) -> None:
    """Release the stop switch: what waited is finished by itself."""
    asyncio.run(_set(data, reason, stopped=False))


async def _set(data: Path | None, reason: str, *, stopped: bool) -> None:
    reason = given_reason(reason)
    settings = operator_settings(data)
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai stop-signing")
    try:
        use_case = switch.stop_signing if stopped else switch.resume_signing
        found = await use_case(db, reason=reason, actor=operator_name(), now=system_clock())
    finally:
        await db.close()
    typer.echo("The switch is thrown." if stopped else "The switch is released.")
    typer.echo(await _obeyed(settings, stopped=stopped))
    typer.echo(f"Documents that wait to be stamped: {found.waiting}.")


async def _obeyed(settings: Settings, *, stopped: bool) -> str:
    """Asks the signer until it has seen the switch."""
    client, since = SignerClient(socket_path(settings.data)), time.monotonic()
    try:
        async with asyncio.timeout(_OBEYS_SECONDS_MAX):
            while True:
                if await client.stopped() is stopped:
                    did = "signs nothing any more" if stopped else "signs again"
                    return f"The signer {did} (seen after {time.monotonic() - since:.1f} s)."
                await asyncio.sleep(0.1)
    except (Refusal, TimeoutError) as error:
        # One that hangs, or can't ask the database, may have signatures under way: it is there.
        reason = error.facts.get("reason") if isinstance(error, Refusal) else ""
        if reason in _NOBODY_THERE:
            return (
                "The signer does not run here, so nothing is signed; it asks for the switch when it starts."
            )
        return "The signer has not followed within 5 s: end its process (docs/keys.md, emergency stop)."
    finally:
        await client.close()
