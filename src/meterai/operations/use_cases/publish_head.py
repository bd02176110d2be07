"""Puts the head of the audit trail outside of the database, so that its end can't be cut off or rewritten."""

from __future__ import annotations

from datetime import datetime

import structlog

from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database
from meterai.operations.auditing.head_places import HeadPlace
from meterai.operations.auditing.heads import line_of, new_head
from meterai.operations.officers.register import installation_id

log = structlog.get_logger(__name__)


async def publish_head(db: Database, place: HeadPlace | None, name: str, *, now: datetime) -> int:
    """Puts the head at `place`, when it has changed since the last time. Returns how many were put.

    `name`: of the place, for the journal of heads. When the place refuses it, the next round tries again.
    """
    if place is None:
        return 0
    async with db.connection() as connection:
        head = await connection.fetchrow(
            """SELECT entry, hash FROM operations.audit_head h
               WHERE entry > coalesce(
                   (SELECT max(s.entry) FROM operations.audit_head_sent s WHERE s.place = $1), 0)""",
            name,
        )
        if head is None:
            return 0
        installation = await installation_id(connection)
    try:
        await place.put(line_of(new_head(installation, head["entry"], head["hash"], now)))
    except (OSError, Refusal) as error:
        reason = error.facts.get("reason") if isinstance(error, Refusal) else str(error)
        log.warning("audit_head_not_kept", entry=head["entry"], place=name, reason=reason)
        return 0
    async with db.connection() as connection:
        await connection.execute(
            "SELECT operations.note_head_sent($1, $2, $3)", head["entry"], head["hash"], name
        )
    return 1
