"""Every statement on the tables of clients."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from meterai.kit.database import Connection, Row, call
from meterai.partners.clients.model import Client, ClientKey, Limits

_CLIENTS: Final = """
    SELECT c.id, c.organisation_id, c.name, c.scopes, c.networks::text[] AS networks, c.stamps_per_hour_max,
        c.stamps_per_day_max, c.created_at, c.revoked_at, o.account_holder,
        (
            WITH RECURSIVE up AS (
                SELECT p.parent_id, p.state FROM partners.organisation p WHERE p.id = c.organisation_id
                UNION ALL
                SELECT p.parent_id, p.state FROM up JOIN partners.organisation p ON p.id = up.parent_id
            ) SELECT bool_and(state = 'active') FROM up
        ) AS organisation_is_active,
        coalesce((
            SELECT a.signed_requests FROM partners.agreement a
            WHERE a.organisation_id = c.organisation_id AND a.valid_from <= $2
                AND (a.valid_until IS NULL OR a.valid_until >= $2)
            ORDER BY a.valid_from DESC, a.created_at DESC LIMIT 1
        ), false) AS signs_requests,
        ARRAY(SELECT jsonb_build_object('id', k.id, 'public_key', k.public_key, 'thumbprint', k.thumbprint,
                'added_at', k.added_at, 'ends_at', k.ends_at)
            FROM partners.client_key k WHERE k.client_id = c.id ORDER BY k.added_at, k.id) AS keys
    FROM partners.client c JOIN partners.organisation o ON o.id = c.organisation_id
"""


async def find_client(conn: Connection, client_id: UUID, today: date) -> Client | None:
    """The client of this id. `today`: the business date, for its agreement."""
    row = await conn.fetchrow(f"{_CLIENTS} WHERE c.id = $1", client_id, today)
    return None if row is None else _client(row)


async def clients_of(conn: Connection, organisation_id: UUID, today: date) -> list[Client]:
    """The clients of an organisation, the oldest first."""
    rows = await conn.fetch(
        f"{_CLIENTS} WHERE c.organisation_id = $1 ORDER BY c.created_at, c.id", organisation_id, today
    )
    return [_client(row) for row in rows]


async def client_of_key(conn: Connection, key_id: UUID) -> UUID | None:
    """The client that a key belongs to."""
    found: UUID | None = await conn.fetchval(
        "SELECT client_id FROM partners.client_key WHERE id = $1", key_id
    )
    return found


async def has_organisation(conn: Connection, organisation_id: UUID) -> bool:
    """Whether a partner has this id."""
    found: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM partners.organisation WHERE id = $1)", organisation_id
    )
    return found


async def add_client(
    tx: Connection, client_id: UUID, organisation_id: UUID, *, name: str, limits: Limits, now: datetime
) -> None:
    """Stores a client without keys."""
    await tx.execute(
        """INSERT INTO partners.client (id, organisation_id, name, scopes, networks, stamps_per_hour_max,
               stamps_per_day_max, created_at) VALUES ($1, $2, $3, $4, $5::text[]::inet[], $6, $7, $8)""",
        client_id,
        organisation_id,
        name,
        *_stored(limits),
        now,
    )


async def change_client(tx: Connection, client_id: UUID, limits: Limits) -> bool:
    """Replaces what a client may do. Returns False when there is none, or it was revoked."""
    done = await tx.execute(
        """UPDATE partners.client SET scopes = $2, networks = $3::text[]::inet[], stamps_per_hour_max = $4,
               stamps_per_day_max = $5 WHERE id = $1 AND revoked_at IS NULL""",
        client_id,
        *_stored(limits),
    )
    return done == "UPDATE 1"


async def revoke_client(tx: Connection, client_id: UUID, now: datetime) -> bool:
    """Ends a client for good. Returns False when there is none, or it was revoked before."""
    done = await tx.execute(
        "UPDATE partners.client SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", client_id, now
    )
    return done == "UPDATE 1"


async def add_key(tx: Connection, client_id: UUID, key: ClientKey) -> bool:
    """Stores a key. Returns False when some client has it already."""
    done = await tx.execute(
        """INSERT INTO partners.client_key (id, client_id, public_key, thumbprint, added_at, ends_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (thumbprint) DO NOTHING""",
        key.id,
        client_id,
        key.public_key,
        key.thumbprint,
        key.added_at,
        key.ends_at,
    )
    return done == "INSERT 0 1"


async def end_key(tx: Connection, key_id: UUID, ends_at: datetime, now: datetime) -> bool:
    """Sets when a key ends. Returns False when there is none, or it has ended."""
    done = await tx.execute(
        """UPDATE partners.client_key SET ends_at = $2 WHERE id = $1 AND (ends_at IS NULL OR ends_at > $3)""",
        key_id,
        ends_at,
        now,
    )
    return done == "UPDATE 1"


async def lock_client(tx: Connection, client_id: UUID) -> None:
    """Lets no other act on this client go on before the end of the transaction."""
    await tx.execute("SELECT FROM partners.client WHERE id = $1 FOR UPDATE", client_id)


async def use_assertion(conn: Connection, client_id: UUID, jti: str, expires_at: datetime) -> bool:
    """Notes that an assertion has got its token. Returns False when it has got one before."""
    done = await conn.execute(
        "INSERT INTO partners.used_assertion VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        client_id,
        jti,
        expires_at,
    )
    return done == "INSERT 0 1"


async def spend(tx: Connection, client_id: UUID, pieces: int, now: datetime) -> None:
    """Counts stamps against the caps. Raises: asyncpg.PostgresError, see the function."""
    await tx.execute(call("partners.spend", 3), client_id, pieces, now)


async def clean_up(conn: Connection, now: datetime, *, limit: int) -> int:
    """Deletes used assertions and counts that say nothing any more. Returns how many rows went."""
    deleted: int = await conn.fetchval(call("partners.clean_up_clients", 2), now, limit)
    return deleted


def _stored(limits: Limits) -> tuple[list[str], list[str], int | None, int | None]:
    return (
        sorted(limits.scopes),
        list(limits.networks),
        limits.stamps_per_hour_max,
        limits.stamps_per_day_max,
    )


def _client(row: Row) -> Client:
    facts: dict[str, Any] = dict(row)
    limits = Limits(
        scopes=frozenset(facts.pop("scopes")),
        networks=tuple(facts.pop("networks")),
        stamps_per_hour_max=facts.pop("stamps_per_hour_max"),
        stamps_per_day_max=facts.pop("stamps_per_day_max"),
    )
    keys = tuple(msgspec.convert(key, ClientKey) for key in facts.pop("keys"))
    return Client(**facts, limits=limits, keys=keys)
