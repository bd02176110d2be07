"""Puts in place what every installation needs before the site opens."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from meterai.cli.launch import LaunchProblem
from meterai.kit.database import connect
from meterai.kit.settings import Settings
from meterai.operations.use_cases.open_house import open_house
from meterai.stamping.development_key import register_development_key


async def settle(settings: Settings, *, now: datetime) -> None:
    """Opens the house as the application; `settings`: complete.

    Raises: LaunchProblem for an unreadable events file; asyncpg.PostgresError.
    """
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai up")
    try:
        await open_house(
            db,
            events_file=settings.events_file,
            development=settings.environment == "development",
            now=now,
        )
        if settings.environment == "development":
            await register_development_key(db, settings.data, now=now)
    except asyncpg.PostgresError:
        raise
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise LaunchProblem(f"METERAI_EVENTS_FILE ({settings.events_file}) can't be read: {error}") from None
    finally:
        await db.close()
