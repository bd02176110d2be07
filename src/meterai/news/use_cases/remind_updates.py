"""Reminds the people on duty of updates that they have promised and not given."""

from __future__ import annotations

from datetime import datetime

import structlog

from meterai.kit.database import Database
from meterai.news import store

log = structlog.get_logger(__name__)


async def remind_updates(db: Database, *, now: datetime) -> int:
    """Logs each open incident whose next update is overdue. Returns 0: there is never more to do."""
    async with db.connection() as connection:
        for incident in await store.open_incidents(connection):
            if overdue_s := incident.overdue_s(now):
                log.warning("incident_update_overdue", incident=incident.number, seconds=round(overdue_s))
    return 0
