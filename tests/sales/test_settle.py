"""Money is credited once, however often we hear of it. Late, wrong and double money goes back by itself."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import ItemState, OrderState, PaymentOutcome, PaymentState, RefundReason, RefundState
from meterai.sales.ports import GatewayState, GatewayStatus, PaymentGateway
from meterai.sales.queries.money import MoneyPlace, where_is_my_money
from meterai.sales.store import payments
from meterai.sales.store.orders import claim_overdue
from meterai.sales.use_cases import expire_orders, poll_payments
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.place_order import PlacedOrder
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.record_stamping import record_item_refused
from meterai.sales.use_cases.settle_payment import Settlement
from tests.plans import believe_large, looks_of
from tests.sales import accounts
from tests.sales.fake_gateway import notice
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, Shop, open_payment, open_shop
from tests.storage_fixtures import TestDatabase, waiting_for_locks

pytestmark = pytest.mark.storage

LOCK = "SELECT FROM ledger.account WHERE id = $1 FOR NO KEY UPDATE"
UNREAD = "SELECT count(*) FROM sales.notice WHERE processed_at IS NULL"


async def until_waiting(shop: Shop, *tasks: asyncio.Task[Any]) -> None:
    """Returns when each of the tasks waits for a lock, or is done."""
    async with shop.db.connection() as connection:
        while await waiting_for_locks(connection) < sum(not task.done() for task in tasks):
            await asyncio.sleep(0.01)


async def test_paid_quota_is_there_at_once_and_the_books_say_for_what(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    settlement = await shop.pay(placed)
    assert (settlement.state, settlement.outcome, settlement.new) == (
        PaymentState.SETTLED,
        PaymentOutcome.CREDITED,
        True,
    )
    page = await shop.page(placed.order_id)
    assert (page.state, page.items[0].state, page.refundable) == (
        OrderState.COMPLETED,
        ItemState.DONE,
        {page.items[0].id: 2},
    )
    assert await shop.lot(page) == 2
    assert await shop.money() == {
        "clearing": -(25_000 - 175),
        "face": 20_000,
        "fee": 5_000 - 2 * 248,
        "vat": 2 * 248,
        "cost": -175,
    }
    assert await shop.news() == ["paid"]


async def test_paid_documents_are_handed_to_stamping_in_the_same_step(shop: Shop) -> None:
    placed = await shop.placed_stamps(documents=2, stamps=1)
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    assert page.state is OrderState.PAID
    assert [item.state for item in page.items] == [ItemState.STAMPING] * 2
    handed = await shop.outbox("sales.stamp_item_paid")
    assert [
        (uuid.UUID(h["item_id"]), uuid.UUID(h["document_id"]), uuid.UUID(h["lot_account_id"])) for h in handed
    ] == [(item.id, item.document_id, item.lot_account_id) for item in page.items]
    assert {uuid.UUID(h["customer_id"]) for h in handed} == {shop.alice}
    assert len({h["request_key"] for h in handed}) == 2


async def test_notice_and_poll_at_once_credit_once(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    reference = placed.payment.reference
    shop.gateway.pay(reference)
    settlements = await asyncio.gather(*(shop.settle(reference) for _ in range(10)))
    assert sum(settlement.new for settlement in settlements) == 1
    assert {s.outcome for s in settlements} == {PaymentOutcome.CREDITED}
    assert len(await shop.outbox("sales.stamp_item_paid")) == 1
    assert await shop.news() == []
    assert await shop.lot(await shop.page(placed.order_id)) == 1


async def test_a_notice_is_stored_once_and_believed_by_nobody(shop: Shop) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    receipts = [
        await receive_notice(shop.db, shop.gateway, notice(reference), {}, now=shop.clock()) for _ in range(3)
    ]
    assert [receipt.new for receipt in receipts] == [True, False, False]
    settlement = await shop.settle(reference)
    assert (settlement.state, settlement.outcome) == (PaymentState.PENDING, None)
    assert (await shop.page(placed.order_id)).state is OrderState.AWAITING_PAYMENT


async def test_a_forged_notice_is_refused_and_not_stored(shop: Shop) -> None:
    placed = await shop.placed_quota()
    forged = notice(placed.payment.reference, signature="wrong")
    refusal = await refused(receive_notice(shop.db, shop.gateway, forged, {}, now=shop.clock()))
    assert (refusal.kind, refusal.code) == (Kind.FORBIDDEN, "payment.notice_forged")
    assert await shop.database.owner.fetchval("SELECT count(*) FROM sales.notice") == 0


async def test_a_notice_of_a_payment_that_is_not_ours_is_kept_and_done_with(shop: Shop) -> None:
    receipt = await receive_notice(shop.db, shop.gateway, notice("someone-elses"), {}, now=shop.clock())
    assert (await refused(shop.settle(receipt.reference))).code == "payment.unknown"
    assert await shop.database.owner.fetchval("SELECT processed_at FROM sales.notice") is not None


async def test_whoever_took_a_notice_and_died_is_replaced_by_the_poller(shop: Shop) -> None:
    await shop.paid_quota()
    placed = await shop.placed_quota()
    shop.pass_time(minutes=2)
    assert await shop.poll() == 1, "and the next time in half a minute"
    shop.gateway.pay(placed.payment.reference)
    await receive_notice(shop.db, shop.gateway, notice(placed.payment.reference), {}, now=shop.clock())
    shop.pass_time(seconds=11)
    assert await shop.poll() == 1, "what is booked is not asked for"
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED
    assert await shop.database.owner.fetchval(UNREAD) == 0


async def test_without_any_notice_polling_finds_the_money_within_a_minute(shop: Shop) -> None:
    placed = await shop.placed_quota()
    for _ in range(20):
        shop.pass_time(seconds=30)
        await shop.poll()
    shop.gateway.pay(placed.payment.reference)
    for _ in range(4):
        shop.pass_time(seconds=15)
        await shop.poll()
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED
    assert await shop.poll() == 0, "a settled payment is not asked for any more"


async def test_a_poller_takes_a_payment_that_no_other_has_taken(shop: Shop) -> None:
    await shop.placed_quota()
    shop.pass_time(seconds=15)
    assert sorted(await asyncio.gather(shop.poll(), shop.poll(), shop.poll())) == [0, 0, 1]


async def test_a_gateway_that_is_away_is_asked_again(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference)
    shop.gateway.down = True
    shop.pass_time(seconds=15)
    assert await shop.poll() == 1
    shop.gateway.down = False
    shop.pass_time(seconds=31)
    await shop.poll()
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


@pytest.mark.parametrize("state", [PaymentState.SETTLED, PaymentState.EXPIRED])
@pytest.mark.parametrize("outage_minutes", [0, 15])
async def test_what_a_notice_says_of_a_closed_payment_is_asked_until_the_gateway_answers(
    shop: Shop, state: PaymentState, outage_minutes: int
) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    if state is PaymentState.SETTLED:
        await shop.pay(placed)
        shop.gateway.charges[reference].state = GatewayState.REVERSED
    else:
        shop.pass_time(minutes=MINUTES, seconds=1)
        await shop.expire()
        shop.pass_time(days=4)
        await shop.poll()
        shop.gateway.pay(reference)
    shop.gateway.down = True
    await receive_notice(shop.db, shop.gateway, notice(reference, event="later"), {}, now=shop.clock())
    for _ in range(3):
        shop.pass_time(seconds=30)
        assert await shop.poll() == 1, "it says that there is money, or none any more"
    if outage_minutes:
        shop.pass_time(minutes=outage_minutes)
        assert await shop.poll() == 1
        shop.pass_time(seconds=30)
        assert await shop.poll() == 0
        shop.pass_time(minutes=5)
    shop.gateway.down = False
    shop.pass_time(seconds=30)
    await shop.poll()
    payment = (await shop.page(placed.order_id)).payments[0]
    assert payment.state is (PaymentState.REVERSED if state is PaymentState.SETTLED else PaymentState.SETTLED)
    shop.pass_time(minutes=5)
    await shop.poll()
    assert await shop.poll() == 0, "and then no more"


async def test_a_notice_that_came_after_the_gateway_was_asked_is_not_read_by_what_it_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    shop.gateway.pay(reference)
    status = shop.gateway.get_status

    async def reversed_since(reference: str) -> GatewayStatus:
        said = await status(reference)
        shop.pass_time(seconds=1)
        shop.gateway.charges[reference].state = GatewayState.REVERSED
        await receive_notice(shop.db, shop.gateway, notice(reference, event="deny"), {}, now=shop.clock())
        return said

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "get_status", reversed_since)
        assert (await shop.settle(reference)).outcome is PaymentOutcome.CREDITED
    await shop.poll()
    page = await shop.page(placed.order_id)
    assert (page.payments[0].state, await shop.lot(page)) == (PaymentState.REVERSED, 0)
    shop.pass_time(minutes=5)
    await shop.poll()
    assert await shop.poll() == 0, "and then no more"


async def test_a_notice_that_came_after_the_gateway_said_pending_is_still_to_be_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = notice((await shop.placed_quota()).payment.reference)
    await receive_notice(shop.db, shop.gateway, others, {}, now=shop.clock())
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    status = shop.gateway.get_status

    async def paid_since(reference: str) -> GatewayStatus:
        said = await status(reference)
        shop.pass_time(seconds=1)
        shop.gateway.pay(reference)
        await receive_notice(shop.db, shop.gateway, notice(reference), {}, now=shop.clock())
        return said

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "get_status", paid_since)
        assert (await shop.settle(reference)).state is PaymentState.PENDING
    assert await shop.database.owner.fetchval(UNREAD) == 2
    await shop.settle(reference)
    assert await shop.database.owner.fetchval(UNREAD) == 1, "another's is not read by that"
    raw = notice(reference, event="settlement once more")
    await receive_notice(shop.db, shop.gateway, raw, {}, now=shop.clock())
    await shop.settle(reference)
    assert await shop.database.owner.fetchval(UNREAD) == 1, "also of what is booked"


async def test_a_notice_that_comes_while_an_old_charge_is_asked_for_has_it_asked_for_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that stored the notice may have died before asking."""
    placed = await shop.placed_quota()
    await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    shop.pass_time(days=1)
    status = shop.gateway.get_status

    async def paid_since(reference: str) -> GatewayStatus:
        said = await status(reference)
        shop.gateway.pay(reference)
        await receive_notice(shop.db, shop.gateway, notice(reference), {}, now=shop.clock())
        return said

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "get_status", paid_since)
        assert await shop.poll() == 1
    shop.pass_time(seconds=30)
    assert await shop.poll() == 1
    assert (await shop.page(placed.order_id)).payments[0].outcome is PaymentOutcome.REFUNDED_LATE


async def test_a_notice_that_comes_while_the_payment_is_being_booked_is_asked_about(shop: Shop) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    shop.gateway.pay(reference)
    raw = notice(reference, event="deny")
    owner = shop.database.owner
    async with asyncio.timeout(10), owner.transaction():
        await owner.execute(LOCK, accounts.STOCK)
        settling = asyncio.create_task(shop.settle(reference))
        await until_waiting(shop, settling)
        storing = asyncio.create_task(receive_notice(shop.db, shop.gateway, raw, {}, now=shop.clock()))
        await until_waiting(shop, settling, storing)
    await asyncio.gather(settling, storing)
    shop.gateway.charges[reference].state = GatewayState.REVERSED
    shop.pass_time(seconds=5)
    await shop.poll()
    assert (await shop.page(placed.order_id)).payments[0].state is PaymentState.REVERSED


async def test_an_order_not_paid_in_time_expires_and_its_stamps_are_for_sale_again(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=5)
    shop.pass_time(minutes=MINUTES, seconds=-1)
    assert await shop.expire() == 0
    shop.pass_time(seconds=1)
    assert await shop.expire() == 1
    page = await shop.page(placed.order_id)
    assert (page.state, page.payments[0].state) == (OrderState.EXPIRED, PaymentState.EXPIRED)
    assert await shop.stock() == 1000
    assert shop.gateway.charges[placed.payment.reference].state is GatewayState.EXPIRED
    assert await shop.expire() == 0


async def test_an_order_paid_in_the_last_moment_is_credited_not_expired(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference)
    shop.pass_time(minutes=MINUTES, seconds=1)
    assert await shop.expire() == 0
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_an_order_waits_for_a_gateway_that_is_away_but_not_longer_than_its_stamps_are_held(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "expire", shop.gateway.get_status)
        assert await shop.expire() == 0, "nor for one that does not close what can be paid"
    shop.gateway.down = True
    shop.pass_time(seconds=20)
    assert await shop.expire() == 0
    shop.pass_time(minutes=5)
    assert await shop.expire() == 1
    shop.gateway.down = False
    shop.gateway.pay(placed.payment.reference)
    shop.pass_time(minutes=2)
    await shop.poll()
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED, "late money is still honoured"


async def test_an_order_that_can_not_be_ended_keeps_none_of_the_others_open(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, *others = [await shop.placed_quota() for _ in range(3)]
    shop.gateway.pay(failing.payment.reference)
    shop.pass_time(minutes=MINUTES, seconds=1)

    async def fail(*_: object, **__: object) -> Settlement:
        raise asyncpg.CheckViolationError("nobody thought of that")

    monkeypatch.setattr(expire_orders, "settle_payment", fail)
    with pytest.raises(asyncpg.CheckViolationError):
        await shop.expire()
    states = [(await shop.page(placed.order_id)).state for placed in (failing, *others)]
    assert states == [OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.EXPIRED]


async def test_who_stood_still_for_long_asks_twice_before_an_order_expires(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference)
    shop.pass_time(hours=2)
    shop.gateway.down = True
    assert await shop.expire() == 0, "the network may not be back yet either"
    shop.gateway.down = False
    shop.pass_time(seconds=20)
    assert await shop.expire() == 0
    page = await shop.page(placed.order_id)
    assert (page.state, page.payments[0].outcome) == (OrderState.COMPLETED, PaymentOutcome.CREDITED)
    other = await shop.placed_quota()
    shop.gateway.down = True
    shop.pass_time(hours=2)
    assert await shop.expire() == 0
    shop.pass_time(seconds=20)
    assert await shop.expire() == 1, "and no more often"
    assert (await shop.page(other.order_id)).state is OrderState.EXPIRED


@pytest.mark.parametrize("days", [1, 4])
async def test_of_a_closed_payment_the_gateway_is_asked_until_it_answers(shop: Shop, days: int) -> None:
    placed = await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    shop.gateway.pay(placed.payment.reference)
    shop.gateway.down = True
    shop.pass_time(days=days)
    assert await shop.poll() == 1
    shop.pass_time(minutes=5)
    assert await shop.poll() == 1
    shop.gateway.down = False
    shop.pass_time(minutes=5)
    await shop.poll()
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_a_payment_whose_booking_failed_is_asked_for_soon_and_the_others_of_the_turn_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, *others = [await shop.placed_quota() for _ in range(3)]
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    for placed in (failing, *others):
        shop.gateway.pay(placed.payment.reference)
    settle = poll_payments.settle_payment

    async def fail_once(db: Database, gateway: PaymentGateway, reference: str, **options: Any) -> Settlement:
        if reference == failing.payment.reference:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        await asyncio.sleep(0.05)
        return await settle(db, gateway, reference, **options)

    shop.pass_time(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(poll_payments, "settle_payment", fail_once)
        with pytest.raises(asyncpg.DeadlockDetectedError):
            await shop.poll()
    states = [(await shop.page(placed.order_id)).state for placed in (failing, *others)]
    assert states == [OrderState.EXPIRED, OrderState.COMPLETED, OrderState.COMPLETED]
    shop.pass_time(minutes=5)
    assert await shop.poll() == 1
    assert (await shop.page(failing.order_id)).state is OrderState.COMPLETED


async def test_a_closed_payment_is_asked_for_ever_more_rarely(shop: Shop) -> None:
    await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    looks = 0
    for _ in range(12 * 12):
        shop.pass_time(minutes=5)
        looks += await shop.poll()
    assert 6 <= looks <= 8, "each pause is as long as all that went before"


async def test_a_closed_payment_is_asked_for_once_more_after_three_days(shop: Shop) -> None:
    await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    shop.pass_time(days=4)
    assert await shop.poll() == 1
    shop.pass_time(days=1)
    assert await shop.poll() == 0


async def test_of_money_that_went_back_in_part_before_we_knew_of_it_the_rest_goes_back(shop: Shop) -> None:
    """A restore forgets both the payment and the refund."""
    placed = await shop.placed_quota(pieces=3)
    held = shop.gateway.charges[placed.payment.reference]
    shop.gateway.pay(placed.payment.reference)
    held.refunds["forgotten"], held.state = 12_500, GatewayState.PARTIALLY_REFUNDED
    for new in (True, False):
        settled = await shop.settle(placed.payment.reference)
        assert (settled.outcome, settled.new) == (PaymentOutcome.REFUNDED_AMOUNT, new)
    await shop.pay_refunds()
    assert sum(held.refunds.values()) == 37_500
    (refund,) = (await shop.page(placed.order_id)).refunds
    assert (refund.amount, refund.state) == (25_000, RefundState.PAID)


async def test_nothing_is_left_of_money_that_went_back_in_several_parts(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    held = shop.gateway.charges[placed.payment.reference]
    shop.gateway.pay(placed.payment.reference)
    held.refunds |= {"one": 12_500, "two": 12_500}
    held.state = GatewayState.PARTIALLY_REFUNDED
    assert (await shop.settle(placed.payment.reference)).state is PaymentState.CANCELLED


async def test_a_refund_of_ours_is_no_news_of_its_payment(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    await shop.pay(placed)
    held = shop.gateway.charges[placed.payment.reference]
    held.refunds["ours"], held.state = 12_500, GatewayState.PARTIALLY_REFUNDED
    settled = await shop.settle(placed.payment.reference)
    assert (settled.state, settled.new) == (PaymentState.SETTLED, False)
    assert (await shop.page(placed.order_id)).refunds == ()


async def test_a_document_refused_after_its_money_was_taken_back_leaves_no_stamp_behind(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    shop.gateway.charges[placed.payment.reference].state = GatewayState.REVERSED
    await shop.settle(placed.payment.reference)
    item = (await shop.page(placed.order_id)).items[0]
    assert item.state is ItemState.STAMPING
    assert item.document_id is not None
    for _ in range(2):
        await record_item_refused(shop.db, item.id, item.document_id, "pdf.broken", shop.clock())
    page = await shop.page(placed.order_id)
    assert (page.items[0].state, await shop.lot(page)) == (ItemState.REFUNDED, 0)
    assert await shop.balance(accounts.RECEIVABLE) == 0


async def test_late_money_buys_what_is_left(shop: Shop) -> None:
    placed = await shop.placed_stamps(documents=2)
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    shop.gateway.pay(placed.payment.reference)
    settlements = await asyncio.gather(*(shop.settle(placed.payment.reference) for _ in range(5)))
    assert sum(s.new for s in settlements) == 1
    page = await shop.page(placed.order_id)
    assert (page.state, page.payments[0].outcome) == (OrderState.PAID, PaymentOutcome.CREDITED)
    assert [item.state for item in page.items] == [ItemState.STAMPING] * 2
    assert await shop.stock() == 998
    assert len(await shop.outbox("sales.stamp_item_paid")) == 2


async def test_late_money_goes_back_when_nothing_is_left(database: TestDatabase) -> None:
    async with open_shop(database, stock=2) as shop:
        placed = await shop.placed_quota(pieces=2)
        shop.pass_time(minutes=MINUTES, seconds=1)
        await shop.expire()
        await shop.paid_quota(pieces=2)
        settlement = await shop.pay(placed)
        assert settlement.outcome is PaymentOutcome.REFUNDED_LATE
        page = await shop.page(placed.order_id)
        assert (page.state, page.refunds[0].reason, page.refunds[0].amount) == (
            OrderState.EXPIRED,
            RefundReason.LATE,
            25_000,
        )
        assert (await shop.money())["owed"] == 25_000
        await shop.pay_refunds()
        page = await shop.page(placed.order_id)
        assert page.refunds[0].state is RefundState.PAID
        assert "owed" not in await shop.money()
        assert (await shop.news())[-2:] == ["money_returns", "refund_paid"]


async def test_another_amount_goes_back_and_the_order_can_still_be_paid(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference, 24_999)
    settlement = await shop.settle(placed.payment.reference)
    assert settlement.outcome is PaymentOutcome.REFUNDED_AMOUNT
    page = await shop.page(placed.order_id)
    assert (page.state, page.open_payment, page.refunds[0].amount) == (
        OrderState.AWAITING_PAYMENT,
        None,
        24_999,
    )
    again = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="qris",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    await shop.pay(again)
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED
    late = await shop.placed_quota()
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    left = await shop.stock()
    shop.gateway.pay(late.payment.reference, 25_001)
    assert (await shop.settle(late.payment.reference)).outcome is PaymentOutcome.REFUNDED_AMOUNT
    page = await shop.page(late.order_id)
    assert (page.state, page.refunds[0].amount) == (OrderState.EXPIRED, 25_001), "nothing is sold for it late"
    assert await shop.stock() == left


async def test_who_paid_another_amount_and_changes_the_channel_can_pay_once_more(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference, 24_999)  # we have not heard of it yet
    again = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    assert (await shop.page(placed.order_id)).refunds[0].amount == 24_999
    await shop.pay(again)
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_the_second_of_two_payments_goes_back(shop: Shop) -> None:
    placed = await shop.placed_quota()
    second = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    shop.gateway.pay(placed.payment.reference)  # the code was still on the payer's screen
    shop.gateway.pay(second.payment.reference)
    first, later = await asyncio.gather(
        shop.settle(placed.payment.reference), shop.settle(second.payment.reference)
    )
    assert {first.outcome, later.outcome} == {PaymentOutcome.CREDITED, PaymentOutcome.REFUNDED_DOUBLE}
    page = await shop.page(placed.order_id)
    assert (page.state, len(page.refunds), page.refunds[0].reason) == (
        OrderState.COMPLETED,
        1,
        RefundReason.DOUBLE,
    )
    assert await shop.lot(page) == 2


async def test_the_second_payment_goes_back_also_while_what_the_first_bought_is_being_stamped(
    shop: Shop,
) -> None:
    placed = await shop.placed_stamps()
    second = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    await shop.pay(placed)
    assert (await shop.page(placed.order_id)).state is OrderState.PAID
    assert (await shop.pay(second)).outcome is PaymentOutcome.REFUNDED_DOUBLE
    assert [refund.amount for refund in (await shop.page(placed.order_id)).refunds] == [12_500]
    assert len(await shop.outbox("sales.stamp_item_paid")) == 1


@pytest.mark.parametrize("lost", [0, 1])
async def test_an_old_charge_that_is_paid_closes_the_newer_one(shop: Shop, lost: int) -> None:
    """Also a charge whose answer was lost."""
    placed = await shop.placed_quota()
    shop.gateway.lose_answers = lost
    second = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    assert [p.state for p in page.payments] == [PaymentState.SETTLED, PaymentState.CANCELLED]
    await shop.poll()
    assert shop.gateway.charges[second.payment.reference].state is GatewayState.EXPIRED


async def test_a_cancelled_order_frees_its_stamps_and_closes_its_charge(shop: Shop) -> None:
    other = await shop.placed_quota(pieces=1)
    placed = await shop.placed_quota(pieces=4)
    for _ in range(2):
        await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    page = await shop.page(placed.order_id)
    assert (page.state, page.payments[0].state) == (OrderState.CANCELLED, PaymentState.CANCELLED)
    assert await shop.stock() == 999
    assert open_payment(await shop.page(other.order_id)).state is PaymentState.PENDING, "nobody else's"
    assert shop.gateway.charges[placed.payment.reference].state is GatewayState.EXPIRED


async def test_the_answer_to_a_charge_that_comes_after_its_end_opens_nothing_again(shop: Shop) -> None:
    placed = await shop.placed_quota()
    await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    charge = await shop.gateway.create_charge(shop.gateway.charges[placed.payment.reference].request)
    async with shop.db.connection() as connection:
        await payments.store_charge(connection, charge, shop.clock())
    assert (await shop.page(placed.order_id)).payments[0].state is PaymentState.CANCELLED


async def test_open_payments_are_found_by_their_keys_though_a_quiet_hour_s_statistics_know_of_none(
    shop: Shop,
) -> None:
    """Otherwise the first of a crowd would read all that others have opened."""
    await shop.paid_quota()
    await believe_large(shop.database, "sales.payment", "sales.orders")
    placed = await shop.placed_quota()
    charge = await shop.gateway.create_charge(shop.gateway.charges[placed.payment.reference].request)
    now = shop.clock() + timedelta(hours=2)
    for work, index in (
        (lambda tx: payments.store_charge(tx, charge, now), "sales.payment_reference_key"),
        (
            lambda tx: payments.close_attempt(tx, charge.reference, PaymentState.CANCELLED, now),
            "sales.payment_reference_key",
        ),
        (lambda tx: claim_overdue(tx, now, limit=9, lease_until=now), "sales.payment_by_order"),
    ):
        looks = await looks_of(shop.db, work)
        assert index in looks
        assert not looks & {"sales.payment_one_open", "sales.payment"}


async def test_money_for_a_cancelled_order_goes_back(shop: Shop) -> None:
    placed = await shop.placed_quota()
    await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    settlement = await shop.pay(placed)
    assert settlement.outcome is PaymentOutcome.REFUNDED_LATE
    page = await shop.page(placed.order_id)
    assert (page.state, page.refunds[0].state) == (OrderState.CANCELLED, RefundState.PAYABLE)


async def test_cancelling_what_was_just_paid_credits_it(shop: Shop) -> None:
    placed = await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference)
    cancelling = cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    assert (await refused(cancelling)).code == "order.already_paid"
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED


async def test_nothing_is_cancelled_while_the_gateway_is_away_or_leaves_the_charge_open(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await shop.placed_quota()
    monkeypatch.setattr(shop.gateway, "expire", shop.gateway.get_status)
    for shop.gateway.down in (True, False):
        cancelling = cancel_order(
            shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock
        )
        assert (await refused(cancelling)).code == "gateway.unavailable"
    assert open_payment(await shop.page(placed.order_id)).state is PaymentState.PENDING


async def test_a_draft_is_cancelled_without_the_gateway(shop: Shop) -> None:
    opened = await shop.quota_draft()
    shop.gateway.down = True
    await cancel_order(shop.db, shop.gateways, opened.order_id, settle=shop.settle, clock=shop.clock)
    assert (await shop.page(opened.order_id)).state is OrderState.CANCELLED
    assert (await refused(shop.place(opened))).code == "order.cancelled"


@pytest.mark.parametrize("state", [GatewayState.REVERSED, GatewayState.DENIED])
async def test_money_taken_back_by_the_bank_takes_the_unused_stamps_with_it(
    shop: Shop, state: GatewayState
) -> None:
    page = await shop.paid_quota(pieces=3)
    reference = page.payments[0].reference
    shop.gateway.charges[reference].state = state
    settlements = await asyncio.gather(*(shop.settle(reference) for _ in range(5)))
    assert sum(settlement.new for settlement in settlements) == 1
    page = await shop.page(page.id)
    assert (page.payments[0].state, page.refundable) == (PaymentState.REVERSED, {})
    assert (page.items[0].state, page.refunds[0].reason) == (ItemState.REFUNDED, RefundReason.REVERSED)
    assert (await shop.lot(page), await shop.stock()) == (0, 1000)
    assert await shop.money() == {"clearing": 263, "cost": -263}, "what the gateway kept is all that is gone"
    assert await shop.balance(accounts.RECEIVABLE) == 0
    answer = await where_is_my_money(shop.db, page.number)
    assert answer is not None
    assert answer.place is MoneyPlace.TAKEN_BACK
    await shop.pay_refunds()
    assert shop.gateway.charges[reference].refunds == {}, "nothing is paid a second time"


@pytest.mark.parametrize("work", ["charge", "poll", "refund", "close"])
async def test_the_log_says_why_the_gateway_could_not_be_used(shop: Shop, work: str) -> None:
    """A refused key is not an outage: an officer repairs the first and waits for the second."""
    why = Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="status_code_401")
    page = await shop.paid_quota(pieces=3)
    await shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    await shop.placed_quota()
    shop.pass_time(minutes=MINUTES if work == "close" else 1, seconds=1)
    shop.gateway.refuses = why
    with structlog.testing.capture_logs() as lines:
        await {
            "charge": shop.placed_quota,
            "poll": shop.poll,
            "refund": shop.pay_refunds,
            "close": shop.expire,
        }[work]()
    assert [(line["event"], line["code"], line["reason"]) for line in lines] == [
        (
            {
                "charge": "charge_not_opened",
                "poll": "payment_not_polled",
                "refund": "refund_not_paid",
                "close": "charge_not_closed",
            }[work],
            why.code,
            "status_code_401",
        )
    ]


async def test_what_was_said_before_the_bank_took_the_money_back_brings_nothing_again(shop: Shop) -> None:
    """The gateway was asked, and its answer is booked last."""
    page = await shop.paid_quota(pieces=3)
    charge = shop.gateway.charges[page.payments[0].reference]
    paid, charge.state = charge.state, GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    charge.state = paid
    before = await shop.money()
    with structlog.testing.capture_logs() as lines:
        settlement = await shop.settle(page.payments[0].reference)
    assert (settlement.state, settlement.new, lines) == (PaymentState.REVERSED, False, [])
    assert await shop.money() == before
    assert await shop.lot(page) == 0


async def test_an_officer_hears_of_money_that_comes_again_after_the_bank_took_it_back(shop: Shop) -> None:
    """Its stamps went back: the customer has neither them nor the money."""
    page = await shop.paid_quota(pieces=3)
    reference = page.payments[0].reference
    charge = shop.gateway.charges[reference]
    paid, charge.state = charge.state, GatewayState.REVERSED
    await shop.settle(reference)
    charge.state = paid
    shop.pass_time(seconds=1)
    before = await shop.money()
    with structlog.testing.capture_logs() as lines:
        settlement = await shop.settle(reference)
    assert (settlement.state, await shop.money()) == (PaymentState.REVERSED, before)
    assert [(line["event"], line["reference"], line["state"], line["booked"]) for line in lines] == [
        ("payment_status_unclear", reference, "settled", "reversed")
    ]


async def test_used_stamps_of_money_taken_back_are_owed_to_us(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    await shop.use(page, 2)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    page = await shop.page(page.id)
    assert (page.items[0].state, page.items[0].refunded_quantity) == (ItemState.DONE, 1)
    assert await shop.balance(accounts.RECEIVABLE) == 2 * 12_500


@pytest.mark.parametrize(("channel", "pieces"), [("qris", 3), ("va_bni", 3), ("qris", 1)])
async def test_a_refund_not_yet_paid_is_not_paid_after_the_bank_took_the_money_back(
    shop: Shop, channel: str, pieces: int
) -> None:
    page = await shop.paid_quota(pieces=3, channel=channel)
    await shop.ask_back(page.id, page.items[0].id, pieces, given_back=0)
    reference = page.payments[0].reference
    shop.gateway.charges[reference].state = GatewayState.REVERSED
    await shop.settle(reference)
    await shop.pay_refunds()
    page = await shop.page(page.id)
    assert (page.items[0].state, {r.state for r in page.refunds}) == (ItemState.REFUNDED, {RefundState.PAID})
    assert all(refund.is_set_off for refund in page.refunds)
    assert (shop.gateway.charges[reference].refunds, shop.payout.requests) == ({}, {})
    assert await shop.balance(accounts.RECEIVABLE) == 0
    assert "owed" not in await shop.money()


async def test_several_refunds_of_one_item_end_together_when_the_bank_took_the_money_back(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    for number in range(3):
        await shop.ask_back(page.id, page.items[0].id, 1, given_back=number)
    reference = page.payments[0].reference
    shop.gateway.charges[reference].state = GatewayState.REVERSED
    await shop.settle(reference)
    page = await shop.page(page.id)
    assert {refund.state for refund in page.refunds} == {RefundState.PAID}
    assert page.items[0].state is ItemState.REFUNDED


async def test_an_item_is_not_returned_while_a_payout_of_it_is_on_its_way(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3, channel="va_bni")
    account = BankAccount(bank="bca", number="1234567890", holder="Alice Wijaya")
    await shop.ask_back(page.id, page.items[0].id, 1, account=account, given_back=0)
    await shop.pay_refunds()
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDING
    shop.pass_time(seconds=10)
    await shop.pay_refunds()
    page = await shop.page(page.id)
    assert page.items[0].state is ItemState.REFUNDED
    assert {refund.reason: refund.is_set_off for refund in page.refunds} == {
        RefundReason.CUSTOMER: False,
        RefundReason.REVERSED: True,
    }


async def test_a_document_stays_stamped_when_its_money_is_taken_back(shop: Shop) -> None:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    shop.gateway.charges[placed.payment.reference].state = GatewayState.REVERSED
    await shop.settle(placed.payment.reference)
    page = await shop.page(placed.order_id)
    assert (page.state, page.items[0].state, page.refunds) == (OrderState.PAID, ItemState.STAMPING, ())
    assert await shop.balance(accounts.RECEIVABLE) == 12_500


async def test_a_reversal_waits_for_a_settlement_and_holds_nothing_that_it_wants(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    await shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    owner = shop.database.owner
    # What a settlement does: it takes the accounts in the order of their ids.
    async with asyncio.timeout(10), owner.transaction():
        await owner.execute(LOCK, accounts.STOCK)
        reversal = asyncio.create_task(shop.settle(page.payments[0].reference))
        await until_waiting(shop, reversal)
        for account in (accounts.CLEARING, accounts.FACE_VALUE_PAYABLE):
            await owner.execute(f"{LOCK} NOWAIT", account)
    assert (await reversal).state is PaymentState.REVERSED
    assert await shop.balance(accounts.RECEIVABLE) == 0


async def test_a_reversal_that_can_not_be_booked_is_not_written_either(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While documents take stamps as fast as they are counted, nothing is booked; the next poll books it."""
    page = await shop.paid_quota(pieces=3)
    await shop.use(page, 1)
    reference = page.payments[0].reference
    shop.gateway.charges[reference].state = GatewayState.REVERSED

    reverse, counts = payments.reverse, 0

    async def one_too_many(tx: Connection, payment_id: uuid.UUID, now: datetime) -> None:
        nonlocal counts
        counts += 1
        await reverse(tx, payment_id, now)
        raise Refusal(Kind.CONFLICT, "ledger.insufficient")

    with monkeypatch.context() as patch:
        patch.setattr(payments, "reverse", one_too_many)
        assert (await refused(shop.settle(reference))).code == "ledger.insufficient"
    assert counts == 5
    assert (await shop.page(page.id)).payments[0].state is PaymentState.SETTLED
    assert (await shop.settle(reference)).state is PaymentState.REVERSED


async def test_stamps_that_a_document_takes_while_the_bank_takes_the_money_back_are_counted_anew(
    shop: Shop,
) -> None:
    page = await shop.paid_quota(pieces=3)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    async with asyncio.timeout(10), shop.database.owner.transaction():
        await shop.use(page, 2)
        reversal = asyncio.create_task(shop.settle(page.payments[0].reference))
        await until_waiting(shop, reversal)
    await reversal
    page = await shop.page(page.id)
    assert (page.items[0].refunded_quantity, [refund.quantity for refund in page.refunds]) == (1, [1])
    assert await shop.balance(accounts.RECEIVABLE) == 2 * 12_500


async def paid_twice(shop: Shop) -> tuple[PlacedOrder, PlacedOrder]:
    """An order that was paid by QRIS and by virtual account."""
    placed = await shop.placed_quota()
    second = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    await shop.pay(placed)
    await shop.pay(second)
    return placed, second


async def test_a_second_payment_that_the_bank_took_back_leaves_the_first_one_where_it_is(shop: Shop) -> None:
    placed, second = await paid_twice(shop)
    shop.gateway.charges[second.payment.reference].state = GatewayState.REVERSED
    await shop.settle(second.payment.reference)
    page = await shop.page(placed.order_id)
    assert (page.state, page.refunds[0].state) == (OrderState.COMPLETED, RefundState.PAID)
    answer = await where_is_my_money(shop.db, page.number)
    assert answer is not None
    assert answer.place is MoneyPlace.HELD


async def test_a_second_payment_that_we_hold_is_not_hidden_by_the_first_that_the_bank_took_back(
    shop: Shop,
) -> None:
    placed, _ = await paid_twice(shop)
    shop.gateway.charges[placed.payment.reference].state = GatewayState.REVERSED
    await shop.settle(placed.payment.reference)

    async def place() -> MoneyPlace:
        answer = await where_is_my_money(shop.db, placed.number)
        assert answer is not None
        return answer.place

    assert await place() is MoneyPlace.NEEDS_ACCOUNT
    (waiting,) = (r for r in (await shop.page(placed.order_id)).refunds if r.reason is RefundReason.DOUBLE)
    account = BankAccount(bank="bca", number="1234567890", holder="Alice Wijaya")
    await shop.name_account(placed.order_id, waiting.id, account)
    assert await place() is MoneyPlace.WAITING
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert await place() is MoneyPlace.TAKEN_BACK


async def test_an_unclear_status_books_nothing(shop: Shop) -> None:
    placed = await shop.placed_quota()
    for state in (GatewayState.UNKNOWN, GatewayState.MISSING, GatewayState.PARTIALLY_REFUNDED):
        shop.gateway.charges[placed.payment.reference].state = state
        settlement = await shop.settle(placed.payment.reference)
        assert (settlement.state, settlement.outcome) == (PaymentState.PENDING, None)
    assert await shop.money() == {}


async def test_a_denied_payment_fails_and_can_be_made_once_more(shop: Shop) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    shop.gateway.charges[reference].state = GatewayState.DENIED
    raw = notice(reference, event="deny")
    await receive_notice(shop.db, shop.gateway, raw, {}, now=shop.clock())
    assert (await shop.settle(reference)).state is PaymentState.FAILED
    assert await shop.database.owner.fetchval(UNREAD) == 0
    answer = await where_is_my_money(shop.db, placed.number)
    assert answer is not None
    assert answer.payments[0].was_opened, "it was denied; that its code could not be made is not so"
    again = await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel="qris",
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )
    assert again.payment.reference != reference, "that one can't be paid any more"
    await shop.pay(again)
    page = await shop.page(placed.order_id)
    assert page.state is OrderState.COMPLETED
    assert [payment.state for payment in page.payments] == [PaymentState.FAILED, PaymentState.SETTLED]


async def test_money_that_came_and_was_taken_back_before_we_saw_it_is_a_payment_that_failed(
    shop: Shop,
) -> None:
    placed = await shop.placed_quota()
    shop.gateway.charges[placed.payment.reference].state = GatewayState.REVERSED
    assert (await shop.settle(placed.payment.reference)).state is PaymentState.FAILED
    assert await shop.money() == {}


@pytest.mark.parametrize("way", ["cancelled", "denied"])
async def test_money_that_comes_long_after_its_charge_was_closed_goes_where_it_belongs_without_a_notice(
    shop: Shop, way: str
) -> None:
    placed = await shop.placed_quota()
    reference = placed.payment.reference
    if way == "cancelled":
        await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    else:
        shop.gateway.charges[reference].state = GatewayState.DENIED
        await shop.settle(reference)
    shop.pass_time(minutes=2)
    assert await shop.poll() == 1
    shop.gateway.pay(reference)
    shop.pass_time(minutes=10)
    assert await shop.poll() == 1
    assert (await shop.page(placed.order_id)).payments[0].state is PaymentState.SETTLED
