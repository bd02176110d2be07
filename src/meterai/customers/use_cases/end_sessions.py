"""Ends sessions of the customer who is signed in: one, all others, or all."""

from __future__ import annotations

from datetime import datetime

from meterai.customers import store
from meterai.customers.browsers import Which
from meterai.customers.queries import SessionCustomer
from meterai.kit.database import Database


async def end_sessions(
    db: Database, by: SessionCustomer, which: Which, *, session_id: bytes | None = None, now: datetime
) -> int:
    """Ends sessions and what their browsers are known by; gives how many. `session_id`: which one.

    The cookies are worthless in every process as soon as this returns: no process remembers sessions.
    """
    async with db.connection() as connection:
        return await store.end_sessions(connection, by.token, which, session_id, now)
