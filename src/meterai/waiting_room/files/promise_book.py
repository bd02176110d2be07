"""Promises: the first promise to each ticket, kept by the gate that gave it, and judged when it is due.

A gate can't write the public log, so it appends to `gates/<number>/promises`. A record has 28 bytes,
big-endian: id 12, window 3, given at 4, done by 4, percent 1, CRC-32 4. The controller continues where it
stopped reading, logs each promise, and keeps it in the store until it is due. Then a worker compares it with
the state of the order.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from meterai.waiting_room.files.log_facts import PromiseFacts
from meterai.waiting_room.files.queue_folder import append_whole
from meterai.waiting_room.rules.tickets import window_bytes, window_number

FILE: Final = "promises"
RECORD_BYTES: Final = 28
DATA_BYTES: Final = 24
PERCENT: Final = 95
_DATA = struct.Struct(">12s3sIIB")
_CRC = struct.Struct(">I")
_NOTED_BITS: Final = 2**24
_NOTED_HASHES: Final = 4


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """Paid and stamped by `done_by`, if its holder comes when called. Unix seconds."""

    id: bytes
    window: int
    given_at: int
    done_by: int
    percent: int = PERCENT

    def data(self) -> bytes:
        """The 24 bytes that are kept and logged."""
        return _DATA.pack(self.id, window_bytes(self.window), self.given_at, self.done_by, self.percent)


def parse_promise(data: bytes) -> Promise:
    """A promise from its 24 bytes."""
    id, window, given_at, done_by, percent = _DATA.unpack(data)
    return Promise(id=id, window=window_number(window), given_at=given_at, done_by=done_by, percent=percent)


class PromiseBook:
    """The promises of one gate. The first promise of each id counts. Later ones are updates, not promises.

    A Bloom filter (1970) of 2 MB remembers the ids. With a million ids, one in 500 is wrongly taken as
    promised. The first promise to such an id is not counted at all.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._noted = bytearray(_NOTED_BITS // 8)
        self._unwritten: list[bytes] = []
        self._size = 0
        if self._path.exists():
            for data in _whole_records(self._path, 0):
                self._note(data[:12])
                self._size += RECORD_BYTES
            if self._path.stat().st_size > self._size:
                os.truncate(self._path, self._size)  # a crash cut the last one off

    def give(self, promise: Promise) -> bool:
        """Keeps a promise; False when this id has one. It is on the disk after the next `write`."""
        if not self._note(promise.id):
            return False
        data = promise.data()
        self._unwritten.append(data + _CRC.pack(zlib.crc32(data)))
        return True

    def write(self) -> list[str]:
        """Appends new promises. Returns the names of the files that grew.

        Raises: OSError; then the next call writes the rest.
        """
        if not self._unwritten:
            return []
        content = b"".join(self._unwritten)
        append_whole(self._path, content, size=self._size)
        self._size += len(content)
        self._unwritten.clear()
        return [FILE]

    def _note(self, id: bytes) -> bool:
        """Marks an id; False when it was marked. An id is a keyed hash, so its bits serve as hashes."""
        is_new = False
        for at in range(0, 3 * _NOTED_HASHES, 3):
            bit = int.from_bytes(id[at : at + 3], "big")
            if not self._noted[bit >> 3] >> (bit & 7) & 1:
                is_new = True
                self._noted[bit >> 3] |= 1 << (bit & 7)
        return is_new


def read_promises(folder: Path, start: int) -> tuple[list[Promise], int]:
    """The promises of a gate from byte `start` on, and where to continue. An incomplete record is left for
    later."""
    path = folder / FILE
    if not path.exists():
        return [], start
    found = [parse_promise(data) for data in _whole_records(path, start)]
    return found, start + len(found) * RECORD_BYTES


def promises_size(folder: Path) -> int:
    """The number of complete bytes in a gate's promises."""
    path = folder / FILE
    size = path.stat().st_size if path.exists() else 0
    return size - size % RECORD_BYTES


def facts_of(promise: Promise) -> PromiseFacts:
    """The promise as the public log states it."""
    return PromiseFacts(id=promise.id.hex(), done_by=promise.done_by, probability=promise.percent / 100)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a ticket's holder when its promise is due."""

    is_called: bool
    done_at: float | None = None
    """When the first order of its pass was stamped."""
    is_paid: bool = False
    """Its order is paid and not stamped yet."""
    cannot_pay: bool = False
    """Its order is placed, and the gateway has opened no charge for it."""


def is_kept(done_by: int, outcome: Outcome) -> bool | None:
    """Whether a promise that is due was kept; None: its holder did not come, or did not pay.

    It was broken for holders who were not called by then, who have paid and wait, or who could not pay.
    """
    if outcome.done_at is not None:
        return outcome.done_at <= done_by
    return False if outcome.is_paid or outcome.cannot_pay or not outcome.is_called else None


def _whole_records(path: Path, start: int) -> Iterator[bytes]:
    """The data of each record from `start` on, up to the first that is cut off or damaged."""
    with path.open("rb") as file:
        file.seek(start)
        while len(record := file.read(RECORD_BYTES)) == RECORD_BYTES:
            data = record[:DATA_BYTES]
            if record[DATA_BYTES:] != _CRC.pack(zlib.crc32(data)):
                return
            yield data
