"""Takes a queue's files back to the state of its rows. The controller continues from there.

After a restore from an older copy the files are ahead of the database. The rest is cut off, because rows
decide and files follow. The later windows are put together again from the gates' journals.

Files from a copy may also be behind the database. Then the controller writes again what is missing. Only
lists of windows whose joins stood in the gates' journals alone are lost.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.gate_journal import SEQUENCE
from meterai.waiting_room.files.gate_register import STEP, GateRegister
from meterai.waiting_room.files.join_counts import forget_counts
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts
from meterai.waiting_room.files.promise_book import promises_size
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, EntryKind, read_entries
from meterai.waiting_room.files.published_documents import Close, GateCount, Head, Status
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.window_files import RECORD, GateSign, counted_joins

RESTORE = "restore"
"""The action that says so in the public log."""
_WINDOW = re.compile(r"(\d+)\.(close\.json|ids|reveal\.json)")


class RewoundFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What was cut off a queue's files."""

    event: str
    entries: int
    """Entries cut off the public log."""
    head: str
    """SIZE:ROOT of the last head that was cut off; empty: none was."""
    epoch: int
    """The greatest epoch in the files."""
    acts: list[OperatorFacts]
    """Actions of operators in that time, which the rows do not know."""


class LostList(msgspec.Struct, frozen=True, kw_only=True):
    """A closed window that must be published again, although the gates' journals lack some of its joins."""

    window: int
    joins: int
    """The number of missing joins."""
    gates: list[int]
    """The gates that counted them."""
    ids: bytes
    """The rest of the list."""
    document: bytes


def log_size(folder: QueueFolder) -> int:
    """The number of entries in the log's file."""
    path = folder.log / ENTRIES
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(line.endswith(b"\n") for line in file)


def closed_in(folder: QueueFolder, closed_through: int) -> int:
    """The last window up to this one whose published end exists; -1: none does."""
    while closed_through >= 0 and not folder.window_close(closed_through).exists():
        closed_through -= 1
    return closed_through


def lost_list(folder: QueueFolder, window: int, document: bytes) -> LostList | None:
    """The rest of a closed window's list; None: nothing is missing."""
    close = published_documents.decode(document, Close)
    left = {one.gate: _joins_left(folder, window, one) for one in close.gates}
    lacking = {one.gate: one.count - len(left[one.gate]) // RECORD for one in close.gates}
    gates = [gate for gate, joins in lacking.items() if joins]
    ids = b"".join(left.values())
    joins = sum(lacking.values())
    return LostList(window=window, joins=joins, gates=gates, ids=ids, document=document) if gates else None


def publish_rest(folder: QueueFolder, lost: LostList) -> None:
    """Publishes the end of a window with the rest of its list."""
    publish(folder.window_ids(lost.window), lost.ids)
    publish(folder.window_close(lost.window), lost.document)


def promises_there(folder: QueueFolder, read: Mapping[str, int]) -> dict[str, int]:
    """How far the controller has read each gate's promises. The file of a copy may be shorter."""
    return {gate: min(place, promises_size(folder.gate(int(gate)))) for gate, place in read.items()}


def rewind(folder: QueueFolder, *, log_size: int, closed_through: int, revealed_through: int) -> RewoundFiles:
    """Cuts off what is newer than rows with these figures. No controller may run."""
    last = _last_head(folder.log / HEADS)
    acts = _acts_from(folder.log / ENTRIES, log_size)
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
    return RewoundFiles(
        event=folder.slug,
        entries=cut,
        head=f"{last.size}:{last.root}" if last is not None and is_cut else "",
        epoch=max(_epochs(folder), default=0),
        acts=acts,
    )


def forget_gates(folder: QueueFolder, *, window: int, now: float) -> None:
    """Treats the gates' files as those of a copy: places given since then, up to this window, are unknown.

    So each gate is declared dead there, and continues far behind the sequences that it may have given. The
    status is signed again, because gates trust its clock.
    """
    for number in folder.gates():
        (folder.gate(number) / SEQUENCE).unlink(missing_ok=True)
        register = GateRegister(folder.known_gate(number))
        register.note(window, max(1, register.highest - STEP))
        sign = GateSign(gate=number, unsure_through=window)
        publish(folder.gate_sign(number), msgspec.json.encode(sign))
    key = folder.keys().controller
    with suppress(OSError, Refusal):
        status = published_documents.read(folder.status.read_bytes(), Status, key.public_key())
        publish(folder.status, published_documents.sign(msgspec.structs.replace(status, at=int(now)), key))


def _joins_left(folder: QueueFolder, window: int, count: GateCount) -> bytes:
    with suppress(FileNotFoundError):
        return counted_joins(folder, window, count)
    return b""


def _acts_from(path: Path, size: int) -> list[OperatorFacts]:
    """Actions of operators from this entry on."""
    if not path.exists():
        return []
    found = [entry for _, entry in read_entries(path) if entry.n >= size and entry.what is EntryKind.OPERATOR]
    acts = [msgspec.convert(entry.facts, OperatorFacts) for entry in found]
    return [act for act in acts if act.action not in (CLOCK_SET_RIGHT, RESTORE)]


def _cut_entries(path: Path, size: int) -> int:
    """Keeps the first `size` lines. Returns how many were cut off."""
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
    return published_documents.decode(line.partition(b" ")[0], Head)


def _last_head(path: Path) -> Head | None:
    lines = _lines(path) if path.exists() else []
    return _head(lines[-1]) if lines else None


def _epochs(folder: QueueFolder) -> list[int]:
    found = [int(path.name) for path in (folder.path / "stage").glob("*") if path.name.isdigit()]
    with suppress(OSError, Refusal):
        raw = folder.status.read_bytes().partition(b"\n")[0]
        found.append(published_documents.decode(raw, Status).epoch)
    return found
