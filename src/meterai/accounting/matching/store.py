"""The table of differences. Functions of the database write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterai.accounting.matching.model import Name
from meterai.kit.database import Connection
from meterai.ledger.store import refusals


async def compare_again(tx: Connection, gateways: Sequence[str], now: datetime) -> None:
    """Compares what differed, and whether each of `gateways` has reported."""
    with refusals():
        await tx.execute("SELECT accounting.compare_again($1, $2)", list(gateways), now)


async def claim_to_ask(
    conn: Connection, names: Sequence[Name], now: datetime, *, before: datetime, limit: int
) -> list[tuple[str, str]]:
    """Gateway and reference of payments to ask about, and notes that they are asked; oldest first."""
    rows = await conn.fetch(
        """UPDATE accounting.difference SET asked_at = $2 WHERE id IN (
               SELECT id FROM accounting.difference
               WHERE resolved_at IS NULL AND name = ANY ($1) AND (asked_at IS NULL OR asked_at < $3)
               ORDER BY found_at LIMIT $4)
           RETURNING gateway, subject""",
        list(names),
        now,
        before,
        limit,
    )
    return [(row["gateway"], row["subject"]) for row in rows]
