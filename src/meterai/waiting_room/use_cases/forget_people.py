"""Forgets names and contacts of people who were in line, some time after the closing.

Ids of contacts stay for audits: keyed hashes, which say nothing without the key of the queue.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from meterai.kit.database import Database
from meterai.waiting_room.files.join_notes import drop_notes
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.store import claims
from meterai.waiting_room.store.queues import read_queues


async def forget_people(db: Database, root: Path, *, days: int, now: datetime) -> int:
    """Deletes reminders, certificates and gates' notes of events that closed `days` ago.

    Returns how many rows and files went. Raises: OSError.
    """
    before = now - timedelta(days=days)
    async with db.connection() as connection:
        queues = await read_queues(connection)
        forgotten = await claims.forget_people(connection, before=before)
    closed = [queue.event for queue in queues if queue.schedule.closes_at < before.timestamp()]
    for event in closed:
        forgotten += await asyncio.to_thread(drop_notes, queue_of(root, event))
    return forgotten
