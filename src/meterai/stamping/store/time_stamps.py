"""Statements on the time stamps that are owed to released files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection
from meterai.pdf.profiles import Profile
from meterai.stamping.model import Release


class OwedTimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """A released file whose last seal lacks its token, and the position of that seal."""

    sha256: str
    document_id: UUID
    serial: SerialNumber
    gap_start: int
    gap_end: int


class OwingFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to add the token: the debt, the releases on these bytes, and the check's input."""

    owed: OwedTimeStamp
    attempts: int
    serials: tuple[SerialNumber, ...]
    """Serial numbers in the order of sealing."""
    pages: int
    profile: Profile
    input_bytes: int
    kept_sha256: str
    """As in `ClaimedJob`."""


async def claim_owed(
    conn: Connection, now: datetime, *, lease_until: datetime, limit: int
) -> list[OwingFile]:
    """Claims debts that are due. After a crash they are due again when the lease ends."""
    rows = await conn.fetch(
        """
        WITH claimed AS (
            UPDATE stamping.time_stamp_owed o SET next_attempt_at = $2, attempts = attempts + 1
            WHERE o.sha256 = ANY (ARRAY(
                SELECT sha256 FROM stamping.time_stamp_owed WHERE next_attempt_at <= $1 AND paid_at IS NULL
                ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))  -- an array: planned as few
            RETURNING o.sha256, o.document_id, o.serial, o.gap_start, o.gap_end, o.attempts
        )
        SELECT c.*, d.profile, d.input_bytes, max(r.pages) AS pages,
            CASE WHEN d.normalised OR d.profile = 'signed' THEN d.input_object ELSE '' END AS kept_sha256,
            array_agg(r.serial ORDER BY s.ordinal) AS serials
        FROM claimed c JOIN stamping.document d ON d.id = c.document_id
        JOIN stamping.release r ON r.sha256 = c.sha256 AND r.version = 1
        JOIN stamping.serial s ON s.serial = r.serial
        GROUP BY c.sha256, c.document_id, c.serial, c.gap_start, c.gap_end, c.attempts,
            d.profile, d.input_bytes, d.normalised, d.input_object
        """,
        now,
        lease_until,
        limit,
    )
    return [
        OwingFile(
            owed=OwedTimeStamp(**{name: row[name] for name in OwedTimeStamp.__struct_fields__}),
            attempts=row["attempts"],
            serials=tuple(row["serials"]),
            pages=row["pages"],
            profile=Profile(row["profile"]),
            input_bytes=row["input_bytes"],
            kept_sha256=row["kept_sha256"],
        )
        for row in rows
    ]


async def put_off(conn: Connection, sha256: str, until: datetime) -> None:
    """Postpones a debt until `until`."""
    await conn.execute(
        """UPDATE stamping.time_stamp_owed SET next_attempt_at = $2
           WHERE sha256 = $1 AND next_attempt_at IS NOT NULL""",
        sha256,
        until,
    )


async def write_off(conn: Connection, sha256: str) -> None:
    """Writes off a debt that can't be paid any more: it stays on record and is not tried again."""
    await conn.execute(
        """UPDATE stamping.time_stamp_owed SET next_attempt_at = 'infinity'
           WHERE sha256 = $1 AND next_attempt_at IS NOT NULL""",
        sha256,
    )


async def pay(conn: Connection, file: OwingFile, new: Release, now: datetime) -> bool:
    """Binds the serials to the file with the token, as their next version.

    Returns False if that was done before.
    """
    paid = await conn.fetchval(
        "SELECT stamping.pay_time_stamp($1, $2, $3, $4)", file.owed.sha256, new.sha256, new.bytes, now
    )
    return bool(paid)
