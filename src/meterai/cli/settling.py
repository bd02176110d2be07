"""Puts in place what every installation needs before the site opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from meterai.cli.launch import LaunchProblem, other_environment
from meterai.kit.database import connect
from meterai.kit.settings import Settings
from meterai.operations.use_cases.keep_environment import keep_environment
from meterai.operations.use_cases.open_house import open_house
from meterai.stamping.development_key import register_development_key


async def settle(settings: Settings, *, now: datetime) -> None:
    """Opens the house as the application; `settings`: complete.

    Raises: LaunchProblem for an unreadable events file or development key, and before anything is written for
    an installation of the other environment; asyncpg.PostgresError, OSError.
    """
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai up")
    development = settings.environment == "development"
    try:
        kept = await keep_environment(db, settings.environment, now=now)
        if kept != settings.environment:
            raise LaunchProblem(other_environment(settings, kept))
        with _reading(f"METERAI_EVENTS_FILE ({settings.events_file})"):
            await open_house(db, events_file=settings.events_file, development=development, now=now)
        if development:
            with _reading("The development key", then=". Put pki back from a copy (docs/backup.md)."):
                await register_development_key(db, settings.data, now=now)
    finally:
        await db.close()


@contextmanager
def _reading(file: str, *, then: str = "") -> Iterator[None]:
    """Raises: LaunchProblem when what it names can't be read; `then`: the next step."""
    try:
        yield
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        if isinstance(error, OSError) and error.filename is None:  # the database's
            raise
        raise LaunchProblem(f"{file} can't be read: {error}{then}") from None
