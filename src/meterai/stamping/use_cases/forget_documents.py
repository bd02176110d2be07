"""Forgets documents whose term is over. Their serial numbers and digests stay, so stamps can be verified."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.stamping.store import forgetting
from meterai.stamping.use_cases.clean_up import BATCH, delete_unneeded


async def forget_documents(db: Database, *, days: int, now: datetime) -> int:
    """Forgets documents whose stamping ended `days` ago; the clean-up deletes their files.

    Returns how many.
    """
    async with db.connection() as connection:
        return await forgetting.forget_old(connection, now - timedelta(days=days), now)


async def delete_forgotten(db: Database, objects: ObjectStore, *, now: datetime) -> int:
    """Deletes the stamped files of forgotten documents, at most 100 documents at a time.

    Returns how many objects went. While the store is away they stay due.
    """
    async with db.connection() as connection:
        due = await forgetting.to_delete(connection, limit=BATCH)
    deleted = 0
    for document_id in due:
        async with db.transaction() as tx:
            for key in await forgetting.released_keys(tx, document_id):
                deleted += await delete_unneeded(tx, objects, key)
            await forgetting.note_deleted(tx, document_id, now)
    return deleted
