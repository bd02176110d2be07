"""What the operator's commands share: who gives them, and where the service's database is."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Final

import msgspec
import typer

from meterai.cli.data_folder import data_folder
from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings, from_environment

NOT_FOLLOWED: Final = 3
"""Exit code of an act that is done, and that nobody was seen to follow; with 1 and 2 nothing is done."""


def operator_name() -> str:
    """The login name of the person at the keyboard, for the audit trail; who used sudo is named."""
    name = os.environ.get("SUDO_USER")
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def operator_settings(data: Path | None) -> Settings:
    """The settings of the running service, or those of the environment when they name a database.

    Raises: Refusal(UNAVAILABLE, "service.not_running").
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    return settings if settings.database_app_url else settings_of_running(settings)


def given_reason(reason: str) -> str:
    """The reason of an act, for the audit trail. Raises: typer.BadParameter when none is given."""
    if not reason.strip():
        raise typer.BadParameter("say why, in a few words", param_hint="--reason")
    return reason.strip()
