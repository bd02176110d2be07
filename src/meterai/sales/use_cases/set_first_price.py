"""Records the price of the settings, which counts until officers enter another."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.sales.prices import PriceList
from meterai.sales.store import prices


async def set_first_price(db: Database, price_list: PriceList, *, now: datetime) -> None:
    """Writes the fee and the VAT of a stamp. Doing it again changes nothing."""
    async with db.connection() as connection:
        await prices.set_first_price(connection, price_list, now)
