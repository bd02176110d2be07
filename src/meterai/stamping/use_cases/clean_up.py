"""Forgets what is not needed any more (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Database
from meterai.kit.objects import ObjectStore
from meterai.stamping.store import documents, jobs

_BATCH = 100


async def clean_up_documents(db: Database, objects: ObjectStore, *, now: datetime) -> int:
    """Ends the retention of uploads that are due, at most 100 at a time; returns how many objects went.

    What was released is never touched.
    """
    async with db.transaction() as tx:
        keys = await documents.expire_documents(tx, now, limit=_BATCH)
    deleted = 0
    for key in keys:
        deleted += await delete_if_unneeded(db, objects, key)
    return deleted


async def clean_up_prepared(db: Database, objects: ObjectStore, *, now: datetime, hours: float = 1) -> int:
    """Deletes prepared revisions of jobs that ended lately: a crash may have left them behind."""
    async with db.connection() as connection:
        keys = await jobs.prepared_of_ended_jobs(connection, now - timedelta(hours=hours))
    for key in keys:
        await objects.delete(key)
    return len(keys)


async def delete_if_unneeded(db: Database, objects: ObjectStore, key: str) -> bool:
    """Deletes an object that no document and no release refers to.

    Rare and in the background: the one place where a transaction waits for the object store, so that no
    upload of the same bytes slips in between looking and deleting.
    """
    async with db.transaction() as tx:
        await documents.lock_object(tx, key, exclusive=True)
        if await documents.is_referred_to(tx, key):
            return False
        await objects.delete(key)
    return True
