"""Applies what another host's gate wrote to its files here. What comes twice changes nothing.

Joins are told apart by their sequence. Other files that grow take bytes that they do not have yet. When a
gate lost its disk its files begin anew. What comes then is appended, because readers go on where they were.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.carrying.gate_messages import KNOWN, NOTES, GateMessage
from meterai.waiting_room.files.gate_journal import RECORD_BYTES
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import GateSign

log = structlog.get_logger(__name__)

_MODE: Final = 0o660
_SEQUENCE_AT: Final = slice(16, 20)


def apply(folder: QueueFolder, message: GateMessage) -> Path:
    """Applies a message. Returns the file, which is not durable yet. Raises: OSError; ValueError."""
    place = folder.gate(message.gate)
    if not place.exists():
        place.mkdir(parents=True)
        _expect_a_sign(folder, message.gate)
    if message.file == KNOWN:
        return _put(folder.known_gate(message.gate), message.body)
    path = place / message.file
    if message.offset is None:
        return _put(path, message.body)
    if message.file.endswith(".joins"):
        _add_joins(path, message)
    elif message.file == NOTES:
        with _opened(path) as file:
            _write_at(file, message.body, message.offset)
    else:
        _add_bytes(path, message.offset, message.body)
    return path


def _expect_a_sign(folder: QueueFolder, gate: int) -> None:
    """Until its sign of life comes nobody knows which windows this gate has closed."""
    sign = GateSign(gate=gate, is_carried=True)
    _put(folder.gate_sign(gate), msgspec.json.encode(sign))


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, mode=_MODE, durable=False)
    return path


def _add_joins(path: Path, message: GateMessage) -> None:
    """Appends the joins behind the last one that is there. Raises: ValueError for damaged records."""
    body = message.body
    records = [body[at : at + RECORD_BYTES] for at in range(0, len(body), RECORD_BYTES)]
    if not all(map(_is_whole, records)):
        raise ValueError("joins are damaged")
    with _opened(path) as file:
        size, last = _last_join(file)
        new = [record for record in records if record[_SEQUENCE_AT] > last]
        if new and (message.offset or 0) > size and last < records[0][_SEQUENCE_AT]:
            log.error("joins_missing", queue=message.event, gate=message.gate, file=message.file)
        if new:
            _write_at(file, b"".join(new), size)


def _last_join(file: int) -> tuple[int, bytes]:
    """The bytes of whole joins, and the sequence of the last one. Cuts off what a crash left behind them."""
    found = os.fstat(file).st_size
    size = found - found % RECORD_BYTES
    last = bytes(4)
    while size:
        record = os.pread(file, RECORD_BYTES, size - RECORD_BYTES)
        if _is_whole(record):
            last = record[_SEQUENCE_AT]
            break
        size -= RECORD_BYTES
    if size != found:
        os.ftruncate(file, size)
    return size, last


def _add_bytes(path: Path, offset: int, body: bytes) -> None:
    with _opened(path) as file:
        size = os.fstat(file).st_size
        there = os.pread(file, len(body), offset) if offset <= size else b"?"
        if not there.strip(b"\0"):  # a loss of power left the length and not the bytes
            _write_at(file, body, offset)
        elif body.startswith(there):
            _write_at(file, body[len(there) :], offset + len(there))
        else:  # its gate began the file anew
            _write_at(file, body, size)


def _is_whole(record: bytes) -> bool:
    return len(record) == RECORD_BYTES and record[-4:] == zlib.crc32(record[:-4]).to_bytes(4)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, _MODE)
    try:
        yield handle
    finally:
        os.close(handle)


def _write_at(file: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
