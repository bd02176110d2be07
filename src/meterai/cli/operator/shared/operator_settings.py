"""The person who gives an operator command, and the settings of the service."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Final

import msgspec
import typer

from meterai.cli.data_folder import data_folder
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.installation import read_addresses, settings_of_running
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.schema.migrate import head_version

NOT_FOLLOWED: Final = 3
"""Exit code: the change was made, but no process was seen to follow it. With 1 and 2 nothing was changed."""

_LOGIN_UID: Final = Path("/proc/self/loginuid")
_NO_LOGIN: Final = 2**32 - 1


def operator_name() -> str:
    """The login name of the person at the keyboard, also behind sudo, where no officer signs.

    Nobody has checked it: acts that matter in production are signed (`shared/signing.py`).
    The kernel remembers the login through su and sudo (pam_loginuid). Where it does not, SUDO_USER is
    taken, then the user of the process. Other variables (LOGNAME, USER) can be set by anybody.
    """
    try:
        login = int(_LOGIN_UID.read_text())
    except (OSError, ValueError):
        login = _NO_LOGIN
    if login != _NO_LOGIN:
        return _name_of(login)
    return os.environ.get("SUDO_USER") or _name_of(os.getuid())


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def operator_settings(data: Path | None, *, of_any_release: bool = False) -> Settings:
    """The settings of the running service, or of the environment when that names a database.

    `of_any_release`: works beside a newer service too, for commands that can't wait.

    Raises: Refusal(UNAVAILABLE, "service.not_running"), and what `refuse_older_command` raises.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    if not of_any_release:
        refuse_older_command(settings.data)
    return settings if settings.database_operator_url else settings_of_running(settings)


def reader_settings(data: Path | None) -> Settings:
    """The settings for commands that only read.

    When the environment names the reader's database address, no running service is needed.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    return settings if settings.database_reader_url else settings_of_running(settings)


def refuse_older_command(data: Path) -> None:
    """Refuses to work beside a newer service, as happens when a timer or PATH still names the older release.

    An older command would write and judge by outdated rules.

    Raises: Refusal(CONFLICT, "service.newer", checkout=...).
    """
    try:
        service = read_addresses(data)
    except Refusal:
        return  # none runs here
    if service.schema > head_version():
        raise Refusal(Kind.CONFLICT, "service.newer", checkout=service.checkout)


def given_reason(reason: str) -> str:
    """The reason of an act, for the audit trail. Raises: typer.BadParameter when none is given."""
    if not reason.strip():
        raise typer.BadParameter("say why, in a few words", param_hint="--reason")
    return reason.strip()
