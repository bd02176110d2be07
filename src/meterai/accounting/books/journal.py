"""The ledger as a journal in hledger's format (hledger 1.32, "Journal").

Accounts are named `kind:owner`. The owner is a role (`seller`), the code of a partner, or the id of the
customer who owns a lot. Debits are positive, credits negative. Posted transfers alone: what is held has moved
nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from meterai.kit.database import Connection, Row
from meterai.ledger.model import DISTRIBUTOR, ISSUER, SELLER, Unit

_HOUSE = {ISSUER: "issuer", DISTRIBUTOR: "distributor", SELLER: "seller"}
_AT_ONCE = 2_000
"""Transfers that are read at one time."""
_OPENING = """
    SELECT s.account, s.unit, sum(s.amount)::bigint AS amount
    FROM (
        SELECT debit_account_id AS account, unit, amount FROM ledger.transfer
        WHERE posted_at IS NOT NULL AND business_date < $1
        UNION ALL
        SELECT credit_account_id, unit, -amount FROM ledger.transfer
        WHERE posted_at IS NOT NULL AND business_date < $1
    ) s GROUP BY s.account, s.unit HAVING sum(s.amount) <> 0 ORDER BY s.unit, s.account"""
_TRANSFERS = """
    SELECT id, code, debit_account_id AS debit, credit_account_id AS credit, unit, amount, business_date
    FROM ledger.transfer
    WHERE posted_at IS NOT NULL AND business_date <= $2 AND ($1::date IS NULL OR business_date >= $1)
    ORDER BY business_date, posted_at, id"""
_NAMES = """
    SELECT a.id, a.kind, a.customer_id, a.organisation_id, o.code
    FROM ledger.account a LEFT JOIN partners.organisation o ON o.id = a.organisation_id
    WHERE a.id = ANY ($1)"""
_ALL_NAMES = """
    SELECT DISTINCT a.kind, CASE a.kind WHEN 'lot' THEN a.customer_id END AS customer_id, a.organisation_id,
        o.code
    FROM ledger.account a LEFT JOIN partners.organisation o ON o.id = a.organisation_id
    WHERE greatest(a.debits_posted, a.credits_posted) > 0"""


async def journal(tx: Connection, *, first: date | None, last: date) -> AsyncIterator[str]:
    """Gives the journal up to a business date, in pieces. `first`: None for the whole history.

    With `first` it begins with the balances before that date. `tx` is a transaction of one snapshot, so the
    declared accounts are those of the transfers.
    """
    yield "; Meterai, posted transfers by business date (WIB). Debits are positive.\n"
    yield "".join(f"commodity 1. {unit}\n" for unit in Unit)
    names = sorted({_name(row) for row in await tx.fetch(_ALL_NAMES)})
    yield "".join(f"account {name}\n" for name in names)
    if first is not None:
        for part in await _opening(tx, first):
            yield part
    cursor = await tx.cursor(_TRANSFERS, first, last)
    while rows := await cursor.fetch(_AT_ONCE):
        called = await _names_of(tx, {row[side] for row in rows for side in ("debit", "credit")})
        yield "".join(_entry(row, called) for row in rows)


async def _opening(tx: Connection, first: date) -> Sequence[str]:
    """The balances before a date, as one transaction for each unit."""
    rows = await tx.fetch(_OPENING, first)
    called = await _names_of(tx, {row["account"] for row in rows})
    parts = []
    for unit in Unit:
        lines = [_line(called[row["account"]], row["amount"], unit) for row in rows if row["unit"] == unit]
        if lines:
            parts.append(f"\n{first} opening balances\n" + "".join(lines))
    return parts


async def _names_of(tx: Connection, accounts: set[UUID]) -> dict[UUID, str]:
    return {row["id"]: _name(row) for row in await tx.fetch(_NAMES, list(accounts))}


def _name(row: Row) -> str:
    """The account's kind and owner. A partner's stock has an account holder, but the partner owns it."""
    if row["kind"] == "lot":
        return f"lot:{row['customer_id']}"
    organisation = row["organisation_id"]
    return f"{row['kind']}:{_HOUSE.get(organisation) or row['code'] or organisation}"


def _entry(row: Row, called: dict[UUID, str]) -> str:
    """One transfer as a transaction: its id as the code in brackets, its own code as the description."""
    debit = _line(called[row["debit"]], row["amount"], row["unit"])
    credit = _line(called[row["credit"]], -row["amount"], row["unit"])
    return f"\n{row['business_date']} ({row['id']}) {row['code']}\n{debit}{credit}"


def _line(account: str, amount: int, unit: str) -> str:
    return f"    {account}  {amount} {unit}\n"
