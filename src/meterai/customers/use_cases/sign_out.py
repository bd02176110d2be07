"""Ends a session."""

from __future__ import annotations

from meterai.customers import store
from meterai.kit.database import Database


async def sign_out(db: Database, token: str) -> None:
    """Ends the session of this token; an unknown one is over already."""
    async with db.connection() as connection:
        await store.end_session(connection, token)
