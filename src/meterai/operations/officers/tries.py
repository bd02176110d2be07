"""Tries to sign in or to approve, counted in the database: a restart forgets none."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection

WINDOW: Final = timedelta(minutes=15)
"""How long a failed try counts."""
FAILURES_OF_ONE: Final = 5
"""Failed tries of one name within the window, after which nobody tries it. Unknown names count, too."""
FAILURES_OF_ALL: Final = 60
"""Failed tries of all names within the window."""
_KEPT: Final = timedelta(days=1)


async def begin_try(tx: Connection, name: str, now: datetime) -> uuid.UUID:
    """Counts a try as failed before anything is checked. `be_right` takes that back.

    Raises: Refusal BUSY `officer.tried_too_often`.
    """
    name_hash = hashlib.sha256(name.encode()).digest()
    await tx.execute("SELECT pg_advisory_xact_lock(7240815011)")
    await tx.execute("DELETE FROM console.try WHERE tried_at < $1", now - _KEPT)
    row = await tx.fetchrow(
        """SELECT count(*) AS all, count(*) FILTER (WHERE name_hash = $1) AS one
           FROM console.try WHERE has_failed AND tried_at > $2""",
        name_hash,
        now - WINDOW,
    )
    assert row is not None
    if row["one"] >= FAILURES_OF_ONE or row["all"] >= FAILURES_OF_ALL:
        raise Refusal(Kind.BUSY, "officer.tried_too_often", minutes=int(WINDOW.total_seconds()) // 60)
    id = new_id(now)
    await tx.execute("INSERT INTO console.try VALUES ($1, $2, $3, true)", id, name_hash, now)
    return id


async def be_right(tx: Connection, id: uuid.UUID) -> None:
    """Notes that a try was right."""
    await tx.execute("UPDATE console.try SET has_failed = false WHERE id = $1", id)
