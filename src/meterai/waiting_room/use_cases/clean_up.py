"""Deletes old knocks at full admissions (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Database
from meterai.waiting_room.store import claims

KNOCKS_KEPT = timedelta(days=30)
"""How long a person who found the admission full may still ask for a certificate."""


async def clean_up_queues(db: Database, *, now: datetime) -> int:
    """Deletes old knocks at full admissions. Returns their number. Passes and certificates stay, for
    audits."""
    async with db.connection() as connection:
        return await claims.forget_knocks(connection, before=now - KNOCKS_KEPT)
