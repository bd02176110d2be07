"""When the newest copy was made, for the alarm about copies that are not made any more."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection


async def note_backup(connection: Connection, made_at: datetime) -> None:
    """Notes a whole copy of the moment `made_at`. Only the owner's role may."""
    await connection.execute("UPDATE operations.last_backup SET made_at = $1 WHERE made_at < $1", made_at)


async def last_backup(connection: Connection) -> datetime:
    """The moment of the newest copy. Without any: when the installation began to count."""
    made_at: datetime = await connection.fetchval("SELECT made_at FROM operations.last_backup")
    return made_at
