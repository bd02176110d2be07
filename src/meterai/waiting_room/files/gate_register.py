"""What a gate has begun, noted beside its folder: so that a folder that is gone is missed.

`known/<number>` in the folder of the queue: the latest window in which the gate gave tickets, and a sequence
that it has passed by less than `STEP`. Written before a ticket that it must tell of is given; once a window.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from meterai.waiting_room.files.queue_folder import QueueFolder, publish

STEP: Final = 100_000
_FORM = struct.Struct(">iI")


class GateRegister:
    """The note of one gate. A damaged one counts as that of a gate that was never there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.window, self._sequence = _read(path)

    @property
    def highest(self) -> int:
        """No greater sequence was given; 0: the gate never gave a ticket."""
        return self._sequence + STEP if self._sequence else 0

    def note(self, window: int, sequence: int) -> None:
        """A ticket is about to be given. Raises: OSError."""
        if window > self.window or sequence >= self._sequence + STEP:
            publish(self._path, _FORM.pack(window, sequence))
            self.window, self._sequence = window, sequence


def gates_known_from(folder: QueueFolder, window: int) -> set[int]:
    """Gates that gave tickets in this window or a later one, whatever became of their folders."""
    found = folder.path / "known"
    paths = [path for path in found.iterdir() if path.name.isdigit()] if found.exists() else []
    return {int(path.name) for path in paths if _read(path)[0] >= window}


def _read(path: Path) -> tuple[int, int]:
    try:
        window, sequence = _FORM.unpack(path.read_bytes())
    except (OSError, struct.error):
        return -1, 0
    return window, sequence
