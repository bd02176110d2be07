"""The monthly statement of an organisation: its stock and its money, before, within and after a month."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

import msgspec

from meterai.kit.database import Database, Row
from meterai.partners.months import month_after

_LAST_DAY = date.max
_ACCOUNTS = ("partner_stock", "unstamped", "partner_funds", "credit_owed", "treasury_prepaid")
"""In the order of a statement."""
_FIGURES = """
    SELECT NULL::date AS business_date, account, NULL AS code, NULL::uuid AS block_id, balance AS amount
    FROM partners.account_balances($1)
    UNION ALL
    SELECT business_date, account, code, block_id, amount FROM partners.account_moves($1, $2, $3)
"""
"""One statement, so that balances and movements are of one moment."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What moved on a business date, with one code and for one block."""

    business_date: date
    code: str
    block_id: uuid.UUID | None
    amount: int
    """Stamps or rupiah, positive when the balance grew."""
    balance: int
    """After it."""


class AccountPart(msgspec.Struct, frozen=True, kw_only=True):
    """One account in a statement."""

    account: str
    opening: int
    lines: tuple[Line, ...]
    closing: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month of an organisation."""

    month: date
    parts: tuple[AccountPart, ...]
    """The accounts that the organisation has, its stock first."""


async def statement_of(db: Database, organisation_id: uuid.UUID, month: date) -> Statement:
    """The statement of the month that begins on the day `month`.

    Opening balances are today's less all that was posted since. So the statement follows the ledger's
    balances, and one of a past month never changes.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(_FIGURES, organisation_id, month, _LAST_DAY)
    known = {row["account"]: row["amount"] for row in rows if row["business_date"] is None}
    moves = [row for row in rows if row["business_date"] is not None]
    parts = [
        _part(account, known[account], [row for row in moves if row["account"] == account], month)
        for account in _ACCOUNTS
        if account in known
    ]
    return Statement(month=month, parts=tuple(parts))


def _part(account: str, now: int, moves: Sequence[Row], month: date) -> AccountPart:
    opening = balance = now - sum(row["amount"] for row in moves)
    within = [row for row in moves if row["business_date"] < month_after(month)]
    lines = []
    for (day, code, block_id), amount in _together(within):
        balance += amount
        lines.append(Line(business_date=day, code=code, block_id=block_id, amount=amount, balance=balance))
    return AccountPart(account=account, opening=opening, lines=tuple(lines), closing=balance)


def _together(moves: Sequence[Row]) -> list[tuple[tuple[date, str, uuid.UUID | None], int]]:
    """The sums by day, code and block. On each day what came stands before what went."""
    sums: dict[tuple[date, str, uuid.UUID | None], int] = {}
    for row in moves:
        key = row["business_date"], row["code"], row["block_id"]
        sums[key] = sums.get(key, 0) + row["amount"]
    found = [(key, amount) for key, amount in sums.items() if amount]
    return sorted(found, key=lambda one: (one[0][0], one[1] < 0, one[0][1], str(one[0][2])))
