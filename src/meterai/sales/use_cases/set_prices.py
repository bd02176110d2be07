"""Records the price list, so that no site sells at another price."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.sales.prices import PriceList, price_of
from meterai.sales.store import drafts


async def set_prices(db: Database, price_list: PriceList, *, now: datetime) -> None:
    """Writes the fee and the VAT of a stamp. Doing it again changes nothing."""
    async with db.connection() as connection:
        await drafts.set_price_list(connection, price_of(1, 0, price_list), now)
