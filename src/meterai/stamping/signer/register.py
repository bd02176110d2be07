"""The signer's access to the database, under a role that can do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from meterai.kit.database import Connection


async def count_and_read(
    conn: Connection, serials: Sequence[str], key_id: str, now: datetime
) -> dict[str, bytes]:
    """Counts an attempt for each serial with a stored intent, and returns the digests to be signed (I8).

    They come in the order of the attempts' numbers. A signer that signs in this order can tell after a crash
    which attempts were left.
    """
    rows = await conn.fetch(
        "SELECT serial, digest FROM stamping.begin_signing($1, $2, $3) ORDER BY attempt",
        list(serials),
        key_id,
        now,
    )
    return {row["serial"]: row["digest"] for row in rows}


class RequestedHash(NamedTuple):
    """The signed attributes that a request asks to be signed."""

    request_id: UUID
    attributes: bytes
    plain: bool
    """See `signatures.hash_attributes.check_attributes`."""


async def count_hashes(
    conn: Connection, requests: Sequence[UUID], key_id: str, now: datetime
) -> list[RequestedHash]:
    """Counts an attempt for each requested hash. Returns what is to be signed, in the attempts' order."""
    rows = await conn.fetch(
        """SELECT request_id, attributes, plain FROM stamping.begin_hash_signing($1, $2, $3)
           ORDER BY attempt""",
        list(requests),
        key_id,
        now,
    )
    return [RequestedHash(**row) for row in rows]


async def may_have_codes(conn: Connection, serials: Sequence[str], *, taken_only: bool) -> set[str]:
    """Returns those serial numbers that will stand, or stand, on a document that is not released here.

    `taken_only`: only those that were taken to be stamped outside.
    """
    rows = await conn.fetch(
        """SELECT serial FROM stamping.serial WHERE serial = ANY ($1)
               AND (state IN ('unstamped', 'used') OR NOT $2 AND state IN ('allocated', 'sealed'))""",
        list(serials),
        taken_only,
    )
    return {row["serial"] for row in rows}


async def may_be_dated(conn: Connection, digests: Sequence[bytes]) -> bool:
    """Whether each digest was asked to be dated for a released file, or is of a stored hash signature."""
    may: bool = await conn.fetchval("SELECT stamping.may_be_dated($1)", list(digests))
    return may


async def counted_attempts(conn: Connection, key_id: str) -> int:
    """Counts the attempts that reached the key, by the register. Includes those found after a restore."""
    count = await conn.fetchval(
        """SELECT (SELECT count(*) FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL)
               + (SELECT coalesce(sum(uses), 0) FROM stamping.forgotten_use WHERE key_id = $1)""",
        key_id,
    )
    return int(count)


async def signed_by_newest(conn: Connection, key_id: str, count: int) -> int:
    """Counts the serials and hashes that only the newest attempts of a key signed: they did reach it."""
    signed = await conn.fetchval(
        """WITH newest AS (
               SELECT id, serial, hash_request_id FROM stamping.sign_attempt
               WHERE key_id = $1 AND abandoned_at IS NULL
               ORDER BY id DESC LIMIT $2
           )
           SELECT (
               SELECT count(*) FROM stamping.serial s
               WHERE s.serial = ANY (ARRAY(SELECT serial FROM newest))  -- arrays: planned as few
                   AND s.state IN ('sealed', 'released') AND NOT EXISTS (
                       SELECT FROM stamping.sign_attempt a WHERE a.serial = s.serial
                           AND a.abandoned_at IS NULL AND a.id <> ALL (ARRAY(SELECT id FROM newest)))
           ) + (
               SELECT count(*) FROM stamping.hash_signature h
               WHERE h.request_id = ANY (ARRAY(SELECT hash_request_id FROM newest)) AND h.key_id = $1
                   AND NOT EXISTS (
                       SELECT FROM stamping.sign_attempt a WHERE a.hash_request_id = h.request_id
                           AND a.key_id = $1 AND a.abandoned_at IS NULL
                           AND a.id <> ALL (ARRAY(SELECT id FROM newest)))
           )""",
        key_id,
        count,
    )
    return int(signed)


async def abandon_newest(conn: Connection, key_id: str, count: int, now: datetime) -> int:
    """Marks the newest attempts of a key as never used. Returns how many were marked."""
    rows = await conn.fetch(
        """SELECT id FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL
           ORDER BY id DESC LIMIT $2""",
        key_id,
        count,
    )
    marked = await conn.fetchval("SELECT stamping.abandon_attempts($1, $2)", [row["id"] for row in rows], now)
    return int(marked)


async def throw_switch(conn: Connection, reason: str, now: datetime) -> bool:
    """Throws the stop switch, which only a person can release. Returns whether it was off before."""
    return bool(await conn.fetchval("SELECT operations.trip_sealing_stop($1, $2)", reason, now))
