"""What a host with gates, sites or workers needs of the others, in its own folder of queues."""

from __future__ import annotations

import asyncio
from pathlib import Path

from meterai.waiting_room.carrying.document_mirror import DocumentMirror
from meterai.waiting_room.carrying.gate_inbox import GateInbox
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.old_notes import drop_old_notes
from meterai.waiting_room.carrying.own_folder import own_folder
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.sealed_keys import SealedKeys


class FrontMirror:
    """Public documents, the keys of gates, and what gates of other hosts noted, for one host."""

    def __init__(self, line: NatsConnection, root: Path, shared: Seal, *, notes_days: int) -> None:
        """`notes_days`: how long after the closing what people wrote is kept."""
        self._line, self._root, self._notes_days = line, root, notes_days
        self._documents = DocumentMirror(line, root, shared)
        self._keys = SealedKeys(line, root, shared)

    @property
    def is_up_to_date(self) -> bool:
        """Whether the folder has what the streams had when they were last asked."""
        return self._line.is_up and self._documents.reader.is_up_to_date and self._keys.is_up_to_date

    async def run(self) -> None:
        """Keeps the folder up to date until it is cancelled."""
        async with own_folder(self._root):
            await self._line.open()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._documents.reader.run())
                tasks.create_task(self._keys.run())
                tasks.create_task(drop_old_notes(self._root, days=self._notes_days))
                tasks.create_task(GateInbox(self._line, self._root, is_mirror=True).run())
