"""A closed day takes no more transfers; what was about to book on it books on the open day."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from meterai.kernel.clock import business_date, system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger.model import SELLER, AccountKind, TransferCode, account_id
from meterai.sales.model import PaymentOutcome
from tests.ledger import posting
from tests.sales.shop import NOON, Shop, open_shop
from tests.storage_fixtures import TestDatabase, waiting_for_locks

pytestmark = pytest.mark.storage
DAY = date(2026, 9, 5)
"""That of NOON."""
OVER = datetime(2026, 9, 5, 17, 15, tzinfo=UTC)
"""00.15 of the next day in Jakarta."""
_CLOSE = "SELECT ledger.close_day($1, $2)"


@pytest.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    async with open_shop(database) as shop:
        yield shop


def paid_in(amount: int) -> posting.Transfer:
    return posting.move(
        uuid.uuid5(uuid.NAMESPACE_OID, str(amount)),
        TransferCode.PAYMENT,
        debit=account_id(AccountKind.GATEWAY_CLEARING, SELLER),
        credit=account_id(AccountKind.SUSPENSE, SELLER),
        amount=amount,
        reference_id=uuid.UUID(int=1),
        organisation_id=SELLER,
    )


async def post(shop: Shop, amount: int, at: datetime) -> int:
    async with shop.db.transaction() as tx:
        return await posting.post(tx, [paid_in(amount)], at)


async def test_days_are_closed_once_they_are_over_in_their_order(shop: Shop) -> None:
    owner = shop.database.owner
    for day, at, state in (
        (DAY, OVER - timedelta(seconds=1), "LG011"),
        (DAY + timedelta(days=1), OVER + timedelta(days=1), "LG012"),
        (business_date(system_clock()), OVER + timedelta(days=999), "LG011"),  # by the database's clock
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(_CLOSE, day, at)
        assert refused.value.sqlstate == state
    for _ in range(2):
        await owner.execute(_CLOSE, DAY, OVER)
    await owner.execute(_CLOSE, DAY + timedelta(days=1), OVER + timedelta(days=1))
    assert [
        row["business_date"] for row in await owner.fetch("SELECT * FROM ledger.closed_day ORDER BY 1")
    ] == [
        DAY,
        DAY + timedelta(days=1),
    ]
    with pytest.raises(asyncpg.PostgresError, match="history"):
        await owner.execute("DELETE FROM ledger.closed_day")


async def test_a_closed_day_takes_nothing_new_and_the_next_one_does(shop: Shop) -> None:
    assert await post(shop, 7, NOON) == 1
    await shop.database.owner.execute(_CLOSE, DAY, OVER)
    for day in (0, -1):
        with pytest.raises(Refusal) as refusal:
            await post(shop, 8, NOON + timedelta(days=day))
        assert (refusal.value.kind, refusal.value.code) == (Kind.UNAVAILABLE, "ledger.day_closed")
    assert await post(shop, 7, NOON) == 0, "what is booked already may be said again"
    assert await post(shop, 8, NOON + timedelta(days=1)) == 1


async def test_a_settlement_under_way_when_its_day_is_closed_is_booked_on_the_open_day(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    shop.gateway.pay(placed.payment.reference)
    owner = shop.database.owner
    holds = owner.transaction()
    await holds.start()
    await owner.execute("SELECT FROM sales.orders WHERE id = $1 FOR UPDATE", placed.order_id)
    settling = asyncio.create_task(shop.settle(placed.payment.reference))  # its time is NOON
    async with shop.db.connection() as other:
        while not await waiting_for_locks(other):
            await asyncio.sleep(0.01)
    await owner.execute(_CLOSE, DAY, OVER)
    await holds.commit()
    settlement = await settling
    assert (settlement.outcome, settlement.new) == (PaymentOutcome.CREDITED, True)
    days = await owner.fetch(
        """SELECT DISTINCT t.business_date, (p.settled_at AT TIME ZONE 'Asia/Jakarta')::date AS settled
           FROM ledger.transfer t JOIN sales.payment p ON p.order_id = t.reference_id
           WHERE t.reference_id = $1 AND t.posted_at IS NOT NULL""",
        placed.order_id,
    )
    today = business_date(system_clock())
    assert [tuple(row) for row in days] == [(today, today)], "all of it, with one new time"
