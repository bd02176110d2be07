"""Every statement that changes what belongs to the sandbox, and what the database refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.clients.model import ClientKey
from meterai.partners.members.store import member_refusals


@contextmanager
def sandbox_refusals() -> Iterator[None]:
    """Raises: Refusal NOT_FOUND `sandbox.off`; CONFLICT `sandbox.clients_max`."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == "SB001":
            raise Refusal(Kind.NOT_FOUND, "sandbox.off") from error
        if error.sqlstate == "SB002":
            raise Refusal(Kind.CONFLICT, "sandbox.clients_max") from error
        raise


async def add_test_client(
    tx: Connection,
    client_id: UUID,
    organisation_id: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    key: ClientKey,
) -> None:
    """Stores a client with its first key. Raises: see `sandbox_refusals`."""
    with sandbox_refusals():
        await tx.execute(
            call("partners.add_test_client", 8),
            client_id,
            organisation_id,
            name,
            sorted(scopes),
            key.id,
            key.public_key,
            key.thumbprint,
            key.added_at,
        )


async def end_test_client(tx: Connection, client_id: UUID, organisation_id: UUID, now: datetime) -> bool:
    """Ends a client. False: the organisation has none of this id that counts. Raises: see above."""
    with sandbox_refusals():
        ended: bool = await tx.fetchval(call("partners.end_test_client", 3), client_id, organisation_id, now)
    return ended


async def own_test_organisation(tx: Connection, session: str, organisation_id: UUID, now: datetime) -> None:
    """Makes the customer of a session the first owner of a test organisation. Raises: see above; what
    `member_refusals` raises.
    """
    with sandbox_refusals(), member_refusals():
        await tx.execute(call("partners.own_test_organisation", 3), session.encode(), organisation_id, now)


async def lock_clock(tx: Connection, organisation_id: UUID) -> None:
    """Lets no other move of this clock go on before the end of the transaction."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"clock {organisation_id}")


async def clock_ahead(connection: Connection, organisation_id: UUID) -> timedelta:
    """How far an organisation's clock is ahead."""
    seconds = await connection.fetchval(
        "SELECT ahead_s FROM partners.sandbox_clock WHERE organisation_id = $1", organisation_id
    )
    return timedelta(seconds=seconds or 0)


async def set_clock(tx: Connection, organisation_id: UUID, ahead: timedelta, now: datetime) -> None:
    """Sets how far a clock is ahead. Raises: see `sandbox_refusals`."""
    with sandbox_refusals():
        await tx.execute(
            """INSERT INTO partners.sandbox_clock (organisation_id, ahead_s, moved_at) VALUES ($1, $2, $3)
               ON CONFLICT (organisation_id) DO UPDATE SET ahead_s = $2, moved_at = $3""",
            organisation_id,
            int(ahead.total_seconds()),
            now,
        )


async def reset_clock(tx: Connection, organisation_id: UUID) -> None:
    """Lets a clock show the real time."""
    await tx.execute("DELETE FROM partners.sandbox_clock WHERE organisation_id = $1", organisation_id)
