"""What the face value of a stamp was, is and will be."""

from __future__ import annotations

from datetime import date

import msgspec

from meterai.kit.database import Database


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """The face value of a stamp, in rupiah, from a business date on."""

    valid_from: date
    face_value: int


async def tariffs(db: Database) -> tuple[Tariff, ...]:
    """All tariffs, the earliest first."""
    async with db.connection() as connection:
        rows = await connection.fetch("SELECT valid_from, face_value FROM sales.tariff ORDER BY valid_from")
    return tuple(Tariff(**dict(row)) for row in rows)
