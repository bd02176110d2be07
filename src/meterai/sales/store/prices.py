"""Writes of the price list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from meterai.kit.database import Connection
from meterai.sales.prices import PriceList


async def set_first_price(connection: Connection, price_list: PriceList, now: datetime) -> None:
    """Writes the fee and the VAT that the settings say."""
    await connection.execute(
        "SELECT sales.set_first_price($1, $2, $3)", price_list.service_fee, price_list.vat_basis_points, now
    )


async def set_price(
    tx: Connection,
    valid_from: date,
    facts: Mapping[str, object],
    *,
    actor: str,
    request: int | None,
    now: datetime,
) -> None:
    """Enters a price that two officers have released, and writes the audit trail."""
    await tx.execute(
        "SELECT operations.set_price($1, $2, $3, $4, $5)", valid_from, dict(facts), actor, request, now
    )
