"""Notes what clients of the API asked for, many requests in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.kit.database import Database
from meterai.partners.usage import store
from meterai.partners.usage.model import ApiRequest


async def note_requests(db: Database, requests: Sequence[ApiRequest]) -> None:
    """Keeps requests for the list of the last ones, and counts them. It does not wait for the disk."""
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = off")
        await store.note(tx, requests)
