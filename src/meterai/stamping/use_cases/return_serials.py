"""Gives serial numbers that nobody stamped back to the stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.stamping.taken import store


async def return_serials(
    db: Database, serials: Sequence[str], *, organisation_id: UUID, now: datetime
) -> list[str]:
    """Returns those serial numbers of an organisation to its stock that are unstamped. They are annulled.

    Returns those that went back now. Doing it again changes nothing.
    """
    async with db.connection() as connection:
        return await store.give_back(connection, organisation_id, serials, now=now)
