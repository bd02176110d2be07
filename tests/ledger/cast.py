"""The cast of the ledger's tests: a chain with stock, Alice and Bob, and short words for transfers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from meterai.kernel.ids import derived_id
from meterai.kit.database import Database
from meterai.ledger import queries
from meterai.ledger.model import (
    SELLER,
    Account,
    AccountKind,
    TransferCode,
    account_id,
)
from meterai.sales.use_cases.issue_quota import issue_quota
from tests.ledger import posting
from tests.ledger.posting import (
    Transfer,
    lot,
    move,
    post_reservation,
    reserve,
    void_reservation,
)

NOW = datetime(2026, 9, 4, 18, 30, tzinfo=UTC)
ALICE = derived_id("customer", "Alice")
BOB = derived_id("customer", "Bob")
STOCK = account_id(AccountKind.SELLER_STOCK, SELLER)
USED = account_id(AccountKind.USED, SELLER)
CLEARING = account_id(AccountKind.GATEWAY_CLEARING, SELLER)
SUSPENSE = account_id(AccountKind.SUSPENSE, SELLER)
ORDER = derived_id("order", "one")


async def deliver(db: Database, pieces: int, *, deposit: str = "NTPN-1") -> None:
    await issue_quota(db, pieces=pieces, deposit_reference=deposit, actor="ani", now=NOW)


def lot_of(name: str, owner: uuid.UUID = ALICE) -> Account:
    return lot(derived_id("item", name), organisation_id=SELLER, customer_id=owner)


async def open_lot(db: Database, name: str, pieces: int, *, owner: uuid.UUID = ALICE) -> uuid.UUID:
    """A lot with paid stamps in it."""
    account = lot_of(name, owner)
    async with db.transaction() as tx:
        await posting.open_accounts(tx, [account], NOW)
        if pieces:
            await posting.post(tx, [moved(f"sale of {name}", STOCK, account.id, pieces)], NOW)
    return account.id


def moved(name: str, debit: uuid.UUID, credit: uuid.UUID, amount: int) -> Transfer:
    return move(
        derived_id("test", name),
        TransferCode.SALE,
        debit=debit,
        credit=credit,
        amount=amount,
        reference_id=ORDER,
        organisation_id=SELLER,
    )


def held(name: str, debit: uuid.UUID, credit: uuid.UUID, amount: int) -> Transfer:
    return reserve(
        derived_id("test", name),
        TransferCode.RESERVE_STAMPING,
        debit=debit,
        credit=credit,
        amount=amount,
        reference_id=ORDER,
        organisation_id=SELLER,
        expires_at=NOW,
    )


def posted(name: str, reservation: str) -> Transfer:
    return post_reservation(
        derived_id("test", name),
        TransferCode.STAMPING,
        pending_id=derived_id("test", reservation),
        reference_id=ORDER,
        organisation_id=SELLER,
    )


def voided(name: str, reservation: str) -> Transfer:
    return void_reservation(
        derived_id("test", name),
        TransferCode.RELEASE_STAMPING,
        pending_id=derived_id("test", reservation),
        reference_id=ORDER,
        organisation_id=SELLER,
    )


async def book(db: Database, *transfers: Transfer) -> int:
    async with db.transaction() as tx:
        return await posting.post(tx, transfers, NOW)


async def standing(db: Database, account: uuid.UUID) -> tuple[int, int, int]:
    """(posted, pending, available) of an account."""
    async with db.connection() as conn:
        found = await queries.balance(conn, account)
    assert found is not None
    return found.posted, found.pending, found.available
