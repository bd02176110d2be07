"""Notes beside each gate's folder how far the gate has come, so that a lost folder is noticed.

`known/<number>` in the queue's folder holds the latest window in which the gate gave tickets, and a sequence
that its latest one exceeds by less than `STEP`. It is written before the ticket that needs it is given, and
once a window.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from meterai.waiting_room.files.queue_folder import QueueFolder, publish

STEP: Final = 100_000
_FORM = struct.Struct(">iI")


class GateRegister:
    """The note of one gate. A damaged note counts as that of a gate that never ran."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.window, self._sequence = _read(path)

    @property
    def highest(self) -> int:
        """An upper bound of the sequences given; 0: the gate never gave a ticket."""
        return self._sequence + STEP if self._sequence else 0

    def note(self, window: int, sequence: int) -> None:
        """Notes that a ticket will be given now. Raises: OSError."""
        if window > self.window or sequence >= self._sequence + STEP:
            publish(self._path, _FORM.pack(window, sequence))
            self.window, self._sequence = window, sequence


def gates_known_from(folder: QueueFolder, window: int) -> set[int]:
    """Gates that gave tickets in this window or a later one, whether or not their folders still exist."""
    found = folder.path / "known"
    paths = [path for path in found.iterdir() if path.name.isdigit()] if found.exists() else []
    return {int(path.name) for path in paths if _read(path)[0] >= window}


def _read(path: Path) -> tuple[int, int]:
    try:
        window, sequence = _FORM.unpack(path.read_bytes())
    except (OSError, struct.error):
        return -1, 0
    return window, sequence
