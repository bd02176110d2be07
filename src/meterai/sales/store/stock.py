"""Stamps that the distributor bought and the seller can sell."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kit.database import Connection
from meterai.ledger import store as ledger


async def issue(tx: Connection, deposit_id: uuid.UUID, pieces: int, now: datetime) -> tuple[int, bool]:
    """Books a deposit and the stamps that it pays for; gives their face value, and whether it is new.

    The database takes the face value from the tariff of the day (`sales.issue_stock`).

    Raises: Refusal CONFLICT `ledger.id_reused`: the deposit was booked with another number of pieces.
    """
    with ledger.refusals():
        row = await tx.fetchrow("SELECT * FROM sales.issue_stock($1, $2, $3)", deposit_id, pieces, now)
    assert row is not None
    return row["face_value"], row["is_new"]
