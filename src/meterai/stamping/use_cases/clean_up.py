"""Deletes what is no longer needed (I18: nothing grows without bound)."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from meterai.kernel.clock import Clock
from meterai.kit.database import Connection, Database
from meterai.kit.files.object_store import ObjectMissing, ObjectStore
from meterai.stamping.queries import not_referred_to
from meterai.stamping.store import documents

BATCH = 100
_KEPT_LONGER = timedelta(hours=1)
_AT_WORK_MAX = timedelta(days=1)
_EMPTY_GAP = re.compile(rb"<0{4096,}>")

type Promised = Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]


async def clean_up_documents(
    db: Database, objects: ObjectStore, *, now: datetime, promised: Promised | None = None
) -> int:
    """Ends the retention of uploads that are due, at most 100 at a time.

    Returns how many objects were deleted.

    Released files are never touched. `promised`: returns those documents that are still to be stamped for a
    customer who has paid or can still pay; they are kept for another hour. A document is deleted with its
    objects or not at all: while the store is away it stays due.
    """
    async with db.connection() as connection:
        due = await documents.due_documents(connection, now, limit=BATCH)
    kept = await promised(due) if promised and due else frozenset()
    if kept:
        async with db.connection() as connection:
            await documents.keep_documents(connection, list(kept), now + _KEPT_LONGER)
    deleted = 0
    for document_id in due:
        if document_id not in kept:
            async with db.transaction() as tx:
                for key in await documents.expire_document(tx, document_id, now):
                    deleted += await delete_unneeded(tx, objects, key)
    return deleted


class Orphans:
    """Deletes prepared revisions that nothing names any more.

    They are left by refused jobs, and by workers that died or lost the database or the store.
    """

    def __init__(self, db: Database, objects: ObjectStore, clock: Clock) -> None:
        self._db = db
        self._objects = objects
        self._clock = clock
        self._part = os.urandom(1)[0]  # several processes begin at different places

    async def clean_up(self) -> int:
        """Deletes those in the next of the store's 256 parts. Returns how many."""
        self._part = (self._part + 1) % 256
        deleted = 0
        for key in await self.find(self._part):
            deleted += await delete_if_unneeded(self._db, self._objects, key)
        return deleted

    async def find(self, part: int) -> dict[str, int]:
        """Finds those in one of the store's 256 parts, with their bytes.

        Nothing else is ever deleted, whatever the database says: a prepared revision is recognised by its
        empty gap. Revisions younger than a day are left, because a worker may need them.
        """
        before = (self._clock() - _AT_WORK_MAX).timestamp()
        keys = await self._objects.stored_before(before, part)
        if not keys:
            return {}
        async with self._db.connection() as connection:
            unneeded = await not_referred_to(connection, keys)
        found = {}
        for key in unneeded:
            with suppress(ObjectMissing):  # given up meanwhile
                content = await self._objects.get(key)
                if _EMPTY_GAP.search(content):
                    found[key] = len(content)
        return found


async def delete_if_unneeded(db: Database, objects: ObjectStore, key: str) -> bool:
    """Deletes an object that no document and no release refers to."""
    async with db.transaction() as tx:
        return await delete_unneeded(tx, objects, key)


async def delete_unneeded(tx: Connection, objects: ObjectStore, key: str) -> bool:
    """Deletes an object that nothing refers to, within a transaction.

    The only place where a transaction waits for the object store: no upload of the same bytes may come
    between the look and the deletion. It is rare and runs in the background.
    """
    await documents.lock_object(tx, key, exclusive=True)
    if await documents.is_referred_to(tx, key):
        return False
    await objects.delete(key)
    return True
