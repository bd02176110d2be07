"""Puts in place what every installation needs before the site opens."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.cli.launch import LaunchProblem
from meterai.kit.database import Database, connect
from meterai.kit.settings import Settings
from meterai.operations.use_cases.open_house import open_house
from meterai.stamping.development_key import register_development_key


async def settle(settings: Settings, *, now: datetime) -> None:
    """Opens the house as the application; `settings`: complete.

    Raises: LaunchProblem for an unreadable events file or development key; asyncpg.PostgresError, OSError.
    """
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai up")
    development = settings.environment == "development"
    try:
        await _open_house(db, settings, development=development, now=now)
        if development:
            await _register_key(db, settings, now=now)
    finally:
        await db.close()


async def _open_house(db: Database, settings: Settings, *, development: bool, now: datetime) -> None:
    try:
        await open_house(db, events_file=settings.events_file, development=development, now=now)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        if isinstance(error, OSError) and error.filename is None:  # the database's
            raise
        raise LaunchProblem(f"METERAI_EVENTS_FILE ({settings.events_file}) can't be read: {error}") from None


async def _register_key(db: Database, settings: Settings, *, now: datetime) -> None:
    try:
        await register_development_key(db, settings.data, now=now)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename is None:
            raise
        raise LaunchProblem(
            f"The development key can't be read: {error}. Put pki back from a copy (docs/backup.md)."
        ) from None
