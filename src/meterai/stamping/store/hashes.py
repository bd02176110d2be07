"""Statements on hashes that partners ask to be signed. Functions of the database make the transfers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row, call
from meterai.ledger import store as ledger

_ASK: Final = call("stamping.ask_hash", 7)
_BIND: Final = call("stamping.bind_hash", 4)
_REFUSALS: Final = {
    "WI001": (Kind.NOT_FOUND, "serial.unknown"),
    "WI002": (Kind.CONFLICT, "serial.not_unstamped"),
    "WI003": (Kind.CONFLICT, "hash.other_source"),
    "WI004": (Kind.CONFLICT, "hash.enough_requests"),
}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        known = _REFUSALS.get(error.sqlstate or "")
        if known is None:
            raise
        raise Refusal(*known) from error


async def newest_request(conn: Connection, organisation_id: UUID, serial: str) -> Row | None:
    """Reads the newest request of a serial number that this organisation took, with its signature if any.

    Columns: id, number, source_sha256, attributes, signature, key_id.
    """
    return await conn.fetchrow(
        """SELECT r.id, r.number, r.source_sha256, r.attributes, h.signature, h.key_id
           FROM stamping.hash_request r JOIN stamping.taken_serial t ON t.serial = r.serial
           LEFT JOIN stamping.hash_signature h ON h.request_id = r.id
           WHERE r.serial = $2 AND t.organisation_id = $1 ORDER BY r.number DESC LIMIT 1""",
        organisation_id,
        serial,
    )


async def allows_plain(conn: Connection, organisation_id: UUID, now: datetime) -> bool:
    """Whether the organisation's agreement allows attributes that do not name the certificate."""
    allowed: bool = await conn.fetchval("SELECT stamping.allows_plain_hashes($1, $2)", organisation_id, now)
    return allowed


async def ask(
    conn: Connection,
    *,
    organisation_id: UUID,
    request_id: UUID,
    serial: str,
    source_sha256: bytes,
    message_digest: bytes,
    attributes: bytes,
    now: datetime,
) -> UUID:
    """Notes a hash to be signed, and returns its request: the newest one if it asks for the same.

    Raises: Refusal NOT_FOUND `serial.unknown`; CONFLICT `serial.not_unstamped`, `hash.other_source`,
    `hash.enough_requests`.
    """
    with _refusals():
        asked: UUID = await conn.fetchval(
            _ASK, organisation_id, request_id, serial, source_sha256, message_digest, attributes, now
        )
    return asked


async def bind(
    conn: Connection, request_id: UUID, *, key_id: str, signature: bytes, now: datetime
) -> Row | None:
    """Stores a signature, and posts its stamp as used. Returns the one that counts: the one stored first.

    Columns: number, signature, key_id. None, and nothing written: the serial number went back meanwhile.
    """
    with ledger.refusals():
        if await conn.fetchval(_BIND, request_id, key_id, signature, now) is None:
            return None
    return await conn.fetchrow(
        """SELECT r.number, h.signature, h.key_id
           FROM stamping.hash_signature h JOIN stamping.hash_request r ON r.id = h.request_id
           WHERE h.request_id = $1""",
        request_id,
    )


async def is_of_signature(conn: Connection, organisation_id: UUID, digest: bytes) -> bool:
    """Whether `digest` is the SHA-256 of a signature that was made for this organisation."""
    found: bool = await conn.fetchval(
        """SELECT EXISTS (
               SELECT FROM stamping.hash_signature h JOIN stamping.hash_request r ON r.id = h.request_id
               JOIN stamping.taken_serial t ON t.serial = r.serial
               WHERE sha256(h.signature) = $2 AND t.organisation_id = $1)""",
        organisation_id,
        digest,
    )
    return found
