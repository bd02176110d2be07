"""Deletes old bundles that were never started (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Database
from meterai.stamping.retention import RETENTION_DAYS
from meterai.stamping.store import bundles

_BATCH = 50
_PIECES_KEPT = timedelta(days=1)


async def clean_up_bundles(db: Database, *, now: datetime) -> int:
    """Deletes old bundles that were never started, at most 50 at a time, and pieces of broken uploads.
    Returns how many bundles.

    Each is deleted together with the newest of its files.
    """
    async with db.transaction() as tx:
        await bundles.delete_old_pieces(tx, now - _PIECES_KEPT)
        return await bundles.delete_stale(tx, now, now - timedelta(days=RETENTION_DAYS), limit=_BATCH)
