"""The option --data of commands that work beside a running service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.installation import default_data
from meterai.kit.settings import Settings

DataOption = Annotated[
    Path | None,
    typer.Option(help="data directory of the running service [default: METERAI_DATA, else as script/server]"),
]


def data_folder(data: Path | None) -> Path:
    """`data`, else METERAI_DATA, else the default of `script/server`."""
    return data or Path(os.environ.get("METERAI_DATA") or default_data())


def refuse_another_users(settings: Settings) -> None:
    """Refuses to store files beside a service of another user: that user could not write to them.

    Raises: Refusal FORBIDDEN `data.not_ours`.
    """
    run = settings.data / "run"
    if run.exists() and run.stat().st_uid != os.getuid():
        raise Refusal(Kind.FORBIDDEN, "data.not_ours", data=str(settings.data))
