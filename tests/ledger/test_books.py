"""The books of a period: by business dates in Jakarta, and adding up to what stands on the accounts."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from meterai.customers.organisations import ensure_organisations
from meterai.kit.database import Connection
from meterai.ledger.books import Books, read_books
from meterai.ledger.model import (
    DISTRIBUTOR,
    ISSUER,
    SELLER,
    AccountKind,
    TransferCode,
    account_id,
    books,
)
from tests.ledger import posting
from tests.ledger.posting import (
    lot,
    move,
    reserve,
)
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NEW_YEAR = datetime(2027, 12, 31, 17, tzinfo=UTC)
"""Midnight in Jakarta. In Jayapura it is two o'clock, in London five in the afternoon."""
K = AccountKind


@pytest.fixture
async def conn(database: TestDatabase) -> AsyncIterator[Connection]:
    """Books with a sale of VAT in each of some moments, named by its amount."""
    await ensure_organisations(database.app, NEW_YEAR)
    async with database.app.transaction() as tx:
        await posting.open_accounts(tx, books(ISSUER, DISTRIBUTOR, SELLER), NEW_YEAR)
        for amount, moment in (
            (1, datetime(2027, 12, 31, 16, 59, 59, 999_999, tzinfo=UTC)),
            (20, NEW_YEAR),
            (300, datetime(2028, 1, 31, 16, 59, 59, tzinfo=UTC)),
            (4_000, datetime(2028, 2, 28, 17, tzinfo=UTC)),
            (50_000, datetime(2028, 2, 29, 16, 59, 59, tzinfo=UTC)),
            (600_000, datetime(2028, 2, 29, 17, tzinfo=UTC)),
        ):
            await _move(tx, TransferCode.SALE_VAT, K.SUSPENSE, K.VAT_PAYABLE, amount, moment)
    async with database.app.connection() as connection:
        yield connection


async def _move(
    tx: Connection, code: TransferCode, debit: AccountKind, credit: AccountKind, amount: int, now: datetime
) -> None:
    """Suspense is fed first: it is never overdrawn."""
    steps = [(code, account_id(debit, SELLER), account_id(credit, SELLER))]
    steps.insert(0, (TransferCode.PAYMENT, account_id(K.GATEWAY_CLEARING, SELLER), steps[0][1]))
    for why, of, to in steps:
        transfer = move(
            uuid.uuid4(),
            why,
            debit=of,
            credit=to,
            amount=amount,
            reference_id=uuid.uuid4(),
            organisation_id=SELLER,
        )
        await posting.post(tx, [transfer], now)


def vat(found: Books) -> tuple[int, int, int]:
    """Opening, credited, closing."""
    (one,) = [one for one in found.accounts if one.account is K.VAT_PAYABLE]
    return one.opening, one.credits, one.closing


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2027, 12, 31), date(2027, 12, 31), (0, 1, 1)),
        (date(2028, 1, 1), date(2028, 1, 1), (1, 20, 21)),
        (date(2028, 1, 1), date(2028, 1, 31), (1, 320, 321)),
        (date(2028, 2, 29), date(2028, 2, 29), (321, 54_000, 54_321)),
        (date(2028, 2, 1), date(2028, 2, 29), (321, 54_000, 54_321)),
        (date(2028, 3, 1), date(2028, 12, 31), (54_321, 600_000, 654_321)),
    ],
)
async def test_a_period_ends_at_midnight_in_jakarta(
    conn: Connection, first: date, last: date, expected: tuple[int, int, int]
) -> None:
    found = await read_books(conn, first=first, last=last)
    assert vat(found) == expected
    assert sum(one.amount for one in found.movements if one.code == "sale_vat") == expected[1]
    assert {one.business_date for one in found.movements} <= {
        date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)
    }
    assert sum(one.closing for one in found.accounts) == 0, "every debit is somebody's credit"


async def test_a_month_that_is_over_says_the_same_whatever_is_booked_later(conn: Connection) -> None:
    january = {"first": date(2028, 1, 1), "last": date(2028, 1, 31)}
    before = await read_books(conn, **january)
    assert before == await read_books(conn, **january)
    stored = await conn.fetchval(
        "SELECT credits_posted - debits_posted FROM ledger.account WHERE kind = 'vat_payable'"
    )
    assert vat(await read_books(conn, first=date(2028, 3, 1), last=date(2028, 3, 1)))[2] == stored


async def test_what_is_held_is_in_no_figure(conn: Connection, database: TestDatabase) -> None:
    held = lot(uuid.uuid4(), organisation_id=SELLER, customer_id=uuid.uuid4())
    async with database.app.transaction() as tx:
        await posting.open_accounts(tx, [held], NEW_YEAR)
        stock, supplied = account_id(K.SELLER_STOCK, SELLER), account_id(K.DISTRIBUTOR_STOCK, DISTRIBUTOR)
        chain = [(account_id(K.ISSUANCE, ISSUER), supplied, "issue"), (supplied, stock, "supply")]
        reference = {"amount": 5, "reference_id": uuid.uuid4(), "organisation_id": SELLER}
        for debit, credit, code in chain:
            step = move(uuid.uuid4(), TransferCode(code), debit=debit, credit=credit, **reference)
            await posting.post(tx, [step], NEW_YEAR)
        reserved = reserve(
            uuid.uuid4(),
            TransferCode.RESERVE_SALE,
            debit=stock,
            credit=held.id,
            expires_at=NEW_YEAR,
            **reference,
        )
        await posting.post(tx, [reserved], NEW_YEAR)
    found = await read_books(conn, first=date(2028, 1, 1), last=date(2028, 1, 1))
    assert {one.account: one.closing for one in found.accounts if one.unit == "STAMP"} == {
        K.ISSUANCE: -5,
        K.DISTRIBUTOR_STOCK: 0,
        K.SELLER_STOCK: 5,
    }
