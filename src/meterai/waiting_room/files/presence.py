"""People who looked at the wait page around closing time, as the gates wrote it down
(`gate/waiting/presence.py`).

`gates/<number>/present`: 16 bytes each, the id and the Unix time of the first look.
"""

from __future__ import annotations

import mmap

from meterai.waiting_room.files.queue_folder import QueueFolder

_ID, _RECORD = 12, 16


def seen_at(folder: QueueFolder, id: bytes) -> int | None:
    """When a gate last noted the contact (Unix seconds). Reads all notes: milliseconds for a million."""
    found: list[int] = []
    for gate in folder.gates():
        path = folder.gate(gate) / "present"
        if path.exists() and path.stat().st_size >= _RECORD:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as notes:
                found += _times(notes, id)
    return max(found, default=None)


def _times(notes: mmap.mmap, id: bytes) -> list[int]:
    times = []
    at = notes.find(id)
    while at >= 0:
        if at % _RECORD == 0 and at + _RECORD <= len(notes):
            times.append(int.from_bytes(notes[at + _ID : at + _RECORD], "big"))
        at = notes.find(id, at + 1)
    return times
