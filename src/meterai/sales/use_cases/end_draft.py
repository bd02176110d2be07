"""Ends a draft whose visitor has proved no contact and did not come back."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kit.database import Database
from meterai.sales.store import drafts


async def end_draft(db: Database, order_id: uuid.UUID, *, now: datetime) -> bool:
    """Cancels the order if it is still a draft of nobody. Returns whether it was."""
    async with db.connection() as connection:  # one statement is one transaction
        return await drafts.end_draft(connection, order_id, now)
