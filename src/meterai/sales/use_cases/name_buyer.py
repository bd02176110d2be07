"""Writes the buyer that an order's receipt names."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.buyer import Buyer
from meterai.sales.store import buyers


async def name_buyer(db: Database, order_id: uuid.UUID, buyer: Buyer | None, *, now: datetime) -> None:
    """Names the buyer of an order, or nobody. After the payment a receipt gets its buyer once.

    Raises: Refusal CONFLICT `buyer.named`.
    """
    async with db.connection() as connection:
        if not await buyers.name_buyer(connection, order_id, buyer, now):
            raise Refusal(Kind.CONFLICT, "buyer.named")
