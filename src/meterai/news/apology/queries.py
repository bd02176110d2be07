"""Reads of apologies. All of it is public."""

from __future__ import annotations

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.news.apology import store
from meterai.news.apology.model import Apology


async def find_apology(conn: Connection, incident: int) -> Apology | None:
    """The apology for an incident; None: there is none."""
    return await store.find(conn, incident)


async def apology_for(conn: Connection, incident: int) -> Apology:
    """The apology for an incident. Raises: Refusal NOT_FOUND `page.not_found`."""
    found = await store.find(conn, incident)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return found
