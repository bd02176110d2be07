"""An installation with its database and no more, made once in a test process: a quarter of a first start."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from tests.places import passing_folder

_kept = ExitStack()
atexit.register(_kept.close)


def without_settings() -> dict[str, str]:
    """The environment of this process without the product's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("METERAI_")}


def copy_prepared(data: Path) -> None:
    """Makes the data directory `data` with an empty, migrated database, as `meterai db migrate` does."""
    subprocess.run(["cp", "--archive", _prepared(), data], check=True)


@cache
def _prepared() -> Path:
    data = _kept.enter_context(passing_folder("meterai-prepared-")) / "data"
    subprocess.run(
        [sys.executable, "-m", "meterai.cli", "db", "migrate"],
        check=True,
        capture_output=True,
        env={**without_settings(), "METERAI_DATA": str(data)},
    )
    (data / "postgres" / "port").unlink()  # copies run side by side
    return data
