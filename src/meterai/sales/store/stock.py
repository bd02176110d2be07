"""Stamps that the distributor bought and the seller can sell."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection
from meterai.ledger import store as ledger


async def tariff_of(conn: Connection, day: date) -> int:
    """The tariff of a day, in rupiah a stamp."""
    face_value: int = await conn.fetchval(
        "SELECT face_value FROM sales.tariff WHERE valid_from <= $1 ORDER BY valid_from DESC LIMIT 1", day
    )
    return face_value


async def issue(
    tx: Connection, deposit_id: uuid.UUID, receipt: str, pieces: int, now: datetime
) -> tuple[int, bool]:
    """Books a deposit and the stamps that it pays for; gives their face value, and whether it is new.

    The database takes the face value from the tariff of the day, and asks for two officers.

    Raises: Refusal CONFLICT `ledger.id_reused`: the deposit was booked with another number of pieces;
    FORBIDDEN `officer.unsigned`; INVALID `stock.above_limit`.
    """
    with officers_refusals(), ledger.refusals():
        row = await tx.fetchrow(
            "SELECT * FROM operations.issue_stock($1, $2, $3, $4)", deposit_id, receipt, pieces, now
        )
    assert row is not None
    return row["face_value"], row["is_new"]
