"""Keeps the public files of all events on this host as the leading controller published them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import structlog

from meterai.waiting_room.carrying.carried_documents import Carried, Document, document_of, sha256_of
from meterai.waiting_room.carrying.line_names import DOCUMENTS, EPOCH, SUBJECTS
from meterai.waiting_room.carrying.nats_connection import Message, NatsConnection
from meterai.waiting_room.carrying.received_files import make_event_folder, place_below, put_at, put_whole
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.stream_reader import StreamReader
from meterai.waiting_room.files.queue_folder import QueueFolder, queue_of
from meterai.waiting_room.files.reader_modes import READABLE_FILE, make_readable_folder

log = structlog.get_logger(__name__)


class DocumentMirror:
    """The stream of documents, as files below `root`. Nothing in it is believed without our mark."""

    def __init__(self, connection: NatsConnection, root: Path, seal: Seal) -> None:
        self._connection, self._root, self._seal = connection, root, seal
        self.reader = StreamReader(
            connection, DOCUMENTS, SUBJECTS[DOCUMENTS], take=self._take, begin=self._forget
        )
        self.epoch = 0
        """The highest number of a lease in the stream."""
        self.carried: dict[str, Carried] = defaultdict(Carried)
        """What the stream has, by event."""
        self._held: dict[Path, list[tuple[int, bytes]]] = {}
        """Pieces of logs before which bytes are missing: a segment will bring them."""

    def _forget(self) -> None:
        self.epoch = 0
        self.carried.clear()
        self._held.clear()

    async def _take(self, message: Message) -> None:
        try:
            if message.subject == EPOCH:
                await self._take_epoch(message)
            else:
                await self._take_document(document_of(message, self._seal), message.body)
        except ValueError as reason:
            log.error("line_message_refused", subject=message.subject, reason=str(reason))

    async def _take_epoch(self, message: Message) -> None:
        self._seal.demand(message.headers.get("Mark", ""), EPOCH, message.body.decode())
        self.epoch = max(self.epoch, int(message.body))

    async def _take_document(self, document: Document, body: bytes) -> None:
        if document.epoch < self.epoch:
            raise ValueError(f"its epoch {document.epoch} is over since {self.epoch} began")
        self.epoch = document.epoch
        folder = queue_of(self._root, document.event)
        path = place_below(folder.path, document.path)
        if not (document.is_large and await asyncio.to_thread(_has, path, document)):
            content = await self._connection.file(document.sha256) if document.is_large else body
            if sha256_of(content) != document.sha256:
                raise ValueError("its content is not what its digest says")
            await asyncio.to_thread(self._write, folder, path, document, content)
        self.carried[document.event].note(document)

    def _write(self, folder: QueueFolder, path: Path, document: Document, content: bytes) -> None:
        make_event_folder(folder)
        make_readable_folder(path.parent)
        if document.offset is None:
            put_whole(path, content, mode=READABLE_FILE, durable=False)
            return
        waiting = sorted([*self._held.pop(path, []), (document.offset, content)])
        gap = [one for one in waiting if not put_at(path, *one, mode=READABLE_FILE)]
        if gap:
            self._held[path] = gap


def _has(path: Path, document: Document) -> bool:
    """Whether the file has the content already."""
    try:
        with path.open("rb") as file:
            file.seek(document.offset or 0)
            there = file.read() if document.offset is None else file.read(document.length)
    except OSError:
        return False
    return sha256_of(there) == document.sha256
