"""Takes the name of a process for itself: no two processes of an installation work under one name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database, call


class NameTaken(ValueError):
    """Another process, mostly of another host, works under this name."""


async def take_name(db: Database, name: str, holder: UUID, *, after: UUID | None) -> None:
    """Takes a name. `holder`: an id that this process alone has. `after`: that of its dead predecessor.

    A name whose process is silent for ten seconds is free.

    Raises: NameTaken.
    """
    async with db.connection() as connection:
        seen: datetime | None = await connection.fetchval(
            call("operations.take_process_name", 3), name, holder, after
        )
    if seen is not None:
        raise NameTaken(
            f"METERAI_HOST_NAME: a process of another host has the name {name} "
            f"(seen at {seen:%H:%M:%S} UTC). Give each host a name of its own."
        )


async def keep_name(db: Database, name: str, holder: UUID) -> bool:
    """Says that the process lives. False: another process has taken its name meanwhile."""
    async with db.connection() as connection:
        kept: bool = await connection.fetchval(call("operations.keep_process_name", 2), name, holder)
    return kept


async def free_name(db: Database, name: str, holder: UUID) -> None:
    """Frees the name at the end of its process."""
    async with db.connection() as connection:
        await connection.execute(call("operations.free_process_name", 2), name, holder)
