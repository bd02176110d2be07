"""The caps on what a client of the API may spend by hour and by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.partners.clients import store

_HOUR_REACHED: Final = "PC001"
_DAY_REACHED: Final = "PC002"


async def spend(tx: Connection, client_id: UUID, pieces: int, *, now: datetime) -> None:
    """Counts stamps that a client orders or passes on, in the transaction that does so.

    What is rolled back does not count. A stamp that is refused later does: the caps bound what a stolen key
    can do in a time. They count by hour, and by day in Jakarta.

    Raises: Refusal BUSY `client.hour_cap`, `client.day_cap`, with the time until the next hour or day.
    """
    try:
        await store.spend(tx, client_id, pieces, now)
    except asyncpg.PostgresError as error:
        if error.sqlstate == _HOUR_REACHED:
            raise Refusal(Kind.BUSY, "client.hour_cap", retry_after_s=_until_hour(now)) from error
        if error.sqlstate == _DAY_REACHED:
            raise Refusal(Kind.BUSY, "client.day_cap", retry_after_s=_until_day(now)) from error
        raise


def _until_hour(now: datetime) -> int:
    return 3600 - (now.minute * 60 + now.second)


def _until_day(now: datetime) -> int:
    tomorrow = start_of_business_date(business_date(now) + timedelta(days=1))
    return int((tomorrow - now).total_seconds()) + 1
