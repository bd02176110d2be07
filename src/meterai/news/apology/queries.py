"""Reads of apologies, for pages and the status page. All of it is public."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.news.apology import store
from meterai.news.apology.model import Apology

FRESH: Final = timedelta(days=7)
"""How long the home page has a link to an apology."""


async def apology_for(conn: Connection, incident: int) -> Apology:
    """The apology for an incident. Raises: Refusal NOT_FOUND `page.not_found`."""
    found = await store.find(conn, incident)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return found


async def fresh_apologies(conn: Connection, *, now: datetime) -> list[Apology]:
    """Those that are new, the newest first."""
    return await store.published_since(conn, now - FRESH)
