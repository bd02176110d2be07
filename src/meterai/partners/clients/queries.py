"""Reads of clients, for the API and for officers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.clients.model import Client, ClientKey


async def find_client(db: Database, client_id: UUID, *, now: datetime) -> Client | None:
    """The client of this id, with its keys and what the agreement of today demands."""
    async with db.connection() as connection:
        return await store.find_client(connection, client_id, business_date(now))


async def active_client(db: Database, client_id: UUID | None, *, now: datetime) -> Client:
    """The client of this id that an officer may change. None: it is no id.

    Raises: Refusal NOT_FOUND `client.unknown`, also for one that was revoked.
    """
    found = None if client_id is None else await find_client(db, client_id, now=now)
    if found is None or found.revoked_at is not None:
        raise Refusal(Kind.NOT_FOUND, "client.unknown")
    return found


async def counting_key(db: Database, key_id: UUID | None, *, now: datetime) -> tuple[Client, ClientKey]:
    """A key that counts now, with its client. None: it is no id.

    Raises: Refusal NOT_FOUND `client.key_unknown`.
    """
    async with db.connection() as connection:
        client_id = None if key_id is None else await store.client_of_key(connection, key_id)
        client = client_id and await store.find_client(connection, client_id, business_date(now))
    key = client.key(key_id, now) if client and key_id else None
    if not client or key is None:
        raise Refusal(Kind.NOT_FOUND, "client.key_unknown")
    return client, key


async def clients_of(db: Database, organisation_id: UUID, *, now: datetime) -> list[Client]:
    """The clients of an organisation, the oldest first."""
    async with db.connection() as connection:
        return await store.clients_of(connection, organisation_id, business_date(now))
