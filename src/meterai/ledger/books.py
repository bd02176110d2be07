"""The movements between two business dates, and each account's balance before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from meterai.kit.database import Connection
from meterai.ledger.model import AccountKind, Unit, unit_of


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """The sum posted on one business date, with one code, between two kinds of accounts."""

    business_date: date
    code: str
    debit: AccountKind
    credit: AccountKind
    unit: Unit
    transfers: int
    amount: int
    """In rupiah, or stamps."""


class AccountTurnover(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of account in a period; all quota lots are one. Balances are positive on the credit side."""

    account: AccountKind
    unit: Unit
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """What stands there at the end of the period."""
        return self.opening + self.credits - self.debits


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """The books of a period. No figure contains reservations: they move nothing until they are posted."""

    first: date
    last: date
    accounts: list[AccountTurnover]
    """Those on which anything was ever posted, in the order of the plan."""
    movements: list[Movement]


async def read_books(conn: Connection, *, first: date, last: date) -> Books:
    """The books from one business date (Asia/Jakarta) to another, both included.

    Transfers never change, so the books of a past period stay the same. Reads every transfer once.
    """
    rows = await conn.fetch(
        """SELECT CASE WHEN t.business_date >= $1 THEN t.business_date END AS business_date, t.code,
               d.kind AS debit, c.kind AS credit, count(*) AS transfers, sum(t.amount)::bigint AS amount
           FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
           JOIN ledger.account c ON c.id = t.credit_account_id
           WHERE t.posted_at IS NOT NULL AND t.business_date <= $2
           GROUP BY 1, 2, 3, 4 ORDER BY 1 NULLS FIRST, 2, 3, 4""",
        first,
        last,
    )
    before = [(row["debit"], row["credit"], row["amount"]) for row in rows if row["business_date"] is None]
    movements = [
        Movement(
            business_date=row["business_date"],
            code=row["code"],
            debit=AccountKind(row["debit"]),
            credit=AccountKind(row["credit"]),
            unit=unit_of(AccountKind(row["debit"])),
            transfers=row["transfers"],
            amount=row["amount"],
        )
        for row in rows
        if row["business_date"] is not None
    ]
    return Books(first=first, last=last, accounts=_accounts(before, movements), movements=movements)


def _accounts(before: Iterable[tuple[str, str, int]], movements: Sequence[Movement]) -> list[AccountTurnover]:
    opening, debits, credits = dict[str, int](), dict[str, int](), dict[str, int]()
    for debit, credit, amount in before:
        opening[debit] = opening.get(debit, 0) - amount
        opening[credit] = opening.get(credit, 0) + amount
    for one in movements:
        debits[one.debit] = debits.get(one.debit, 0) + one.amount
        credits[one.credit] = credits.get(one.credit, 0) + one.amount
    return [
        AccountTurnover(
            account=kind,
            unit=unit_of(kind),
            opening=opening.get(kind, 0),
            debits=debits.get(kind, 0),
            credits=credits.get(kind, 0),
        )
        for kind in AccountKind
        if kind in {*opening, *debits, *credits}
    ]
