"""Takes a queue's files back to where its restored rows stand, from where the controller goes on.

The files are ahead of a database that was restored from an older copy. What they have more is cut off, for
rows decide and files follow; the windows after it are put together again from the gates' journals.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import msgspec

from meterai.kernel.errors import Refusal
from meterai.waiting_room import documents
from meterai.waiting_room.counts import forget_counts
from meterai.waiting_room.documents import Head, Status
from meterai.waiting_room.folder import GateSign
from meterai.waiting_room.gate_register import STEP, GateRegister
from meterai.waiting_room.journal import SEQUENCE
from meterai.waiting_room.public_log import ENTRIES, HEADS
from meterai.waiting_room.queue_folder import QueueFolder, publish

_WINDOW = re.compile(r"(\d+)\.(close\.json|ids|reveal\.json)")


class Rewound(msgspec.Struct, frozen=True, kw_only=True):
    """What was cut off a queue's files."""

    event: str
    entries: int
    """Of the public log."""
    head: str
    """SIZE:ROOT of the last head that was cut off; empty: none was."""
    epoch: int
    """The greatest that the files have seen."""


def rewind(folder: QueueFolder, *, log_size: int, closed_through: int, revealed_through: int) -> Rewound:
    """Cuts off what rows with these figures do not know. No controller may run."""
    last = _last_head(folder.log / HEADS)
    cut = _cut_entries(folder.log / ENTRIES, log_size)
    if (folder.log / HEADS).exists():
        kept = [line for line in _lines(folder.log / HEADS) if _head(line).size <= log_size]
        publish(folder.log / HEADS, b"".join(kept))
    folder.log_mark.unlink(missing_ok=True)
    forget_counts(folder, behind=closed_through)
    for path in (folder.public / "w").glob("*"):
        if match := _WINDOW.fullmatch(path.name):
            through = revealed_through if match[2] == "reveal.json" else closed_through
            if int(match[1]) > through:
                path.unlink()
    is_cut = last is not None and last.size > log_size
    return Rewound(
        event=folder.slug,
        entries=cut,
        head=f"{last.size}:{last.root}" if last is not None and is_cut else "",
        epoch=max(_epochs(folder), default=0),
    )


def forget_gates(folder: QueueFolder, *, window: int, now: float) -> None:
    """The gates' files come from a copy: nobody knows who took a place since, up to this window.

    So each gate is declared dead there, and goes on well behind the sequences that it may have given. The
    status is signed anew, for gates believe its clock.
    """
    for number in folder.gates():
        (folder.gate(number) / SEQUENCE).unlink(missing_ok=True)
        register = GateRegister(folder.known_gate(number))
        register.note(window, max(1, register.highest - STEP))
        sign = GateSign(gate=number, unsure_through=window)
        publish(folder.gate(number) / "gate.json", msgspec.json.encode(sign))
    key = folder.keys().controller
    with suppress(OSError, Refusal):
        status = documents.read(folder.status.read_bytes(), Status, key.public_key())
        publish(folder.status, documents.sign(msgspec.structs.replace(status, at=int(now)), key))


def _cut_entries(path: Path, size: int) -> int:
    """Keeps the first `size` lines; how many were cut off."""
    if not path.exists():
        return 0
    kept = lines = 0
    with path.open("r+b") as file:
        for line in file:
            lines += 1
            if lines <= size:
                kept += len(line)
        file.truncate(kept)
        os.fsync(file.fileno())
    return max(0, lines - size)


def _lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _head(line: bytes) -> Head:
    return documents.decode(line.partition(b" ")[0], Head)


def _last_head(path: Path) -> Head | None:
    lines = _lines(path) if path.exists() else []
    return _head(lines[-1]) if lines else None


def _epochs(folder: QueueFolder) -> list[int]:
    found = [int(path.name) for path in (folder.path / "stage").glob("*") if path.name.isdigit()]
    with suppress(OSError, Refusal):
        raw = folder.status.read_bytes().partition(b"\n")[0]
        found.append(documents.decode(raw, Status).epoch)
    return found
