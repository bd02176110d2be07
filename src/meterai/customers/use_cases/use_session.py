"""Notes that a session is used, so that it does not end by resting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meterai.customers import store
from meterai.customers.queries import SessionCustomer
from meterai.kit.database import Database

NOTED_EVERY: Final = timedelta(hours=1)
"""Reading a page costs no write but for the first one in an hour."""


async def use_session(db: Database, by: SessionCustomer, *, now: datetime) -> None:
    """Notes the use, at most once an hour."""
    if now >= by.used_at + NOTED_EVERY:
        async with db.connection() as connection:
            await store.use_session(connection, by.token, now)
