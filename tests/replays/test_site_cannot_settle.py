"""A captured site credits an order that nobody paid.

Before, the site took the gateway's notice and settled the payment itself, as a role that could post any
transfer. So a person in its process could make stamps without money. Now the site stores the notice and asks;
a worker settles.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from meterai.kernel.clock import business_date, system_clock
from meterai.kit.database import Database
from meterai.kit.database_urls import OWNER, by_socket, url_as
from meterai.kit.installation import read_addresses
from meterai.kit.installation_secrets import Secrets
from meterai.sales.model import OrderState, PaymentOutcome
from meterai.sales.store import payments
from meterai.sales.use_cases.place_order import PlacedOrder
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.settle_asked import settle_asked
from meterai.sales.use_cases.settle_payment import settle_payment
from simulator.crowd.applicant import Applicant
from simulator.crowd.papers import make_letter
from simulator.crowd.service import find_service
from tests.replays.migrated_functions import migrated_function
from tests.running_service import RunningService
from tests.sales.fake_gateway import notice
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    async with open_shop(database) as opened:
        yield opened


async def credit_by_hand(db: Database, shop: Shop, placed: PlacedOrder, paid: int) -> None:
    """Books money as the worker's code does, without asking the gateway."""
    async with db.transaction() as tx:
        await payments.settle(
            tx, placed.payment.id, PaymentOutcome.CREDITED, transaction_id="made up", paid_amount=paid,
            gateway_cost=0, asked_at=shop.clock(), now=shop.clock(),
        )  # fmt: skip


async def test_the_site_credits_no_order(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await credit_by_hand(shop.database.site, shop, placed, placed.total)
    page = await shop.page(placed.order_id)
    assert (page.state, await shop.lot(page), await shop.money()) == (OrderState.AWAITING_PAYMENT, 0, {})


async def test_the_site_settles_nothing_also_when_it_is_paid(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    shop.gateway.pay(placed.payment.reference)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await settle_payment(shop.database.site, shop.gateway, placed.payment.reference, clock=shop.clock)
    assert (await shop.page(placed.order_id)).state is OrderState.AWAITING_PAYMENT


async def test_a_notice_that_the_site_stored_is_settled_by_a_worker(shop: Shop) -> None:
    site, worker = shop.database.site, shop.database.worker
    placed = await shop.placed_quota(pieces=2)
    raw = notice(placed.payment.reference)
    await receive_notice(site, shop.gateway, raw, {}, now=shop.clock())
    await settle_asked(worker, shop.gateways, clock=shop.clock)
    assert (await shop.page(placed.order_id)).state is OrderState.AWAITING_PAYMENT, "the gateway has no money"
    shop.gateway.pay(placed.payment.reference)
    await receive_notice(site, shop.gateway, raw, {}, now=shop.clock())
    await settle_asked(worker, shop.gateways, clock=shop.clock)
    page = await shop.page(placed.order_id)
    assert (page.state, await shop.lot(page)) == (OrderState.COMPLETED, 2)


@pytest.mark.parametrize("paid", [1, 24_999, 25_001])
async def test_a_worker_credits_no_other_sum_than_the_price(shop: Shop, paid: int) -> None:
    placed = await shop.placed_quota(pieces=2)
    with pytest.raises(asyncpg.PostgresError, match="not allowed") as refused:
        await credit_by_hand(shop.database.worker, shop, placed, paid)
    assert refused.value.sqlstate == "SL003"


async def test_a_worker_books_nothing_on_a_day_that_is_over(shop: Shop) -> None:
    """It says that it is the day of the shop's clock, which is over."""
    placed = await shop.placed_quota(pieces=2)
    await shop.database.owner.execute(migrated_function("customers.checked_time"))
    await shop.pay(placed)
    booked = await shop.database.owner.fetch(
        "SELECT business_date FROM ledger.transfer WHERE code = 'payment' OR code LIKE 'sale%'"
    )
    today, days = business_date(system_clock()), {row["business_date"] for row in booked}
    assert business_date(shop.clock()) not in days
    assert all(abs(day - today) < timedelta(days=2) for day in days)


async def test_a_worker_credits_an_order_once(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    await shop.pay(placed)
    with pytest.raises(asyncpg.PostgresError, match="not allowed"):
        await credit_by_hand(shop.database.worker, shop, placed, placed.total)
    assert await shop.lot(await shop.page(placed.order_id)) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sales.item SET unit_face_value = 0",
        "UPDATE sales.orders SET face_value = 1, total = fee + 1",
        "UPDATE sales.orders SET quantity = 1",
    ],
)
async def test_a_draft_whose_price_was_bent_is_not_placed(shop: Shop, change: str) -> None:
    """Also when the page before it was skipped: the database adds up once more."""
    draft = await shop.quota_draft(pieces=2)
    await shop.database.owner.execute(change)
    order = await shop.page(draft.order_id)
    with pytest.raises(asyncpg.PostgresError, match="not allowed"):
        async with shop.database.site.transaction() as tx:
            await tx.execute(
                "SELECT sales.place_order($1, gen_random_uuid(), 'fake', 'qris', $2, $2, $2, 200, $2)",
                order.id,
                shop.clock(),
            )


async def test_a_site_sells_at_no_other_price_than_the_list(shop: Shop) -> None:
    """A captured site can say neither price nor day: it can't place a draft at the price of yesterday."""
    draft = await shop.quota_draft()
    await shop.enter_price(business_date(shop.clock()), 3_000)  # the first, before any order
    with pytest.raises(asyncpg.PostgresError, match="not at the price of the day"):
        async with shop.database.site.transaction() as tx:
            await tx.execute(
                "SELECT sales.place_order($1, gen_random_uuid(), 'fake', 'qris', $2, $2, $2, 200, $2)",
                draft.order_id,
                shop.clock(),
            )
    assert (await shop.page(draft.order_id)).state is OrderState.DRAFT


@pytest.mark.long
async def test_a_payer_does_not_wait_for_the_worker(service: RunningService) -> None:
    """A row of the outbox wakes it: about 0.2 s from the notice on a free machine."""
    applicant = Applicant(find_service(service.data), contact="sebentar@contoh.id")
    await applicant.buy_and_stamp([("surat.pdf", make_letter("A", "B"))])
    addresses = read_addresses(service.data)
    owner = url_as(addresses.database, OWNER, Secrets(service.data).database_owner)
    connection = await asyncpg.connect(by_socket(owner, addresses.database_socket))
    waited = await connection.fetch(
        """SELECT extract(epoch FROM p.settled_at - n.received_at) AS seconds
           FROM sales.notice n JOIN sales.payment p USING (reference) WHERE reference = $1""",
        applicant.paying,
    )
    await connection.close()
    assert waited
    assert max(row["seconds"] for row in waited) < 2
