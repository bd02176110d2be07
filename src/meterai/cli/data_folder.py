"""The option --data that commands beside a running service share."""

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
    """`data`, else METERAI_DATA, else where `script/server` puts it."""
    return data or Path(os.environ.get("METERAI_DATA") or default_data())


def refuse_another_users(settings: Settings) -> None:
    """For commands that store files beside the service: what root stores, its user could not write to.

    Raises: Refusal FORBIDDEN `data.not_ours`.
    """
    run = settings.data / "run"
    if run.exists() and run.stat().st_uid != os.getuid():
        raise Refusal(Kind.FORBIDDEN, "data.not_ours", data=str(settings.data))
