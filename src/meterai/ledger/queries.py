"""Read-only answers of the ledger, for pages and for other contexts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from meterai.kit.database import Connection
from meterai.ledger.model import Account, AccountKind, account_id


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """An account's balance, positive on the side on which it must stay (side "none": on the credit side)."""

    posted: int
    """Settled, reservations not deducted."""
    pending: int
    """Held by open reservations that would take it away."""

    @property
    def available(self) -> int:
        """What may still be moved or reserved."""
        return self.posted - self.pending


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's quota lot, in stamps. bought = available + reserved + gone."""

    account_id: uuid.UUID
    organisation_id: uuid.UUID
    """Who sold it."""
    bought: int
    """Paid for and credited; 0 while the order waits for its payment."""
    available: int
    reserved: int
    """Held for documents that are being stamped."""
    gone: int
    """Used on documents or given back for money."""


class TransferRow(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer as it stands in the books."""

    id: uuid.UUID
    kind: str
    pending_id: uuid.UUID | None
    debit: uuid.UUID
    credit: uuid.UUID
    unit: str
    amount: int
    code: str
    created_at: datetime
    posted_at: datetime | None
    business_date: date


async def balance(conn: Connection, account: uuid.UUID) -> Balance | None:
    """The balance of an account; None when there is no such account."""
    row = await conn.fetchrow(
        """SELECT balance_side, debits_posted, debits_pending, credits_posted, credits_pending
           FROM ledger.account WHERE id = $1""",
        account,
    )
    if row is None:
        return None
    if row["balance_side"] == "debit":
        return Balance(
            posted=row["debits_posted"] - row["credits_posted"],
            pending=row["credits_pending"],
        )
    return Balance(
        posted=row["credits_posted"] - row["debits_posted"],
        pending=row["debits_pending"],
    )


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of all that was posted on an account."""

    kind: AccountKind
    debits: int
    credits: int


async def turnovers(conn: Connection, accounts: Sequence[Account]) -> list[Turnover]:
    """What was posted on those of these accounts that are open, in the order of the plan."""
    rows = await conn.fetch(
        "SELECT kind, debits_posted AS debits, credits_posted AS credits FROM ledger.account"
        " WHERE id = ANY ($1)",
        [account.id for account in accounts],
    )
    found = {row["kind"]: Turnover(**{**dict(row), "kind": AccountKind(row["kind"])}) for row in rows}
    return [found[kind] for kind in AccountKind if kind in found]


async def has_books(conn: Connection) -> bool:
    """Whether any account was ever opened."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM ledger.account)"))


async def stock(conn: Connection, organisation_id: uuid.UUID) -> Balance:
    """Stamps a seller has to sell. A seller without books has none."""
    found = await balance(conn, account_id(AccountKind.SELLER_STOCK, organisation_id))
    return found or Balance(posted=0, pending=0)


async def lots_of_customer(conn: Connection, customer_id: uuid.UUID) -> list[Lot]:
    """The customer's quota lots, the oldest first, also empty and not yet paid ones."""
    rows = await conn.fetch(
        """SELECT id AS account_id, organisation_id, credits_posted AS bought,
               credits_posted - debits_posted - debits_pending AS available,
               debits_pending AS reserved, debits_posted AS gone
           FROM ledger.account WHERE customer_id = $1 AND kind = 'lot' ORDER BY created_at, id""",
        customer_id,
    )
    return [Lot(**dict(row)) for row in rows]


async def lot_of(conn: Connection, lot_account: uuid.UUID, *, customer_id: uuid.UUID) -> Lot | None:
    """One quota lot of this customer; None when it is unknown or somebody else's (I16)."""
    row = await conn.fetchrow(
        """SELECT id AS account_id, organisation_id, credits_posted AS bought,
               credits_posted - debits_posted - debits_pending AS available,
               debits_pending AS reserved, debits_posted AS gone
           FROM ledger.account WHERE id = $1 AND customer_id = $2 AND kind = 'lot'""",
        lot_account,
        customer_id,
    )
    return None if row is None else Lot(**dict(row))


async def unused_in(
    conn: Connection, lot_accounts: Sequence[uuid.UUID], *, customer_id: uuid.UUID
) -> dict[uuid.UUID, int]:
    """Stamps of these lots of a customer that are neither used nor held; empty lots are left out."""
    rows = await conn.fetch(
        """SELECT id, credits_posted - debits_posted - debits_pending AS available FROM ledger.account
           WHERE id = ANY ($1) AND customer_id = $2 AND kind = 'lot'
               AND credits_posted > debits_posted + debits_pending""",
        list(lot_accounts),
        customer_id,
    )
    return {row["id"]: row["available"] for row in rows}


async def lot_owners(conn: Connection, lot_accounts: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The customers who own these quota lots; of an organisation's stock: its account holder.

    Other ids are left out.
    """
    rows = await conn.fetch(
        """SELECT id, customer_id FROM ledger.account
           WHERE id = ANY ($1) AND kind IN ('lot', 'partner_stock')""",
        list(lot_accounts),
    )
    return {row["id"]: row["customer_id"] for row in rows}


async def transfers_of(conn: Connection, reference_id: uuid.UUID) -> list[TransferRow]:
    """Everything booked for an order, a stamping job or a deposit, in the order of time."""
    rows = await conn.fetch(
        """SELECT id, kind, pending_id, debit_account_id AS debit, credit_account_id AS credit, unit, amount,
               code, created_at, posted_at, business_date
           FROM ledger.transfer WHERE reference_id = $1 ORDER BY created_at, id""",
        reference_id,
    )
    return [TransferRow(**dict(row)) for row in rows]


async def posted_on(conn: Connection, accounts: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """All that was ever debited and credited on these accounts. Accounts that are not open are left out."""
    rows = await conn.fetch(
        "SELECT id, debits_posted, credits_posted FROM ledger.account WHERE id = ANY ($1)", list(accounts)
    )
    return {row["id"]: (row["debits_posted"], row["credits_posted"]) for row in rows}
