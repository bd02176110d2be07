"""`meterai erase`: erases a person's values in the audit trail."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_settings import given_reason, operator_settings
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, signed_by_one
from meterai.kernel.clock import system_clock
from meterai.kit.database import connect
from meterai.operations.use_cases.erase_values import erase_values


def erase(
    person: Annotated[
        str, typer.Argument(help="The customer's id, as the audit trail has it, or the number of a case.")
    ],
    reason: Annotated[str, typer.Option(help="Why; for the audit trail. It names nobody.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Erase a person's contacts, names and account numbers in the audit trail. It can't be undone.

    The entries stay, and `meterai history --verify` still holds. An officer with the role admin signs.
    """
    done = asyncio.run(_erase(data, person, given_reason(reason), Signing(sign_with, signature)))
    typer.echo(f"Erased {done} value{'' if done == 1 else 's'}.")


async def _erase(data: Path | None, person: str, reason: str, signing: Signing) -> int:
    settings = operator_settings(data)
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai erase")
    try:
        actor = await signed_by_one(db, signing, kind="audit.erase", subject=person, facts={"reason": reason})
        return await erase_values(db, person, reason=reason, actor=actor, now=system_clock())
    finally:
        await db.close()
