"""What is agreed with an organisation."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

import uuid
from datetime import date

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.partners.model import Agreement

_COLUMNS = """id, organisation_id, valid_from, valid_until, unit_price, service_fee, stamps_per_document_max,
    stamps_per_day_max, credit_limit, open_periods_max, signed_requests, plain_hashes,
    created_at FROM partners.agreement"""


async def agreement_on(conn: Connection, organisation_id: uuid.UUID, day: date) -> Agreement | None:
    """Returns the agreement that counts on a business date; None: there is none.

    Where several are valid, the one that began last counts.
    """
    row = await conn.fetchrow(
        f"""SELECT {_COLUMNS} WHERE organisation_id = $1 AND valid_from <= $2
                AND (valid_until IS NULL OR valid_until >= $2)
            ORDER BY valid_from DESC, created_at DESC, id DESC LIMIT 1""",
        organisation_id,
        day,
    )
    return None if row is None else Agreement(**dict(row))


async def face_value_on(conn: Connection, day: date) -> int:
    """Returns what a stamp costs at the treasury on a business date, in rupiah."""
    face_value: int = await conn.fetchval(
        "SELECT face_value FROM sales.tariff WHERE valid_from <= $1 ORDER BY valid_from DESC LIMIT 1", day
    )
    return face_value


async def agreements_of(conn: Connection, organisation_id: uuid.UUID) -> list[Agreement]:
    """Returns all agreements of an organisation, the newest first."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} WHERE organisation_id = $1
            ORDER BY valid_from DESC, created_at DESC, id DESC""",
        organisation_id,
    )
    return [Agreement(**dict(row)) for row in rows]


async def agreements_page(
    conn: Connection, organisation_id: uuid.UUID, *, before: uuid.UUID | None, limit: int
) -> list[Agreement]:
    """Returns agreements of an organisation, those that begin last first, from behind `before` on."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} WHERE organisation_id = $1
                AND ($2::uuid IS NULL OR (valid_from, created_at, id) < (
                    SELECT valid_from, created_at, id FROM partners.agreement
                    WHERE id = $2 AND organisation_id = $1))
            ORDER BY valid_from DESC, created_at DESC, id DESC LIMIT $3""",
        organisation_id,
        before,
        limit,
    )
    return [Agreement(**dict(row)) for row in rows]


async def find_agreement(conn: Connection, agreement_id: uuid.UUID) -> Agreement:
    """Returns an agreement. Raises: Refusal NOT_FOUND `partner.unknown`."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} WHERE id = $1", agreement_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "partner.unknown")
    return Agreement(**dict(row))
