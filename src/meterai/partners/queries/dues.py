"""What an organisation owes for its blocks, by tax period."""

from __future__ import annotations

import uuid
from datetime import date

import msgspec

from meterai.kit.database import Connection
from meterai.ledger.model import ISSUER
from meterai.partners.model import Organisation, PaidBy
from meterai.partners.queries.quota import quota_of


class PeriodDues(msgspec.Struct, frozen=True, kw_only=True):
    """The blocks of a tax period that were paid in one way."""

    period: date
    """The first day of the month."""
    paid_by: PaidBy
    pieces: int
    """What went back is left out."""
    amount: int
    """Rupiah that they cost."""
    paid: int
    owed: int


class Dues(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation owes, and to whom."""

    owed_to: str
    """The name of its parent; `treasury` for organisations right below the issuer."""
    periods: list[PeriodDues]
    """The earliest first."""
    owed: int
    """Of all periods."""
    ledger_owed: int
    """What the ledger's account says; it equals `owed`."""
    prepaid: int
    """Rupiah paid in advance."""


async def dues_of(conn: Connection, organisation: Organisation) -> Dues:
    """Adds up the blocks of an organisation, in a transaction in which everything is of one moment."""
    rows = await conn.fetch(
        """SELECT period, paid_by, sum(pieces - returned)::bigint AS pieces,
               sum((pieces - returned) * (unit_price + service_fee))::bigint AS amount,
               sum(CASE paid_by WHEN 'credit' THEN (pieces - returned) * (unit_price + service_fee) - paid
                   ELSE 0 END)::bigint AS owed
           FROM partners.block WHERE receiver = $1 GROUP BY period, paid_by ORDER BY period, paid_by""",
        organisation.id,
    )
    periods = [
        PeriodDues(**{**dict(row), "paid_by": PaidBy(row["paid_by"]), "paid": row["amount"] - row["owed"]})
        for row in rows
    ]
    quota = await quota_of(conn, organisation.id)
    return Dues(
        owed_to=await _creditor(conn, organisation.parent_id),
        periods=periods,
        owed=sum(one.owed for one in periods),
        ledger_owed=quota.credit_owed,
        prepaid=quota.prepaid,
    )


async def _creditor(conn: Connection, parent_id: uuid.UUID) -> str:
    if parent_id == ISSUER:
        return "treasury"
    name: str = await conn.fetchval("SELECT name FROM customers.organisation WHERE id = $1", parent_id)
    return name
