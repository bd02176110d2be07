"""Reads of clients, for the API and for officers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.clock import business_date
from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.clients.model import Client


async def find_client(db: Database, client_id: UUID, *, now: datetime) -> Client | None:
    """The client of this id, with its keys and what the agreement of today demands."""
    async with db.connection() as connection:
        return await store.find_client(connection, client_id, business_date(now))


async def clients_of(db: Database, organisation_id: UUID, *, now: datetime) -> list[Client]:
    """The clients of an organisation, the oldest first."""
    async with db.connection() as connection:
        return await store.clients_of(connection, organisation_id, business_date(now))
