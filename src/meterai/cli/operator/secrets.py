"""`meterai secrets rotate`: a new secret of the service. For a while the one before is good, too."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_settings import operator_name, refuse_older_command
from meterai.customers.code_key import rotate_sign_in_key
from meterai.kernel.clock import system_clock
from meterai.kit import application_secret
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import connect_alone
from meterai.kit.installation import owner_url
from meterai.kit.settings import Settings, from_environment


class What(StrEnum):
    """The secrets that rotate."""

    APPLICATION = "application"
    SIGN_IN = "sign-in"
    STAMP_CODE = "stamp-code"


_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_BEGINS: Final = {What.APPLICATION: "1m", What.SIGN_IN: "0s", What.STAMP_CODE: "1d"}
_OVERLAP: Final = {What.APPLICATION: "30d", What.SIGN_IN: "2h", What.STAMP_CODE: "0s"}
_SAID: Final = {
    What.APPLICATION: "Cookies, forms and links are made with the new secret from {begins} on. Those made "
    "before are good until {until}.\nNext: on several hosts copy {folder}/secrets/application.json to each "
    "before then. Make a backup.",
    What.SIGN_IN: "Codes are made with the new key from {begins} on. Those made before are good until "
    "{until} at most.\nNext: make a backup.",
    What.STAMP_CODE: "2-D codes are signed with key {key} from {begins} on. Printed codes are verified for "
    "ever.\nNext: before then publish {folder}/pki/trust/code.json, and restart every meterai verifier. Make "
    "a backup.",
}


def rotate_secret(
    what: Annotated[
        What,
        typer.Argument(
            help="application: of cookies, forms and links; sign-in: of codes that people type; stamp-code: "
            "the key of 2-D codes."
        ),
    ],
    begins_in: Annotated[
        str, typer.Option(help="From when on the new one is used: 30s, 5m, 2h, 1d. [default: 1m, 0s, 1d]")
    ] = "",
    overlap: Annotated[
        str, typer.Option(help="How long the one before then counts, too. [default: 30d, 2h, for ever]")
    ] = "",
    data: DataOption = None,
) -> None:
    """Make a new secret beside the running service. For a while the one before counts, too.

    Needs the rights of the database's owner and of the files below the data directory.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    if overlap and what is What.STAMP_CODE:
        raise typer.BadParameter("printed codes are verified for ever", param_hint="--overlap")
    ahead = _seconds(begins_in or _BEGINS[what], "--begins-in")
    lasts = _seconds(overlap or _OVERLAP[what], "--overlap")
    try:
        said = asyncio.run(_rotate(settings, what, ahead, lasts))
    except (ValueError, OSError) as error:
        typer.echo(f"Nothing has changed: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(said)


def _seconds(text: str, option: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([smhd])", text)
    if found is None:
        raise typer.BadParameter("expected 30s, 5m, 2h or 1d", param_hint=option)
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


async def _rotate(settings: Settings, what: What, ahead: timedelta, lasts: timedelta) -> str:
    """Rotates, with its entry in the audit trail. Returns what to tell the officer.

    Raises: ValueError, OSError; asyncpg.PostgresError.
    """
    now = system_clock()
    begins, until = now + ahead, now + ahead + lasts
    owner = await connect_alone(owner_url(settings), application_name="meterai secrets")
    try:
        async with owner.transaction():
            facts = {"begins": begins.isoformat(), "before_ends": until.isoformat()}
            if what is What.STAMP_CODE:
                del facts["before_ends"]
            await write_audit(
                owner, actor=operator_name(), action="secret.rotate", subject=what, facts=facts, now=now
            )
            key_id = await _make(owner, settings.data, what, now, begins=begins, until=until)
    finally:
        await owner.close()
    times = {"begins": f"{begins:%Y-%m-%d %H:%M:%S} UTC", "until": f"{until:%Y-%m-%d %H:%M:%S} UTC"}
    return _SAID[what].format(folder=settings.data, key=key_id, **times)


async def _make(
    owner: asyncpg.Connection[Any],
    data: Path,
    what: What,
    now: datetime,
    *,
    begins: datetime,
    until: datetime,
) -> int:
    """Makes the new one. Returns its id, if it has one."""
    if what is What.SIGN_IN:
        await rotate_sign_in_key(owner, begins=begins, until=until)
    elif what is What.APPLICATION:
        application_secret.rotate(data / "secrets", now, begins=begins, until=until)
    else:
        from meterai.stamping.signer.private_keys.code_key import rotate_code_key

        return rotate_code_key(data / "pki", now, begins=begins).key_id
    return 0
