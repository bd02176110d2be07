"""An installation with its database and no more, made once for a run of tests: a quarter of a first start."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from chaos.running_service import without_settings
from tests.places import passing_folder

__all__ = ["copy_prepared", "share_prepared", "without_settings"]
FOLDER = "TESTS_PREPARED_IN"
"""The variable that tells the processes of a run where they share the installation."""

_kept = ExitStack()
atexit.register(_kept.close)


def share_prepared() -> None:
    """Lets this process and those that it starts share one installation. It is gone when this one ends."""
    os.environ[FOLDER] = str(_kept.enter_context(passing_folder("meterai-prepared-")))


def copy_prepared(data: Path) -> None:
    """Makes the data directory `data` with an empty, migrated database, as `meterai db migrate` does."""
    subprocess.run(["cp", "--archive", _prepared(), data], check=True)


@cache
def _prepared() -> Path:
    """The installation. The first process that needs it makes it; the others wait."""
    if FOLDER not in os.environ:
        share_prepared()
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder / "data")
            (folder / "made").touch()
    return folder / "data"


def _make(data: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "meterai.cli", "db", "migrate"],
        check=True,
        capture_output=True,
        env={**without_settings(), "METERAI_DATA": str(data)},
    )
    (data / "postgres" / "port").unlink()  # copies run side by side
