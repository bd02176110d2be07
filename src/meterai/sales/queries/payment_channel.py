"""How a payment is to be made, for adapters whose gateway asks for it."""

from __future__ import annotations

from meterai.kit.database import Database
from meterai.sales.ports import Channel


async def payment_channel(db: Database, reference: str) -> Channel | None:
    """The channel of the attempt to pay under this reference; None when there is none."""
    async with db.connection() as connection:
        found = await connection.fetchval("SELECT channel FROM sales.payment WHERE reference = $1", reference)
    return None if found is None else Channel(found)
