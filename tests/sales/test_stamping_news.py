"""What stamping reports to an order: done, refused, replaced, given back."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock

import pytest

from meterai.background.topics import stamp
from meterai.bootstrap import App
from meterai.kit import outbox
from meterai.kit.settings import Settings
from meterai.ledger.model import (
    SELLER,
    AccountKind,
    TransferCode,
    account_id,
)
from meterai.sales.model import ItemState, OrderState, RefundState
from meterai.sales.order import Item
from meterai.sales.ports import GatewayState
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.use_cases.record_stamping import record_item_refused, record_items_stamped
from meterai.sales.use_cases.replace_document import replace_document
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.cycle.job_ends import REFUSED
from tests.ledger import posting
from tests.ledger.posting import (
    reserve,
    void_reservation,
)
from tests.sales import accounts
from tests.sales.refusing import refused
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage


async def paid(shop: Shop, documents: int = 1, stamps: int = 1) -> OrderPage:
    placed = await shop.placed_stamps(documents, stamps)
    await shop.pay(placed)
    return await shop.page(placed.order_id)


def document_of(item: Item) -> uuid.UUID:
    assert item.document_id is not None
    return item.document_id


async def test_the_order_is_complete_with_its_last_document_also_when_they_end_at_once(shop: Shop) -> None:
    page = await paid(shop, documents=6)
    ends = [record_items_stamped(shop.db, [item.id], shop.clock()) for item in page.items for _ in range(2)]
    await asyncio.gather(*ends)
    page = await shop.page(page.id)
    assert page.state is OrderState.COMPLETED
    assert {item.state for item in page.items} == {ItemState.DONE}
    assert await shop.news() == ["completed"]


async def test_one_document_left_keeps_the_order_open(shop: Shop) -> None:
    page = await paid(shop, documents=2)
    await record_items_stamped(shop.db, [page.items[0].id], shop.clock())
    assert (await shop.page(page.id)).state is OrderState.PAID


async def test_a_refused_document_costs_nothing_and_can_be_replaced(shop: Shop) -> None:
    page = await paid(shop)
    item = page.items[0]
    for _ in range(2):
        await record_item_refused(shop.db, item.id, document_of(item), "pdf.broken", shop.clock())
    page = await shop.page(page.id)
    assert (page.state, page.items[0].state, page.items[0].refusal_code) == (
        OrderState.COMPLETED,
        ItemState.REFUSED,
        "pdf.broken",
    )
    assert page.refundable == {item.id: 1}
    other = uuid.uuid4()
    for _ in range(2):
        await replace_document(shop.db, item.id, other, now=shop.clock())
    page = await shop.page(page.id)
    assert (page.state, page.items[0].state, page.items[0].document_id) == (
        OrderState.PAID,
        ItemState.STAMPING,
        other,
    )
    handed = await shop.outbox("sales.stamp_item_paid")
    assert [uuid.UUID(h["document_id"]) for h in handed] == [item.document_id, other]
    assert len({h["request_key"] for h in handed}) == 2
    await record_items_stamped(shop.db, [item.id], shop.clock())
    assert (await shop.page(page.id)).state is OrderState.COMPLETED
    assert await shop.news() == ["document_refused", "completed"]


async def test_that_a_document_was_refused_says_nothing_of_the_one_that_replaced_it(shop: Shop) -> None:
    page = await paid(shop)
    item, other = page.items[0], uuid.uuid4()
    await record_item_refused(shop.db, item.id, document_of(item), "pdf.broken", shop.clock())
    await replace_document(shop.db, item.id, other, now=shop.clock())
    # The worker died before the row was deleted; another one finds it.
    await record_item_refused(shop.db, item.id, document_of(item), "pdf.broken", shop.clock())
    assert (await shop.page(page.id)).items[0].state is ItemState.STAMPING
    await record_items_stamped(shop.db, [item.id], shop.clock())
    page = await shop.page(page.id)
    assert (page.state, page.items[0].state) == (OrderState.COMPLETED, ItemState.DONE)


async def test_the_stamps_of_a_refused_document_go_back_as_a_whole(shop: Shop) -> None:
    page = await paid(shop, stamps=2)
    item = page.items[0]
    await record_item_refused(shop.db, item.id, document_of(item), "pdf.broken", shop.clock())

    async def ask(pieces: int) -> None:
        await shop.ask_back(page.id, item.id, pieces, given_back=0)

    assert (await refused(ask(1))).code == "refund.whole_document"
    await ask(2)
    await shop.pay_refunds()
    page = await shop.page(page.id)
    assert (page.items[0].state, page.refunds[0].reason) == (ItemState.REFUNDED, "refused")
    replacing = replace_document(shop.db, item.id, uuid.uuid4(), now=shop.clock())
    assert (await refused(replacing)).code == "item.not_refused"


async def test_a_refused_document_whose_stamp_was_used_elsewhere_is_not_replaced(shop: Shop) -> None:
    page = await paid(shop)
    await record_item_refused(
        shop.db, page.items[0].id, document_of(page.items[0]), "pdf.broken", shop.clock()
    )
    await shop.use(page, 1)
    replacing = replace_document(shop.db, page.items[0].id, uuid.uuid4(), now=shop.clock())
    assert (await refused(replacing)).code == "item.quota_used"


async def test_a_stamped_document_is_neither_replaced_nor_given_back(shop: Shop) -> None:
    page = await paid(shop)
    item = page.items[0]
    await shop.use(page, 1)
    await record_items_stamped(shop.db, [item.id], shop.clock())
    assert (await shop.page(page.id)).refundable == {}
    replacing = replace_document(shop.db, item.id, uuid.uuid4(), now=shop.clock())
    assert (await refused(replacing)).code == "item.not_refused"
    asking = shop.ask_back(page.id, item.id, 1, given_back=0)
    assert (await refused(asking)).code == "refund.more_than_unused"


async def test_a_stamp_that_was_bought_and_not_placed_goes_back(shop: Shop) -> None:
    page = await paid(shop, stamps=3)
    item = page.items[0]
    await shop.use(page, 2)  # one was taken off in another window while the order was being placed
    await record_items_stamped(shop.db, [item.id], shop.clock())
    assert (await shop.page(page.id)).refundable == {item.id: 1}
    asked = await shop.ask_back(page.id, item.id, 1, given_back=0)
    assert asked.amount == 12_500
    await shop.pay_refunds()
    page = await shop.page(page.id)
    assert (page.items[0].state, page.refunds[0].state) == (ItemState.DONE, RefundState.PAID)
    assert (page.refundable, await shop.lot(page)) == ({}, 0)


async def test_quota_held_while_the_bank_took_its_money_back_is_taken_back_as_its_documents_are_refused(
    shop: Shop,
) -> None:
    page = await shop.paid_quota(pieces=4)
    jobs = [await start(shop, page) for _ in range(3)]
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    for job_id in jobs[:2]:
        await refuse(shop, job_id)
        assert await shop.lot(page) == 0
    item = (await shop.page(page.id)).items[0]
    assert (item.state, item.quantity - item.refunded_quantity) == (ItemState.DONE, 1)
    assert await shop.balance(accounts.RECEIVABLE) == 12_500


async def test_quota_held_for_a_refused_document_stays_with_who_paid_for_it(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=2)
    await refuse(shop, await start(shop, page))
    assert await shop.lot(page) == 2
    assert (await shop.page(page.id)).refunds == ()


async def start(shop: Shop, page: OrderPage) -> uuid.UUID:
    """A job that holds a stamp of the order's quota, as ledger and workers see it."""
    shop.plays_the_stamping = True
    job_id, lot = uuid.uuid4(), page.items[0].lot_account_id
    assert lot is not None
    held = reserve(
        job_id,
        TransferCode.RESERVE_STAMPING,
        debit=lot,
        credit=account_id(AccountKind.USED, SELLER),
        amount=1,
        reference_id=job_id,
        organisation_id=SELLER,
    )
    owner = shop.database.owner
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")  # its document does not exist
        await owner.execute(
            """INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
                   request_digest, lot_account_id, reference_id, input_digest, state, created_at)
               VALUES ($1, $2, $3, $1, $6, '', $4, $1, '', 'accepted', $5)""",
            job_id,
            SELLER,
            shop.alice,
            lot,
            shop.clock(),
            str(job_id),
        )
    async with shop.db.transaction() as tx:
        await posting.post(tx, [held], shop.clock())
    return job_id


async def refuse(shop: Shop, job_id: uuid.UUID) -> None:
    """Frees what a job holds, and lets the workers report it."""
    freed = void_reservation(
        uuid.uuid4(),
        TransferCode.RELEASE_STAMPING,
        pending_id=job_id,
        reference_id=job_id,
        organisation_id=SELLER,
    )
    news = {"job_id": job_id, "reference_id": job_id, "document_id": job_id, "code": "pdf.broken"}
    async with shop.db.transaction() as tx:
        await outbox.enqueue_many(tx, [(REFUSED, news)], shop.clock())
        await posting.post(tx, [freed], shop.clock())
    app = cast("App", SimpleNamespace(settings=Settings(), db=shop.db, clock=shop.clock))
    tools = SimpleNamespace(presence=SimpleNamespace(is_there=AsyncMock(return_value=True)))
    assert await stamp(app, cast("Tools", tools), "worker-1") == 1
    assert await shop.outbox(REFUSED) == []


async def test_what_is_no_item_is_told_apart(shop: Shop) -> None:
    page = await paid(shop)
    recording = record_item_refused(shop.db, uuid.uuid4(), uuid.uuid4(), "pdf.broken", shop.clock())
    assert (await refused(recording)).code == "order.no_such_item"
    await record_items_stamped(shop.db, [uuid.uuid4(), page.items[0].id], shop.clock())
    assert (await shop.page(page.id)).state is OrderState.COMPLETED


async def test_what_asked_for_it_is_done_with_in_the_same_step(shop: Shop) -> None:
    page = await paid(shop)
    rows = await shop.database.owner.fetch("SELECT id FROM jobs.outbox")
    await record_items_stamped(
        shop.db, [page.items[0].id], shop.clock(), asked_by=[row["id"] for row in rows]
    )
    assert await shop.news() == ["completed"]
