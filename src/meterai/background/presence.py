"""The name of a worker or a controller, and its sign of life."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from meterai.kit.files.file_lock import locked

_PROCESSES_MAX = 256


class Presence:
    """Takes the first free name of `worker-1`, `worker-2`, ... by a locked file in DATA/run.

    The lock goes with the process, however it ends, and the next one to take the name knows: what is leased
    to that name was left behind.
    """

    def __init__(self, run_folder: Path, kind: str = "worker") -> None:
        """Raises: RuntimeError when every name is taken."""
        run_folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, _PROCESSES_MAX + 1):
            self.name = f"{kind}-{number}"
            try:
                self._file = locked(run_folder / f"{self.name}.json")
            except BlockingIOError:
                continue
            return
        raise RuntimeError(f"too many processes on this machine: {kind}")

    def show(self, facts: dict[str, object]) -> None:
        """Writes the sign of life: a JSON object, for the launcher and for whoever looks."""
        body = msgspec.json.encode({"name": self.name, "pid": os.getpid(), **facts}) + b"\n"
        os.pwrite(self._file, body, 0)
        os.ftruncate(self._file, len(body))

    def close(self) -> None:
        """Frees the name."""
        os.close(self._file)
