"""Ends a session."""

from __future__ import annotations

from meterai.customers import store
from meterai.customers.browsers import Browser
from meterai.kit.database import Database


async def sign_out(db: Database, browser: Browser) -> None:
    """Ends the session of this browser, and what it is known by; unknown ones are over already."""
    async with db.connection() as connection:
        await store.end_session(connection, browser.token, browser.mark)
