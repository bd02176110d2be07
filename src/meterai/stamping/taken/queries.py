"""Reads of serial numbers that were taken. Those of other organisations are not found (I16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Connection, Database, Row
from meterai.ledger.model import AccountKind, account_id
from meterai.stamping.taken.model import TakenSerial, TakenState

type Behind = tuple[datetime, str]
"""When the last serial number of the page before was taken, and the number."""

_TAKEN = """
    SELECT t.serial, s.state, t.organisation_id, t.request_key, t.document_id, t.name, s.job_id,
        t.taken_at, t.used_at, s.released_at, t.returned_at
    FROM stamping.taken_serial t JOIN stamping.serial s ON s.serial = t.serial WHERE t.organisation_id = $1"""


async def taken_serial(db: Database, serial: str, *, organisation_id: UUID) -> TakenSerial | None:
    """Returns a serial number that this organisation took; None for any other."""
    async with db.connection() as connection:
        row = await connection.fetchrow(f"{_TAKEN} AND t.serial = $2", organisation_id, serial)
    return None if row is None else _taken(row)


async def unstamped_serials(
    db: Database, organisation_id: UUID, *, behind: Behind | None = None, limit: int
) -> list[TakenSerial]:
    """Lists the serial numbers of an organisation that wait for their stamp, the newest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"""{_TAKEN} AND s.state = 'unstamped'
                AND ($2::timestamptz IS NULL OR (t.taken_at, t.serial) < ($2, $3::text))
                ORDER BY t.taken_at DESC, t.serial DESC LIMIT $4""",
            organisation_id,
            *(behind or (None, None)),
            limit,
        )
    return [_taken(row) for row in rows]


async def taken_serials(
    db: Database, organisation_id: UUID, *, behind: Behind | None = None, limit: int
) -> list[TakenSerial]:
    """Lists all serial numbers that an organisation took, the newest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"""{_TAKEN} AND ($2::timestamptz IS NULL OR (t.taken_at, t.serial) < ($2, $3::text))
                ORDER BY t.taken_at DESC, t.serial DESC LIMIT $4""",
            organisation_id,
            *(behind or (None, None)),
            limit,
        )
    return [_taken(row) for row in rows]


async def oldest_unstamped(db: Database, organisation_id: UUID, *, limit: int) -> list[TakenSerial]:
    """Lists the serial numbers of an organisation that wait longest for their stamp, the oldest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"{_TAKEN} AND s.state = 'unstamped' ORDER BY t.taken_at, t.serial LIMIT $2",
            organisation_id,
            limit,
        )
    return [_taken(row) for row in rows]


async def count_unstamped(db: Database, organisation_id: UUID) -> int:
    """Counts the serial numbers of an organisation that wait for their stamp, by its account (I31)."""
    async with db.connection() as connection:
        count: int | None = await connection.fetchval(
            "SELECT credits_posted - debits_posted - debits_pending FROM ledger.account WHERE id = $1",
            account_id(AccountKind.UNSTAMPED, organisation_id),
        )
    return count or 0


async def returned_serials(db: Database, organisation_id: UUID, serials: Sequence[str]) -> list[str]:
    """Returns those of the serial numbers whose stamps the organisation has in its stock again."""
    async with db.connection() as connection:
        found: list[str] = await connection.fetchval(
            """SELECT ARRAY(SELECT serial FROM stamping.taken_serial
                   WHERE organisation_id = $1 AND serial = ANY ($2) AND returned_at IS NOT NULL
                   ORDER BY serial)""",
            organisation_id,
            list(serials),
        )
    return found


async def taken_by_keys(
    connection: Connection, organisation_id: UUID, keys: Sequence[str]
) -> dict[str, TakenSerial]:
    """Finds the serial numbers that were taken for these keys and not given back."""
    rows = await connection.fetch(
        f"{_TAKEN} AND t.request_key = ANY ($2) AND t.returned_at IS NULL", organisation_id, list(keys)
    )
    return {row["request_key"]: _taken(row) for row in rows}


def _taken(row: Row) -> TakenSerial:
    return TakenSerial(**{**dict(row), "state": TakenState(row["state"])})
