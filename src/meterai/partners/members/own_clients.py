"""Every statement by which owners change the clients of their organisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.clients.model import KEYS_MAX, ClientKey
from meterai.partners.members.store import member_refusals

_REFUSALS: Final = {
    "PC004": (Kind.NOT_FOUND, "client.unknown"),
    "PC005": (Kind.CONFLICT, "client.key_known"),
    "PC007": (Kind.NOT_FOUND, "client.key_unknown"),
}
"""SQLSTATE -> refusal."""


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        with member_refusals():
            yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == "PC006":
            raise Refusal(Kind.CONFLICT, "client.keys_many", most=KEYS_MAX) from error
        if error.sqlstate in _REFUSALS:
            raise Refusal(*_REFUSALS[error.sqlstate]) from error
        raise


async def make_client(
    tx: Connection,
    session: str,
    organisation_id: UUID,
    client_id: UUID,
    *,
    name: str,
    scopes: frozenset[str],
    key: ClientKey,
    now: datetime,
) -> None:
    """Stores a client with its first key."""
    with _refusals():
        await tx.execute(
            call("partners.make_own_client", 9),
            session.encode(),
            organisation_id,
            client_id,
            name,
            sorted(scopes),
            key.id,
            key.public_key,
            key.thumbprint,
            now,
        )


async def add_key(
    tx: Connection, session: str, organisation_id: UUID, client_id: UUID, *, key: ClientKey, now: datetime
) -> None:
    """Stores a further key of a client."""
    with _refusals():
        await tx.execute(
            call("partners.give_own_client_key", 7),
            session.encode(),
            organisation_id,
            client_id,
            key.id,
            key.public_key,
            key.thumbprint,
            now,
        )


async def end_key(
    tx: Connection, session: str, organisation_id: UUID, key_id: UUID, *, now: datetime
) -> None:
    """Ends a key now."""
    with _refusals():
        statement = call("partners.end_own_client_key", 4)
        await tx.execute(statement, session.encode(), organisation_id, key_id, now)
