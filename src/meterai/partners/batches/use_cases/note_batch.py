"""Notes a batch whose serial numbers are taken, so that its client is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kernel.ids import new_id
from meterai.kit.database import Database
from meterai.partners.batches import store
from meterai.partners.batches.model import NewDocument


async def note_batch(
    db: Database,
    documents: Sequence[NewDocument],
    *,
    organisation_id: UUID,
    return_url: str,
    now: datetime,
) -> UUID:
    """Notes a batch and returns its id. Each document is told to `return_url` from now on."""
    id = new_id(now)
    async with db.transaction() as tx:
        await store.add_batch(tx, id, organisation_id, return_url=return_url, now=now)
        await store.add_documents(tx, id, documents, now)
    return id
