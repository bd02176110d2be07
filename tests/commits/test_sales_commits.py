"""Each commit of a sale and of a refund may meet a failover: what people see and pay stays the same."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.operations.officers.act_text import Act
from meterai.operations.officers.requests import find_request
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.sign_request import sign_request
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import OrderState, PaymentState, RefundState
from meterai.sales.ports import GatewayState
from meterai.sales.support.use_cases.ask_to_cancel import ask_to_cancel
from meterai.sales.use_cases.add_item import add_document, set_quota
from meterai.sales.use_cases.cancel_asked import cancel_asked
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.issue_quota import facts_of_issue, preview_deposit
from meterai.sales.use_cases.open_order import open_order
from meterai.sales.use_cases.place_order import PlacedOrder
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.set_contact import set_customer
from meterai.sales.use_cases.settle_asked import settle_asked
from tests.commits.walking import Walk, walk_with_cuts
from tests.cutting_proxy import CuttingProxy
from tests.sales.conftest import shop
from tests.sales.fake_gateway import notice
from tests.sales.shop import ALICE, MINUTES, SECRET, Shop
from tests.sales.test_given_refunds import record_officers, signature

__all__ = ["shop"]
ACCOUNT = BankAccount(bank="bca", number="1234567890", holder="Alice")


async def placed_order(shop: Shop, walk: Walk, channel: str = "qris", *, documents: int = 0) -> PlacedOrder:
    """Alice opens an order, fills it and places it, each with a form of its own; its charge is open then."""
    form, document = uuid.uuid4().hex, uuid.uuid4()
    opened = await walk.again(
        lambda: open_order(
            shop.db, SECRET, submit_id=form, flow="stamp" if documents else "quota", event_slug=None,
            language="id", now=shop.clock(),
        )
    )  # fmt: skip
    if documents:
        await walk.again(
            lambda: add_document(
                shop.db, opened.order_id, document_id=document, document_kind=None, stamps=2, now=shop.clock()
            )
        )
    else:
        await walk.again(lambda: set_quota(shop.db, opened.order_id, 2, now=shop.clock()))
    await walk.again(lambda: set_customer(shop.db, SECRET, opened.order_id, shop.alice, ALICE))
    placed = await walk.again(lambda: shop.place(opened, channel))
    assert (placed.state, placed.total) == (OrderState.AWAITING_PAYMENT, 25_000)
    await charged(shop, walk, placed)
    return placed


async def charged(shop: Shop, walk: Walk, placed: PlacedOrder) -> None:
    """The open attempt can be paid. If its charge is not stored, the poller asks the gateway for it."""

    async def can_be_paid() -> bool:
        payment = (await shop.page(placed.order_id)).open_payment
        return payment is not None and payment.state is PaymentState.PENDING

    if not await can_be_paid():
        await walk.until(shop.poll, can_be_paid)


async def until_state(
    shop: Shop, walk: Walk, placed: PlacedOrder, turn: Callable[[], Awaitable[object]], state: OrderState
) -> None:
    async def is_there() -> bool:
        return (await shop.page(placed.order_id)).state is state

    await walk.until(turn, is_there)


async def paid_order(shop: Shop, walk: Walk, channel: str = "qris") -> PlacedOrder:
    """The gateway sends its notice until it is answered, and a worker settles the payment."""
    placed = await placed_order(shop, walk, channel)
    shop.gateway.pay(placed.payment.reference)
    sent = notice(placed.payment.reference)
    await walk.again(lambda: receive_notice(shop.db, shop.gateway, sent, {}, now=shop.clock()))
    done = OrderState.COMPLETED
    await until_state(
        shop, walk, placed, lambda: settle_asked(shop.db, shop.gateways, clock=shop.clock), done
    )
    return placed


async def quota_bought(shop: Shop, walk: Walk) -> None:
    placed = await paid_order(shop, walk)
    page = await shop.page(placed.order_id)
    assert (len(page.payments), await shop.lot(page)) == (1, 2)


async def documents_bought(shop: Shop, walk: Walk) -> None:
    """No notice comes: the poller finds the payment."""
    placed = await placed_order(shop, walk, documents=1)
    shop.gateway.pay(placed.payment.reference)
    await until_state(shop, walk, placed, shop.poll, OrderState.PAID)
    assert len((await shop.page(placed.order_id)).payments) == 1


async def changed_and_cancelled(shop: Shop, walk: Walk) -> None:
    """Another way to pay is chosen, then the order is cancelled."""
    placed = await placed_order(shop, walk)
    changed = await walk.again(
        lambda: change_channel(
            shop.db, shop.gateways, placed.order_id, channel="va_bca", payment_minutes=MINUTES,
            settle=shop.settle, clock=shop.clock,
        )
    )  # fmt: skip
    assert changed.payment.channel == "va_bca"
    await charged(shop, walk, placed)
    await walk.again(
        lambda: cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)
    )
    page = await shop.page(placed.order_id)
    assert (page.state, len(page.payments)) == (OrderState.CANCELLED, 2)


async def cancelled_by_an_officer(shop: Shop, walk: Walk) -> None:
    placed = await placed_order(shop, walk)
    asked = {"officer": "sari", "reason": "case K-1"}
    await walk.again(lambda: ask_to_cancel(shop.database.console, placed.number, **asked, now=shop.clock()))
    done = OrderState.CANCELLED
    await until_state(
        shop, walk, placed, lambda: cancel_asked(shop.db, shop.gateways, clock=shop.clock), done
    )


async def paid_too_late(shop: Shop, walk: Walk) -> None:
    """Money of another sum comes for an order that has expired. It goes back by the gateway, once."""
    placed = await placed_order(shop, walk)
    shop.pass_time(minutes=MINUTES + 1)
    await until_state(shop, walk, placed, shop.expire, OrderState.EXPIRED)
    shop.gateway.pay(placed.payment.reference, 12_345)

    async def is_back() -> bool:
        refunds = (await shop.page(placed.order_id)).refunds
        return [one.state for one in refunds] == [RefundState.PAID]

    async def turn() -> None:
        await shop.poll()
        await shop.pay_refunds()

    await walk.until(turn, is_back)
    assert list(shop.gateway.charges[placed.payment.reference].refunds.values()) == [12_345]


async def given_back(shop: Shop, walk: Walk) -> None:
    """Alice gives a stamp back and names an account afterwards. The payout goes out once."""
    paid = shop.payout.paid
    placed = await paid_order(shop, walk, "va_bca")
    (item,) = (await shop.page(placed.order_id)).items
    await walk.again(lambda: shop.ask_back(placed.order_id, item.id, 1, given_back=0))
    (refund,) = (await shop.page(placed.order_id)).refunds
    await walk.again(lambda: shop.name_account(placed.order_id, refund.id, ACCOUNT))

    async def is_paid() -> bool:
        return (await shop.page(placed.order_id)).refunds[0].state is RefundState.PAID

    await walk.until(shop.pay_refunds, is_paid)
    assert shop.payout.paid == paid + 1


async def taken_back_by_the_bank(shop: Shop, walk: Walk) -> None:
    """What was sold goes back into stock, once."""
    placed = await paid_order(shop, walk)
    stock = await shop.stock()
    reference = placed.payment.reference
    shop.gateway.charges[reference].state = GatewayState.REVERSED
    sent = notice(reference, event="reversal")
    await walk.again(lambda: receive_notice(shop.db, shop.gateway, sent, {}, now=shop.clock()))

    async def is_reversed() -> bool:
        return (await shop.page(placed.order_id)).payments[0].state is PaymentState.REVERSED

    await walk.until(lambda: settle_asked(shop.db, shop.gateways, clock=shop.clock), is_reversed)
    assert await shop.stock() == stock + 2


async def issued_by_two_officers(shop: Shop, walk: Walk) -> None:
    """Both press the button again after an outage. The second time they read that it is asked, or done."""
    db, receipt = shop.database.operator, f"NTPN-{uuid.uuid4().hex[:12].upper()}"
    if not await shop.database.owner.fetchval("SELECT count(*) FROM operations.officer"):
        await record_officers(shop)
    stock = await shop.stock()
    found = await preview_deposit(db, pieces=7, deposit_reference=receipt, now=shop.clock())
    act = Act(kind="quota.issue", subject=receipt, facts=facts_of_issue(found))

    async def ask() -> int:
        signed = await signature(shop, "ani", act)
        try:
            return await ask_two_officers(db, signed, act.facts)
        except Refusal as refusal:
            if refusal.code != "release.asked_before":
                raise
            return int(str(refusal.facts["number"]))

    number = await walk.again(ask)

    async def approve() -> None:
        async with db.connection() as connection:
            try:
                request = await find_request(connection, number)
            except Refusal as refusal:
                if refusal.code != "release.carried_out":
                    raise
                return
        signed = await signature(shop, "budi", msgspec.structs.replace(act, request=number))
        await sign_request(db, request, signed, roots=list, now=shop.clock())

    await walk.again(approve)
    assert await shop.stock() == stock + 7


PATHS: dict[str, Callable[[Shop, Walk], Awaitable[None]]] = {
    path.__name__: path
    for path in (
        quota_bought,
        documents_bought,
        changed_and_cancelled,
        cancelled_by_an_officer,
        paid_too_late,
        given_back,
        taken_back_by_the_bank,
        issued_by_two_officers,
    )
}


@pytest.mark.everyday("quota_bought")
@pytest.mark.parametrize("path", PATHS)
async def test_a_failover_at_any_commit_changes_nothing(shop: Shop, proxy: CuttingProxy, path: str) -> None:
    async def pause() -> None:
        shop.pass_time(minutes=1, seconds=1)

    await walk_with_cuts(proxy, shop.database, lambda walk: PATHS[path](shop, walk), pause=pause)
