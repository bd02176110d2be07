"""Hands on what the leading controller publishes: first to the stream, then it writes its own files.

There is one writer. Each message names the last one before it, so JetStream refuses what a controller sends
that has been replaced: the next one's first message is the number of its lease.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog

from meterai.waiting_room.carrying.carried_documents import LARGE, CarriedLog, Document, sha256_of
from meterai.waiting_room.carrying.document_mirror import DocumentMirror
from meterai.waiting_room.carrying.gate_inbox import GateInbox
from meterai.waiting_room.carrying.line_names import DOCUMENTS, EPOCH
from meterai.waiting_room.carrying.nats_connection import NatsConnection, Overtaken, Rewound
from meterai.waiting_room.carrying.old_notes import drop_old_notes
from meterai.waiting_room.carrying.own_folder import own_folder
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.sealed_keys import SealedKeys
from meterai.waiting_room.files.public_log import ENTRIES, HEADS
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.files.window_files import Superseded

log = structlog.get_logger(__name__)

SEGMENT_PIECES: Final = 512
SEGMENT_BYTES: Final = 512 << 10
"""A segment is stored when the log has grown by this since the last one, long before pieces are replaced."""
_LOGS: Final = (f"public/log/{ENTRIES}", f"public/log/{HEADS}")
_HANDED_ON_WITHIN_S: Final = 10.0
"""A large content takes longer than a message."""
_AWAY_S_MAX: Final = 5.0
"""A leader that can hand nothing on for longer lets another one lead."""
_RETRY_S: Final = 1.0


class DocumentStream:
    """See `port.DocumentCarrier`. `root`: the folder of this controller alone."""

    def __init__(
        self, connection: NatsConnection, root: Path, shared: Seal, own: Seal, *, notes_days: int
    ) -> None:
        self._connection, self._root, self._seal = connection, root, shared
        self._notes_days = notes_days
        self._keys = SealedKeys(connection, root, shared, own)
        self._mirror = DocumentMirror(connection, root, shared)
        self._gates = GateInbox(connection, root)
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._epoch: int | None = None
        """The lease with which it leads; None: it follows."""
        self._last = 0
        """The sequence of the stream's last message."""
        self._is_unsure = False
        """Whether a message may be in the stream that nobody acknowledged."""
        self._was_up = 0.0
        self._failing_since: float | None = None
        """Since when nothing could be handed on."""

    # ------------------------------------------------------------- following

    @property
    def may_lead(self) -> bool:
        """See the port."""
        now = time.monotonic()
        self._was_up = now if self._connection.is_up else self._was_up
        if self._epoch is not None:
            good_at = min(self._was_up, now if self._failing_since is None else self._failing_since)
            return now - good_at < _AWAY_S_MAX
        return self._connection.is_up and self._mirror.reader.is_up_to_date and self._keys.is_up_to_date

    @property
    def hears_gates(self) -> bool:
        """See the port."""
        return self._gates.hears_gates

    async def run(self) -> None:
        """See the port. It waits while another process has the folder."""
        async with own_folder(self._root):
            try:
                await self._connection.open()
                self._follow()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._keys.run())
                    tasks.create_task(self._keep_streams())
                    tasks.create_task(drop_old_notes(self._root, days=self._notes_days))
                    tasks.create_task(self._gates.run())
            finally:
                await self._stop_following()

    async def _keep_streams(self) -> None:
        """Makes the streams after each connection: the servers may have lost them."""
        made = 0
        while True:
            if self._connection.is_up and made != (times := self._connection.times_connected):
                try:
                    await self._connection.make_streams()
                    made = times
                except OSError as error:
                    log.warning("line_waits", stream=DOCUMENTS, reason=str(error))
            await asyncio.sleep(_RETRY_S)

    def _follow(self) -> None:
        if self._following is None:
            self._following = asyncio.create_task(self._mirror.reader.run())

    async def _stop_following(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    # --------------------------------------------------------------- leading

    async def lead(self, epoch: int) -> None:
        """See the port."""
        await self._stop_following()
        number = str(epoch)
        while self._epoch is None:
            last = await self._connection.last_sequence(DOCUMENTS)
            await self._mirror.reader.to_end()
            if self._mirror.epoch > epoch:
                raise Superseded(f"the lease {self._mirror.epoch} came after {epoch}")
            marked = {"Mark": self._seal.mark(EPOCH, number)}
            with suppress(Overtaken):
                self._last = await self._connection.store(EPOCH, number.encode(), marked, after=last)
                self._epoch, self._is_unsure = epoch, False

    async def leave(self) -> None:
        """See the port. It reads everything again: a disk may have taken less than the stream did."""
        self._failing_since = None
        if self._epoch is not None:
            self._epoch = None
            self._mirror.reader.begin_anew()
        self._follow()

    async def open(self, event: str) -> None:
        """See the port. A folder that was there before NATS brings its files to the stream."""
        async with self._handing_on():
            await self._keys.share(event)
            if await asyncio.to_thread(self._lacks_bytes, event):
                self._mirror.reader.begin_anew()
                await self._mirror.reader.to_end()
            for path in await asyncio.to_thread(self._files_of, event):
                if path in _LOGS:
                    size = (queue_of(self._root, event).path / path).stat().st_size
                    await self._store_segment(event, path, size)
                elif path not in self._mirror.carried[event].whole:
                    content = (queue_of(self._root, event).path / path).read_bytes()
                    await self._store(self._document(event, path, content), content)

    def _lacks_bytes(self, event: str) -> bool:
        """Whether our disk did not take what the stream did."""
        folder, logs = queue_of(self._root, event), self._mirror.carried[event].logs
        files = {folder.path / path: known.end for path, known in logs.items()}
        return any(not file.exists() or file.stat().st_size < end for file, end in files.items())

    def _files_of(self, event: str) -> list[str]:
        """All public files: lists of windows come before what names them."""
        folder = queue_of(self._root, event)
        files = (file for file in folder.public.rglob("[!.]*") if file.is_file())
        names = [file.relative_to(folder.path).as_posix() for file in files]
        return sorted(names, key=lambda name: (not name.endswith(".ids"), name))

    def publish(self, event: str, path: str, content: bytes) -> None:
        """See the port."""
        self._wait(self._publish(event, path, content))

    def append(self, event: str, path: str, offset: int, piece: bytes) -> None:
        """See the port."""
        self._wait(self._append(event, path, offset, piece))

    @asynccontextmanager
    async def _handing_on(self) -> AsyncIterator[None]:
        """One after the other; first comes what an earlier one left open. Raises: as `publish`."""
        async with self._writing:
            try:
                await self._settle()
                yield
            except (OSError, asyncio.CancelledError):
                self._failing_since = self._failing_since or time.monotonic()
                raise
            self._failing_since = None

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            asked.result(_HANDED_ON_WITHIN_S)
        except TimeoutError:
            asked.cancel()
            raise

    async def _publish(self, event: str, path: str, content: bytes) -> None:
        async with self._handing_on():
            await self._store(self._document(event, path, content), content)

    async def _append(self, event: str, path: str, offset: int, piece: bytes) -> None:
        async with self._handing_on():
            carried = self._mirror.carried[event]
            for name, known in list(carried.logs.items()):
                pieces, grown = carried.next_piece - known.segments_piece, known.end - known.segments_end
                if pieces >= SEGMENT_PIECES or grown >= SEGMENT_BYTES:
                    await self._store_segment(event, name, known.end)
            if is_segment := len(piece) > LARGE:
                await self._store_segment(event, path, offset)
            document = self._document(event, path, piece, offset=offset, is_segment=is_segment)
            await self._store(document, piece)

    async def _store_segment(self, event: str, path: str, end: int) -> None:
        """Stores what of our log no segment has, up to `end`."""
        carried = self._mirror.carried[event]
        known = carried.logs.setdefault(path, CarriedLog())
        if end <= known.segments_end:
            known.segments_piece = carried.next_piece
            return
        content = await asyncio.to_thread(
            _part_of, queue_of(self._root, event).path / path, known.segments_end, end
        )
        document = self._document(event, path, content, offset=known.segments_end, is_segment=True)
        await self._store(document, content)

    def _document(
        self, event: str, path: str, content: bytes, *, offset: int | None = None, is_segment: bool = False
    ) -> Document:
        if self._epoch is None:
            raise Superseded("it does not lead")
        return Document(
            event=event,
            path=path,
            epoch=self._epoch,
            sha256=sha256_of(content),
            length=len(content),
            offset=offset,
            piece=None if offset is None else self._mirror.carried[event].next_piece,
            is_segment=is_segment,
        )

    async def _store(self, document: Document, content: bytes) -> None:
        if document.is_large:
            await self._connection.store_file(document.sha256, content)
        self._is_unsure = True
        try:
            self._last = await self._connection.store(
                document.subject,
                b"" if document.is_large else content,
                document.headers(self._seal),
                after=self._last,
            )
        except Overtaken:
            await self._settle()
            raise ConnectionError("a message came in between") from None
        self._is_unsure = False
        self._mirror.carried[document.event].note(document)

    async def _settle(self) -> None:
        """After a message without an acknowledgement: applies what is in the stream, as a follower does.

        Raises: `Superseded` when another controller leads; OSError.
        """
        if self._epoch is None:
            raise Superseded("it does not lead")
        if not self._is_unsure:
            return
        reader, last = self._mirror.reader, await self._connection.last_sequence(DOCUMENTS)
        try:
            await reader.to_end(after=self._last)
        except Rewound:
            raise Superseded("the stream lost messages: it is completed by the next leader") from None
        if self._mirror.epoch > self._epoch:
            raise Superseded(f"the lease {self._mirror.epoch} came after {self._epoch}")
        self._last, self._is_unsure = max(last, reader.position), False


def _part_of(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(end - start)
    if len(content) != end - start:
        raise OSError(f"{path} is shorter than what was handed on of it")
    return content
