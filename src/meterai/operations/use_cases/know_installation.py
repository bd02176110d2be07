"""Refuses to work on the database of one installation with the files of another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from meterai.kit.database import DATABASE_IS_DOWN, Database, outage_facts
from meterai.kit.installation_id import belong
from meterai.operations.officers.register import installation_id

log = structlog.get_logger(__name__)
_AGAIN_SECONDS = 1.0


async def know_installation(db: Database, *folders: Path) -> None:
    """Compares the database's id with that of each folder. A folder without one gets it.

    Raises: AnotherInstallation, with nothing written; OSError or asyncpg.PostgresError.
    """
    async with db.connection() as connection:
        found = await installation_id(connection)
    for folder in folders:
        await asyncio.to_thread(belong, folder, found, where="the database")


async def know_installation_when_up(db: Database, *folders: Path, stop: asyncio.Event) -> None:
    """As `know_installation`, and waits until the database is up. Returns when `stop` comes first."""
    while not stop.is_set():
        try:
            await know_installation(db, *folders)
        except DATABASE_IS_DOWN as error:
            log.warning("installation_unknown", **outage_facts(error))
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return
