"""Keeps the uploads of a draft that somebody without a proven contact works on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.stamping.store import unproven


async def keep_unproven(db: Database, document_ids: Sequence[UUID], *, until: datetime) -> None:
    """Keeps those of these documents that have no customer until `until`, if they would end before."""
    if document_ids:
        async with db.connection() as connection:
            await unproven.prolong(connection, document_ids, until)
