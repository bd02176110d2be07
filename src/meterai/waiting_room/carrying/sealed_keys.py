"""The keys of events on their way from the controller that made them, encrypted.

`gates` has what gates and sites need (`queue_keys`), `controllers` the rest. Only a host with the secret of
controllers can read that.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from meterai.waiting_room.carrying.line_names import KEYS, SUBJECTS, event_of, key_subject, last_of
from meterai.waiting_room.carrying.nats_connection import Message, NatsConnection
from meterai.waiting_room.carrying.received_files import make_event_folder, put_whole
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.stream_reader import StreamReader
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.files.queue_keys import OWN, SHARED

log = structlog.get_logger(__name__)

_GATES, _CONTROLLERS = "gates", "controllers"
_FILE_OF = {_GATES: SHARED, _CONTROLLERS: OWN}
_MODE_OF = {_GATES: 0o640, _CONTROLLERS: 0o600}
_FOLDER = 0o750


class SealedKeys:
    """Keeps the keys of all events below `root`. `own`: the seal of controllers; None: this host has none."""

    def __init__(self, connection: NatsConnection, root: Path, shared: Seal, own: Seal | None = None) -> None:
        self._connection, self._root = connection, root
        self._seals = {_GATES: shared} | ({_CONTROLLERS: own} if own else {})
        self._known: dict[str, bytes] = {}
        """The keys in the stream, by subject."""
        self._reader = StreamReader(
            connection, KEYS, SUBJECTS[KEYS], take=self._take, begin=self._known.clear
        )

    @property
    def is_up_to_date(self) -> bool:
        """Whether all keys in the stream are here."""
        return self._reader.is_up_to_date

    async def run(self) -> None:
        """Writes keys as they come, until it is cancelled."""
        await self._reader.run()

    async def share(self, event: str) -> None:
        """Hands on the keys of an event, unless the stream has them. Raises: OSError."""
        for readers, seal in self._seals.items():
            path = queue_of(self._root, event).secret / f"{_FILE_OF[readers]}.json"
            keys, subject = await asyncio.to_thread(path.read_bytes), key_subject(event, readers)
            if self._known.get(subject) != keys:
                await self._connection.store(subject, seal.close(keys, subject))
                self._known[subject] = keys

    async def _take(self, message: Message) -> None:
        readers = last_of(message.subject)
        if (seal := self._seals.get(readers)) is None:
            return
        try:
            keys = seal.open(message.body, message.subject)
            folder = queue_of(self._root, event_of(message.subject))
        except ValueError as reason:
            log.error("line_message_refused", subject=message.subject, reason=str(reason))
            return
        self._known[message.subject] = keys
        await asyncio.to_thread(make_event_folder, folder)
        folder.secret.mkdir(mode=_FOLDER, exist_ok=True)
        path = folder.secret / f"{_FILE_OF[readers]}.json"
        await asyncio.to_thread(put_whole, path, keys, mode=_MODE_OF[readers])
