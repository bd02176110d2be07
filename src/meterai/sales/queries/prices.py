"""What a stamp cost, costs and will cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterai.kernel.money import Rupiah
from meterai.kit.database import Connection
from meterai.sales.prices import DatedPrice


async def dated_prices(connection: Connection) -> Sequence[DatedPrice]:
    """All fees with the date from which each holds, the earliest first."""
    rows = await connection.fetch(
        "SELECT valid_from, unit_fee, vat_basis_points, unit_vat FROM sales.price ORDER BY valid_from"
    )
    return [
        DatedPrice(
            valid_from=row["valid_from"],
            fee=Rupiah(row["unit_fee"]),
            vat_basis_points=row["vat_basis_points"],
            vat=Rupiah(row["unit_vat"]),
        )
        for row in rows
    ]


async def first_price_day(connection: Connection, now: datetime) -> date:
    """The first day from which another price may hold: tomorrow, or today while no order is placed."""
    day: date = await connection.fetchval("SELECT sales.first_price_day($1)", now)
    return day
