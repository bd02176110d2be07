"""The option --data that commands beside a running service share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meterai.kit.installation import default_data

DataOption = Annotated[
    Path | None,
    typer.Option(help="data directory of the running service [default: METERAI_DATA, else as script/server]"),
]


def data_folder(data: Path | None) -> Path:
    """`data`, else METERAI_DATA, else where `script/server` puts it."""
    return data or Path(os.environ.get("METERAI_DATA") or default_data())
