"""The database, as commands of operators reach it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from meterai.cli.operator.shared.operator_settings import operator_settings
from meterai.kit.database import Database, connect
from meterai.kit.settings import Settings


def with_database[R](data: Path | None, command: str, work: Callable[[Database], Awaitable[R]]) -> R:
    """Does `work` on the database of the service, and returns its result.

    `command`: how the database names the connection.

    Raises: what `operator_settings` raises.
    """
    return asyncio.run(_with_database(operator_settings(data), command, work))


async def _with_database[R](settings: Settings, command: str, work: Callable[[Database], Awaitable[R]]) -> R:
    db = await connect(settings.database_operator_url, connections_max=1, application_name=command)
    try:
        return await work(db)
    finally:
        await db.close()
