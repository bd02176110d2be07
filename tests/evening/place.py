"""The service of the evening: every process has the evening's clock, and officers are recorded."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Final
from zoneinfo import ZoneInfo

from meterai.kit.formats.display import JAKARTA
from tests.officers import make_officers
from tests.places import passing_folder
from tests.prepared import copy_prepared, without_settings
from tests.running_service import RunningService, launch

WIB: Final = ZoneInfo(JAKARTA)
FAKE_CLOCK: Final = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
_CLOCK: Final = Path(__file__).parent / "clock"
_HEARD_WITHIN_S: Final = 2.0
"""Processes read the clock's file again each second (`clock/sitecustomize.py`)."""


@dataclass(slots=True)
class EveningClock:
    """The clock of all processes: ahead of the machine's by the seconds in a file."""

    file: Path
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """What the processes take for the time."""
        return datetime.now(UTC) + self.ahead

    def begin(self, hour: int, minute: int) -> None:
        """Sets it to the next such time in Jakarta, so that it is never behind the machine's."""
        now = datetime.now(WIB)
        wanted = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.ahead = (wanted if wanted > now else wanted + timedelta(days=1)) - now
        self._write()

    def pass_to(self, hour: int, minute: int) -> None:
        """Lets the time pass to the next such time in Jakarta, at once."""
        now = self.now().astimezone(WIB)
        wanted = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.ahead += (wanted if wanted > now else wanted + timedelta(days=1)) - now
        self._write()
        time.sleep(_HEARD_WITHIN_S)

    def pass_by(self, *, minutes: int) -> None:
        """Lets so many minutes pass at once."""
        self.ahead += timedelta(minutes=minutes)
        self._write()
        time.sleep(_HEARD_WITHIN_S)

    def _write(self) -> None:
        part = self.file.with_suffix(".part")
        part.write_text(f"{self.ahead.total_seconds():+.0f}\n")
        part.chmod(0o644)  # the database runs as another user
        part.rename(self.file)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the evening happens."""

    service: RunningService
    clock: EveningClock
    settings: dict[str, str]

    def meterai(self, *words: str) -> str:
        """Runs a command at the evening's time. Returns what it prints.

        Raises: AssertionError for an exit code that is not 0.
        """
        command = [sys.executable, "-m", "meterai.cli", *words, "--data", str(self.service.data)]
        given = {**without_settings(), **self.settings}
        done = subprocess.run(command, capture_output=True, text=True, env=given)
        assert not done.returncode, f"meterai {' '.join(words)}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def evening_place() -> Iterator[Place]:
    """A ready service at 23.20 WIB, gone at the end. Its officers Ani and Budi are recorded."""
    with passing_folder("meterai-evening-") as folder:
        copytree(_CLOCK, folder / "clock", ignore=lambda *_: {"__pycache__"})
        clock = EveningClock(folder / "offset")
        clock.begin(23, 20)
        copy_prepared(folder / "data")
        (folder / "keys").mkdir(mode=0o700)
        officers = make_officers(
            folder / "keys", ani=["view", "support", "content", "admin"], budi=["content", "finance", "admin"]
        )
        settings = {
            "METERAI_CONSOLE_PROCESSES": "1",
            "METERAI_STATUS_PAGE": "on",
            "METERAI_PROBE_SECONDS": "10",
            "METERAI_OFFICERS": str(officers),
            "PYTHONPATH": str(folder / "clock"),
        }
        service = launch(folder / "data", env=settings)
        try:
            service.wait_until_ready()
            yield Place(service, clock, settings)
        finally:
            if service.launcher.poll() is None:
                service.stop()
