"""Writes what gates of other hosts sent to the files of this one.

How far it has read is kept in the folder of queues, once the files are on the disk. So after a crash, or in
an older copy of the folder, it reads the rest again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from meterai.kit.files.atomic_write import sync_file_system, write_whole
from meterai.waiting_room.carrying.gate_files import apply
from meterai.waiting_room.carrying.gate_messages import NOTES, PRESENT, GateMessage, folder_id, read_message
from meterai.waiting_room.carrying.line_names import GATES, SIGNS, SUBJECTS
from meterai.waiting_room.carrying.nats_connection import Message, NatsConnection, Rewound
from meterai.waiting_room.files.queue_folder import queue_of

log = structlog.get_logger(__name__)

POSITION: Final = "gates-read.json"
_MIRRORED: Final = (NOTES, PRESENT)
"""What sites and gates of a host read of gates of other hosts, besides their signs of life."""
_AT_ONCE: Final = 500
_KEPT_EVERY_S: Final = 1.0
_FILES_SYNCED: Final = 100
"""Above so many files the whole file system is synced at once."""
_SEEN_FOR_S: Final = 5.0
HEARD_FOR_S: Final = 5.0
"""So long after a start or an outage gates come back, and hand in what they gave meanwhile."""
_AGAIN_S: Final = 0.5


class Position(msgspec.Struct):
    """How far the stream of gates was read."""

    sequence: int = 0
    digest: str = ""
    """Of the last message: a stream that lost messages has none there, or another one."""


class GateInbox:
    """Reads the streams of gates and signs. `is_mirror`: only what sites and gates read, and no joins."""

    def __init__(self, line: NatsConnection, root: Path, *, is_mirror: bool = False) -> None:
        self._line, self._root, self._is_mirror = line, root, is_mirror
        self._position = Position()
        self._signs_read = 0
        self._held: dict[tuple[str, int], GateMessage] = {}
        """Signs that say something about messages that were not read yet."""
        self._own: dict[str, str] = {}
        self._unsynced: set[Path] = set()
        self._kept_at = 0.0
        self._current: dict[str, float] = {}
        self._current_since = 0.0

    async def run(self) -> None:
        """Reads until it is cancelled."""
        self._position = _read_position(self._root)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again_and_again(self._read_gates, lambda: self._current.pop(GATES, None)))
            tasks.create_task(_again_and_again(self._read_signs, lambda: self._current.pop(SIGNS, None)))

    @property
    def hears_gates(self) -> bool:
        """Whether everything that gates sent is in the files, and has been for some seconds.

        While it is not, a silent gate may have given tickets that will come.
        """
        now = time.monotonic()
        seen = [self._current.get(stream, 0.0) for stream in (GATES, SIGNS)]
        return now - min(seen) <= _SEEN_FOR_S and now - self._current_since >= HEARD_FOR_S

    def _is_read(self, stream: str) -> None:
        now = time.monotonic()
        if now - self._current.get(stream, 0.0) > _SEEN_FOR_S:
            self._current_since = now
        self._current[stream] = now

    # -------------------------------------------------------------------- files

    async def _read_gates(self) -> None:
        if not self._is_mirror:
            await self._line.make_streams()
        if self._position.sequence:
            last = await self._line.message_at(GATES, self._position.sequence)
            if last is None or _digest(last) != self._position.digest:
                self._position = Position()
        batch: list[Message] = []
        try:
            async for message in self._line.follow(GATES, SUBJECTS[GATES], after=self._position.sequence):
                if message is not None:
                    batch.append(message)
                is_last = message is None or not message.left
                if batch and (is_last or len(batch) >= _AT_ONCE):
                    await asyncio.to_thread(self._apply, batch)
                    batch = []
                if is_last:
                    await self._release()
                    self._is_read(GATES)
        except Rewound:
            self._position = Position()
            raise

    def _apply(self, batch: Sequence[Message]) -> None:
        """Applies messages, and once a second notes how far. Raises: OSError, and all come again."""
        for one in batch:
            message = self._wanted(one)
            if message is not None and (not self._is_mirror or message.file in _MIRRORED):
                self._apply_one(message)
        self._position = Position(batch[-1].sequence, _digest(batch[-1]))
        if (now := time.monotonic()) - self._kept_at >= _KEPT_EVERY_S:
            self._kept_at = now
            self._keep_position()

    def _apply_one(self, message: GateMessage) -> None:
        try:
            self._unsynced.add(apply(queue_of(self._root, message.event), message))
        except ValueError as error:
            log.error("gate_message_refused", queue=message.event, gate=message.gate, reason=str(error))

    def _wanted(self, message: Message) -> GateMessage | None:
        """The message of a gate that does not live in this folder; None: of one that does, or of nobody."""
        try:
            read = read_message(message.subject, message.headers, message.body)
        except ValueError as error:
            log.error("gate_message_refused", reason=str(error))
            return None
        return None if read.folder == self._own_id(read.event) else read

    def _own_id(self, event: str) -> str:
        if event not in self._own:
            self._own[event] = folder_id(queue_of(self._root, event))
        return self._own[event]

    def _keep_position(self) -> None:
        if len(self._unsynced) > _FILES_SYNCED:
            sync_file_system(self._root)
        else:
            for path in self._unsynced:
                _sync(path)
        self._unsynced.clear()
        write_whole(self._root / POSITION, msgspec.json.encode(self._position))

    # -------------------------------------------------------------------- signs

    async def _read_signs(self) -> None:
        try:
            async for message in self._line.follow(SIGNS, SUBJECTS[SIGNS], after=self._signs_read):
                if message is not None:
                    self._signs_read = message.sequence
                    if (sign := await asyncio.to_thread(self._wanted, message)) is not None:
                        self._held[sign.event, sign.gate] = sign
                        await self._release()
                if message is None or not message.left:
                    self._is_read(SIGNS)
        except Rewound:
            self._signs_read = 0
            raise

    async def _release(self) -> None:
        """Writes the signs that say nothing about messages that were not read yet."""
        ready = [key for key, sign in self._held.items() if self._may_show(sign)]
        signs = [self._held.pop(key) for key in ready]
        if signs:
            await asyncio.to_thread(self._write, signs)

    def _may_show(self, sign: GateMessage) -> bool:
        return self._is_mirror or sign.after <= self._position.sequence

    def _write(self, signs: Sequence[GateMessage]) -> None:
        for sign in signs:
            apply(queue_of(self._root, sign.event), sign)


async def _again_and_again(
    read: Callable[[], Coroutine[Any, Any, None]], failed: Callable[[], object]
) -> None:
    """Reads, and begins again after trouble, until it is cancelled."""
    told = ""
    while True:
        try:
            await read()
        except Exception as error:  # whatever it is, the line must go on when it is over
            failed()
            if (reason := f"{type(error).__name__}: {error}") != told:
                told = reason
                log.warning("gates_not_read", reason=reason, exc_info=not isinstance(error, OSError))
        await asyncio.sleep(_AGAIN_S)


def _digest(message: Message) -> str:
    return hashlib.sha256(b"\0".join((message.subject.encode(), message.body))).hexdigest()


def _sync(path: Path) -> None:
    with suppress(FileNotFoundError):  # the notes of people are deleted some day
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(handle)
        finally:
            os.close(handle)


def _read_position(root: Path) -> Position:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((root / POSITION).read_bytes(), type=Position)
    return Position()
