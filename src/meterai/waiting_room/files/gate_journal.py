"""The journal of one gate: its joins by window, in files that are only appended to.

`w<window>.joins` has records of 36 bytes: the ticket's 32 and their CRC-32. A ticket is handed out only after
its record is on the disk. So sequences continue without a gap after any crash, and none is used twice: nobody
has seen the tickets that a crash cut off. A window that was closed is never written again.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from meterai.kit.files.file_lock import locked
from meterai.waiting_room.files.published_documents import GateCount
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.rules.tickets import Ticket, join_record_of, parse_data

RECORD_BYTES = 36
SEQUENCE_MAX = 2**32 - 1
AFTER_LOSS = 1_000_000
"""The number of sequences to skip when files are gone, because some of them may have been given."""
SEQUENCE = "sequence"
"""The file with the highest sequence. A gate's folder without it is new, or its files were lost."""
_HIGH = struct.Struct(">I")
_CRC = struct.Struct(">I")
_NAME = re.compile(r"w(\d+)\.(joins|close\.json)")


@dataclass(slots=True)
class _Open:
    """A window that takes joins."""

    file: int
    first_sequence: int
    count: int = 0
    last_sequence: int = 0

    def take(self, data: bytes) -> None:
        self.count += 1
        self.last_sequence = _sequence_of(data)


@dataclass(frozen=True, slots=True)
class Batch:
    """Joins that the kernel has and the disk may not have yet."""

    files: tuple[int, ...]
    last_sequence: int
    high_file: int
    windows: tuple[int, ...] = ()

    def sync(self) -> None:
        """Waits until the joins are on the disk. Only then it notes the highest sequence."""
        for file in self.files:
            os.fdatasync(file)
        os.pwrite(self.high_file, _HIGH.pack(self.last_sequence), 0)


class Journal:
    """The joins of one gate for one event, in its folder. A lock allows one process at a time.

    - `published_high`: the greatest sequence of this gate in any published document. If the files hold less,
      some were lost. Then the sequence continues far behind it.
    - `carried_high`: the greatest sequence that other hosts know of this gate; as above.
    - `read_from`: earlier windows are closed and published. Their files are not read.

    Raises: BlockingIOError when another process has the folder; OSError.
    """

    def __init__(
        self, folder: Path, gate: int, *, published_high: int = 0, carried_high: int = 0, read_from: int = 0
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.gate = gate
        self._folder = folder
        self._lock = locked(folder / "lock")
        self._high_file = -1
        self._windows: dict[int, _Open] = {}
        self._unwritten: dict[int, list[bytes]] = {}
        self.closed_through = -1
        self.unsure_through = -1
        """Files were lost, so the counts of windows up to this one are unknown.

        The gate does not report them. The controller then declares the gate dead there and honours its
        tickets.
        """
        try:
            self._high_file = os.open(folder / SEQUENCE, os.O_RDWR | os.O_CREAT, 0o644)
            self._recover(published_high, carried_high, read_from)
        except BaseException:
            self.abandon()
            raise

    # ------------------------------------------------------------------ joins

    def next_sequence(self) -> int:
        """The next sequence. The join that is appended with it takes it.

        Raises: OverflowError when a gate's four billion are used up.
        """
        if self._last >= SEQUENCE_MAX:
            raise OverflowError("this gate has used all its sequences: start one with another number")
        return self._last + 1

    def append(self, window: int, data: bytes) -> None:
        """Counts a join, given as a ticket's 32 bytes. It is durable only after the next batch is synced.

        Raises: ValueError when the window is closed here; OSError, and the sequence is not used.
        """
        if window <= self.closed_through:
            raise ValueError(f"window {window} is closed")
        (self._windows.get(window) or self._open(window, _sequence_of(data))).take(data)
        self._last = _sequence_of(data)
        self._unwritten.setdefault(window, []).append(data + _CRC.pack(zlib.crc32(data)))

    def write(self) -> Batch | None:
        """Hands everything appended to the kernel; None when there is nothing new.

        No window may be closed before the batch is synced.
        """
        if not self._unwritten:
            return None
        pending, self._unwritten = self._unwritten, {}
        for number, records in pending.items():
            _write_all(self._windows[number].file, b"".join(records))
        files = tuple(self._windows[number].file for number in pending)
        return Batch(files, self._last, self._high_file, tuple(pending))

    def flush(self) -> None:
        """Makes everything appended durable."""
        if batch := self.write():
            batch.sync()

    # ---------------------------------------------------------------- closing

    def close_through(self, window: int, *, empty_from: int) -> list[int]:
        """Closes every window up to this one for good, and publishes the counts of each.

        Windows without a join get a document from `empty_from` on. These are the windows since this gate
        runs. Returns the windows of which something was written.
        """
        if window <= self.closed_through:
            return []
        self.flush()
        closed = sorted(number for number in self._windows if number <= window)
        for number in closed:
            self._close(number)
        for number in range(max(empty_from, self.closed_through + 1), window + 1):
            if number > self.unsure_through and not self.close_path(number).exists():
                publish(self.close_path(number), msgspec.json.encode(_count(self.gate, None)))
                closed.append(number)
        self.closed_through = window
        return closed

    def close_path(self, window: int) -> Path:
        """The document that closes a window at this gate."""
        return self._folder / f"w{window}.close.json"

    def count(self, window: int) -> int:
        """Joins so far in a window that is open."""
        found = self._windows.get(window)
        return found.count if found else 0

    def close(self) -> None:
        """Makes everything durable and releases the folder."""
        self.flush()
        self.abandon()

    def abandon(self) -> None:
        """Releases the folder as it is. Joins that were appended but not written are lost, as in a crash."""
        for window in self._windows.values():
            os.close(window.file)
        self._windows.clear()
        if self._high_file >= 0:
            os.close(self._high_file)
        os.close(self._lock)

    # --------------------------------------------------------------- recovery

    def _recover(self, published_high: int, carried_high: int, read_from: int) -> None:
        self._last = highest = self._read_high()
        found = published_high if read_from > 0 else 0
        numbers: dict[str, set[int]] = {"joins": set(), "close.json": set()}
        for name in os.listdir(self._folder):
            if match := _NAME.fullmatch(name):
                numbers[match[2]].add(int(match[1]))
        self.closed_through = max(numbers["close.json"], default=-1)
        published = {number for number in numbers["close.json"] if number < read_from}
        for number in sorted(numbers["joins"] - published):
            told = self._told(number) if number in numbers["close.json"] else None
            found = max(found, self._reopen(number) if told is None else told.last_sequence)
        told_high = max(highest, published_high, carried_high)
        if found < told_high and (closed := numbers["joins"] & published):
            # files that a gate wrote after it was declared dead are never published
            told = self._told(max(closed))
            found = max(found, told.last_sequence if told else 0)
        self.lost = found < told_high
        self._last = max(found, told_high) + (AFTER_LOSS if self.lost else 0)
        if self.lost:  # noted at once, because the next process would not know it
            os.pwrite(self._high_file, _HIGH.pack(self._last), 0)
            os.fdatasync(self._high_file)
        for number in [n for n in self._windows if n <= self.closed_through]:
            self._close(number)

    def _told(self, number: int) -> GateCount | None:
        """The document that closed a window. None when it is damaged: then the joins are counted and
        closed again."""
        try:
            return msgspec.json.decode(self.close_path(number).read_bytes(), type=GateCount)
        except msgspec.MsgspecError:
            return None

    def _reopen(self, number: int) -> int:
        """Reads a window's joins, cuts off an incomplete record, and continues. Returns the last sequence."""
        path = self._path(number)
        with path.open("rb") as file:
            for data in _whole_records(file):
                (self._windows.get(number) or self._open(number, _sequence_of(data))).take(data)
        window = self._windows.get(number)
        if window is None:
            path.unlink()
            return 0
        os.ftruncate(window.file, window.count * RECORD_BYTES)
        os.fdatasync(window.file)
        return window.last_sequence

    def _read_high(self) -> int:
        raw = os.pread(self._high_file, _HIGH.size, 0)
        return int(_HIGH.unpack(raw)[0]) if len(raw) == _HIGH.size else 0

    def _open(self, number: int, first_sequence: int) -> _Open:
        file = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        window = self._windows[number] = _Open(file, first_sequence)
        return window

    def _close(self, number: int) -> None:
        window = self._windows[number]
        if number > self.unsure_through:
            publish(self.close_path(number), msgspec.json.encode(_count(self.gate, window)))
        os.close(self._windows.pop(number).file)

    def _path(self, number: int) -> Path:
        return self._folder / f"w{number}.joins"


def read_joins(path: Path) -> Iterator[Ticket]:
    """The joins in a gate's file of one window, up to the first incomplete record."""
    with path.open("rb") as file:
        for data in _whole_records(file):
            yield parse_data(data)


def read_join_records(path: Path) -> bytes:
    """The public part of those joins: 18 bytes each, in the order of their sequence."""
    with path.open("rb") as file:
        return b"".join(map(join_record_of, _whole_records(file)))


def _whole_records(file: BinaryIO) -> Iterator[bytes]:
    """The data of each record, up to the first that is cut off or damaged."""
    while len(record := file.read(RECORD_BYTES)) == RECORD_BYTES:
        data = record[: -_CRC.size]
        if record[-_CRC.size :] != _CRC.pack(zlib.crc32(data)):
            return
        yield data


def _sequence_of(data: bytes) -> int:
    return int.from_bytes(data[16:20], "big")


def _count(gate: int, window: _Open | None) -> GateCount:
    """The count of a window, without a root. The controller computes the root from the joins."""
    return GateCount(
        gate=gate,
        count=window.count if window else 0,
        first_sequence=window.first_sequence if window else 0,
        last_sequence=window.last_sequence if window else 0,
        root="",
    )


def _write_all(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
