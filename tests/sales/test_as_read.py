"""Placing and settling in one call: what was read must still be true, else the long way is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import pytest

from meterai.kernel.refusals import Kind
from meterai.kit.database import Connection, Database
from meterai.sales.model import OrderState, PaymentOutcome, PaymentState
from meterai.sales.store import as_read, orders
from meterai.sales.use_cases.add_item import remove_item
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.open_order import OpenedOrder
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.settle_payment import settle_payment
from tests.sales.fake_gateway import notice
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, PRICES, Shop

pytestmark = pytest.mark.storage

type Meddle = Callable[[], Awaitable[object]]


class _Interrupted:
    """A connection before whose second statement somebody else does something."""

    def __init__(self, connection: Connection, meddle: Meddle) -> None:
        self._connection, self._meddle, self._asked = connection, meddle, 0

    async def _ask(self, name: str, *arguments: object) -> Any:
        self._asked += 1
        if self._asked == 2:
            await self._meddle()
        return await getattr(self._connection, name)(*arguments)

    async def fetchval(self, *arguments: object) -> Any:
        return await self._ask("fetchval", *arguments)

    async def fetchrow(self, *arguments: object) -> Any:
        return await self._ask("fetchrow", *arguments)

    async def execute(self, *arguments: object) -> Any:
        return await self._connection.execute(*arguments)  # type: ignore[arg-type]


class _Meddled:
    """A database in which somebody else is quick."""

    def __init__(self, db: Database, meddle: Meddle) -> None:
        self._db, self._meddle = db, meddle

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[_Interrupted]:
        async with self._db.connection() as connection:
            yield _Interrupted(connection, self._meddle)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return self._db.transaction()


def meddled(shop: Shop, meddle: Meddle) -> Database:
    return cast(Database, _Meddled(shop.db, meddle))


async def placing_meanwhile(shop: Shop, draft: OpenedOrder, meddle: Meddle) -> PlacedOrder:
    """Places an order while somebody else does something."""
    return await place_order(
        meddled(shop, meddle),
        shop.gateway,
        draft.order_id,
        channel="qris",
        price_list=PRICES,
        payment_minutes=MINUTES,
        clock=shop.clock,
    )


async def test_an_order_that_changed_since_it_was_read_is_not_written_to(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    async with shop.db.connection() as connection:
        read = await orders.read_order_of_payment(connection, placed.payment.reference)
    await shop.database.owner.execute("UPDATE sales.orders SET language = 'en'")
    before = await shop.page(placed.order_id)
    async with shop.db.connection() as connection:
        written = await as_read.settle(
            connection,
            read,
            placed.payment,
            transaction_id="t",
            paid_amount=placed.payment.amount,
            gateway_cost=1,
            order_state=OrderState.COMPLETED,
            item_states=[],
            work=[("topic", {"a": 1})],
            transfers=[],
            asked_at=shop.clock(),
            now=shop.clock(),
        )
    assert not written
    assert await shop.page(placed.order_id) == before
    assert await shop.outbox("topic") == []


async def test_who_settles_while_another_does_finds_it_done(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    reference = placed.payment.reference
    shop.gateway.pay(reference)
    late = await settle_payment(
        meddled(shop, lambda: shop.settle(reference)), shop.gateway, reference, clock=shop.clock
    )
    assert (late.state, late.outcome, late.new) == (PaymentState.SETTLED, PaymentOutcome.CREDITED, False)
    page = await shop.page(placed.order_id)
    assert (await shop.lot(page), await shop.news()) == (2, ["paid"])


async def test_an_order_that_a_notice_read_too_early_is_read_again(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    reference = placed.payment.reference
    receipt = await receive_notice(shop.db, shop.gateway, notice(reference), {}, now=shop.clock())
    assert receipt.read is not None
    assert receipt.read.order.number == placed.number
    await shop.database.owner.execute("UPDATE sales.orders SET language = 'en'")
    shop.gateway.pay(reference)
    settled = await settle_payment(shop.db, shop.gateway, reference, clock=shop.clock, read=receipt.read)
    assert (settled.outcome, settled.new) == (PaymentOutcome.CREDITED, True)
    page = await shop.page(placed.order_id)
    assert (page.state, page.language, await shop.lot(page)) == (OrderState.COMPLETED, "en", 2)


async def test_who_places_while_another_does_gets_the_same_attempt(shop: Shop) -> None:
    draft = await shop.quota_draft(pieces=2)
    stock = await shop.stock()
    late = await placing_meanwhile(shop, draft, lambda: shop.place(draft, "va_bni"))
    page = await shop.page(draft.order_id)
    assert [payment.reference for payment in page.payments] == [late.payment.reference]
    assert late.payment.channel == "va_bni"
    assert await shop.stock() == stock - 2


async def test_the_long_way_holds_no_more_for_unpaid_orders_than_the_short_one(shop: Shop) -> None:
    await shop.placed_quota(pieces=200)
    draft = await shop.quota_draft(pieces=1)
    stock = await shop.stock()
    placing = placing_meanwhile(
        shop, draft, lambda: shop.database.owner.execute("UPDATE sales.orders SET language = 'en'")
    )
    assert (await refused(placing)).code == "order.unpaid_before"
    page = await shop.page(draft.order_id)
    assert (page.state, page.payments, await shop.stock()) == (OrderState.DRAFT, (), stock)


async def test_who_places_while_another_cancels_hears_of_it(shop: Shop) -> None:
    draft = await shop.quota_draft(pieces=2)

    def cancel() -> Awaitable[object]:
        return cancel_order(shop.db, shop.gateway, draft.order_id, clock=shop.clock)

    placing = placing_meanwhile(shop, draft, cancel)
    refusal = await refused(placing)
    assert (refusal.kind, refusal.code) == (Kind.GONE, "order.cancelled")
    assert (await shop.page(draft.order_id)).payments == ()


async def test_who_places_while_the_last_document_is_taken_out_places_nothing(shop: Shop) -> None:
    draft = await shop.stamp_draft()
    (item,) = (await shop.page(draft.order_id)).items

    def take_out() -> Awaitable[object]:
        return remove_item(shop.db, draft.order_id, item.id, now=shop.clock())

    assert (await refused(placing_meanwhile(shop, draft, take_out))).code == "order.empty"
    assert (await shop.page(draft.order_id)).state is OrderState.DRAFT
