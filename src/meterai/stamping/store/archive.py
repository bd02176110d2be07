"""Statements on the archive's table: the level of each released file, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, call
from meterai.stamping.archive.level import Level


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a released document that is due, with the lease on it."""

    document_id: UUID
    level: Level
    proof_until: datetime | None
    leased_until: datetime
    attempts: int
    pending_object: str | None
    sha256: str
    version: int
    serials: tuple[SerialNumber, ...]
    """Serial numbers in the order of sealing."""


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one file. `sha256` is empty if the file stays as it is."""

    level: Level
    proof_until: datetime
    due_at: datetime
    sha256: str = ""
    bytes: int = 0


# A file whose time stamp is owed has to wait: the token changes the gap of its seal.
_DUE = """a.due_at <= $1 AND NOT EXISTS (
    SELECT FROM stamping.time_stamp_owed o WHERE o.document_id = a.document_id AND o.paid_at IS NULL)"""

_COMPLETE = call("stamping.complete_archive", 10)


async def claim_due(
    conn: Connection, now: datetime, *, lease_until: datetime, limit: int
) -> list[ArchivedFile]:
    """Claims files that are due. After a crash they are due again when the lease ends."""
    rows = await conn.fetch(
        f"""
        WITH claimed AS (
            UPDATE stamping.archive a SET due_at = $2, attempts = attempts + 1
            WHERE a.document_id = ANY (ARRAY(
                SELECT document_id FROM stamping.archive a WHERE {_DUE}
                ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))  -- an array: planned as few, not as a join
            RETURNING a.*
        )
        SELECT c.document_id, c.level, c.proof_until, c.due_at AS leased_until, c.attempts, c.pending_object,
            newest.sha256, newest.version,
            ARRAY(SELECT r.serial FROM stamping.release r JOIN stamping.serial s ON s.serial = r.serial
                  WHERE r.document_id = c.document_id AND r.sha256 = newest.sha256
                  ORDER BY s.ordinal) AS serials
        FROM claimed c CROSS JOIN LATERAL (
            SELECT r.sha256, r.version FROM stamping.release r WHERE r.document_id = c.document_id
            ORDER BY r.version DESC LIMIT 1) newest
        """,  # noqa: S608 (a constant)
        now,
        lease_until,
        limit,
    )
    return [
        ArchivedFile(**{**dict(row), "level": Level(row["level"]), "serials": tuple(row["serials"])})
        for row in rows
    ]


async def note_pending(conn: Connection, file: ArchivedFile, sha256: str) -> None:
    """Notes the key of an object before it is stored, so that it can be deleted after a crash."""
    await conn.execute(
        "UPDATE stamping.archive SET pending_object = $2 WHERE document_id = $1", file.document_id, sha256
    )


async def ask_token(conn: Connection, document_id: UUID, digest: bytes, now: datetime) -> None:
    """Notes the digest that the signer shall have dated for this file. It has no other dated for it."""
    await conn.execute("SELECT stamping.ask_token($1, $2, $3)", document_id, digest, now)


async def is_released(conn: Connection, sha256: str) -> bool:
    """Whether a serial number is bound to these bytes."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM stamping.release WHERE sha256 = $1)", sha256))


async def put_off(conn: Connection, file: ArchivedFile, code: str, until: datetime) -> None:
    """Postpones a file that could not be renewed, until `until`."""
    await conn.execute(
        """UPDATE stamping.archive SET due_at = $3, trouble_code = $4
           WHERE document_id = $1 AND due_at = $2""",
        file.document_id,
        file.leased_until,
        until,
        code,
    )


async def complete(conn: Connection, file: ArchivedFile, outcome: Renewed, now: datetime) -> bool:
    """Notes the result and binds the serials to the new bytes, if any, as their next version.

    Returns False, and writes nothing, when the lease was lost.
    """
    ours = await conn.fetchval(
        _COMPLETE,
        file.document_id,
        file.leased_until,
        file.sha256,
        file.version,
        outcome.sha256,
        outcome.bytes,
        outcome.level,
        outcome.proof_until,
        outcome.due_at,
        now,
    )
    return bool(ours)


async def make_due(conn: Connection, below: Sequence[Level], now: datetime) -> int:
    """Makes every file of these levels due. Returns their number.

    Files whose time stamp was written off stay as they are.
    """
    return int(
        await conn.fetchval(
            """WITH made AS (UPDATE stamping.archive a SET due_at = $2
                   WHERE level = ANY ($1) AND due_at > $2 AND attempts = 0
                       AND NOT EXISTS (SELECT FROM stamping.time_stamp_owed o
                           WHERE o.document_id = a.document_id AND o.next_attempt_at = 'infinity')
                   RETURNING 1)
               SELECT count(*) FROM made""",
            list(below),
            now,
        )
    )
