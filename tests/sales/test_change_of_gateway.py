"""Two payment gateways: one takes over from another, and no money is lost between them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from meterai.sales.model import OrderState, PaymentOutcome, PaymentState, RefundReason, RefundState
from meterai.sales.ports import Channel, GatewayState
from meterai.sales.prices import ChannelCost
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.place_order import PlacedOrder
from tests.sales.fake_gateway import FakeGateway
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, Shop, open_payment

pytestmark = pytest.mark.storage


class Bank(FakeGateway):
    """A second gateway: no wallets, virtual accounts for less, QRIS for more."""

    name = "bank"
    costs: Mapping[Channel, ChannelCost] = {
        Channel.QRIS: ChannelCost(basis_points=100),
        Channel.VA_BNI: ChannelCost(flat=3_000),
    }


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def shop(shop: Shop, bank: Bank) -> Shop:
    """The shop of all tests of sales, with a second gateway."""
    shop.others = [bank]
    return shop


async def switch(shop: Shop, placed: PlacedOrder, channel: str) -> PlacedOrder:
    """The customer chooses how to pay once more."""
    return await change_channel(
        shop.db,
        shop.gateways,
        placed.order_id,
        channel=channel,
        payment_minutes=MINUTES,
        settle=shop.settle,
        clock=shop.clock,
    )


async def test_each_way_is_paid_at_the_gateway_that_takes_least(shop: Shop, bank: Bank) -> None:
    first, second = await shop.placed_quota(), await shop.placed_quota(channel="va_bni")
    assert (first.payment.gateway, second.payment.gateway) == ("fake", "bank")
    bank.pay(second.payment.reference)
    assert await shop.poll() == 0, "nothing is due yet"
    shop.pass_time(seconds=15)
    assert await shop.poll() == 2
    assert (await shop.page(second.order_id)).state is OrderState.COMPLETED
    assert (await shop.page(first.order_id)).state is OrderState.AWAITING_PAYMENT
    assert (await shop.money())["cost"] == -3_000


async def test_the_same_request_goes_on_at_another_gateway(shop: Shop, bank: Bank) -> None:
    shop.gateway.lose_answers = 1
    placed = await shop.placed_quota()
    assert (placed.payment.gateway, placed.payment.state) == ("bank", PaymentState.PENDING)
    page = await shop.page(placed.order_id)
    lost, offered = page.payments
    assert (lost.gateway, lost.state, offered.id) == ("fake", PaymentState.CANCELLED, placed.payment.id)
    assert placed.order is not None
    assert [one.id for one in placed.order.payments] == [lost.id, offered.id], "as the page is shown at once"
    assert offered.expires_at == page.expires_at
    shop.pass_time(seconds=15)
    await shop.poll()
    assert shop.gateway.charges[lost.reference].state is GatewayState.EXPIRED, "nobody was shown it"
    assert bank.charges[offered.reference].state is GatewayState.PENDING


async def test_while_every_gateway_is_away_the_last_attempt_waits(shop: Shop, bank: Bank) -> None:
    shop.gateway.down = bank.down = True
    placed = await shop.placed_quota()
    assert (placed.payment.gateway, placed.payment.state) == ("bank", PaymentState.CREATING)
    bank.down = False
    shop.pass_time(seconds=15)
    await shop.poll()
    assert open_payment(await shop.page(placed.order_id)).qr_text == f"QR {placed.payment.reference}"


async def test_a_gateway_in_trouble_is_not_asked(shop: Shop, bank: Bank) -> None:
    shop.gateway.in_trouble = True
    placed = await shop.placed_quota()
    assert (placed.payment.gateway, shop.gateway.calls) == ("bank", [])
    bank.in_trouble = bank.down = True
    shop.gateway.in_trouble, shop.gateway.down = True, True
    waiting = await shop.placed_quota()
    assert waiting.payment.state is PaymentState.CREATING
    assert len((await shop.page(waiting.order_id)).payments) == 1, "none in trouble is tried in its place"


async def test_a_charge_leaves_a_gateway_that_does_not_answer(shop: Shop, bank: Bank) -> None:
    placed = await shop.placed_quota()
    shop.gateway.down = True
    moved = await switch(shop, placed, "va_bni")
    assert (moved.payment.gateway, moved.payment.state) == ("bank", PaymentState.PENDING)
    shop.pass_time(seconds=15)
    await shop.poll()
    assert shop.gateway.charges[placed.payment.reference].state is GatewayState.PENDING, "still away"
    shop.gateway.down = False
    shop.pass_time(seconds=31)
    await shop.poll()
    assert shop.gateway.charges[placed.payment.reference].state is GatewayState.EXPIRED
    assert open_payment(await shop.page(placed.order_id)).id == moved.payment.id


@pytest.mark.parametrize("first", ["fake", "bank"])
async def test_of_payments_at_both_gateways_the_second_goes_back_where_it_came_from(
    shop: Shop, bank: Bank, first: str
) -> None:
    placed = await shop.placed_quota()
    shop.gateway.down = True
    moved = await switch(shop, placed, "va_bni")
    shop.gateway.down = False
    shop.gateway.pay(placed.payment.reference)
    bank.pay(moved.payment.reference)
    order = (placed, moved) if first == "fake" else (moved, placed)
    outcomes = [(await shop.settle(one.payment.reference)).outcome for one in order]
    assert outcomes == [PaymentOutcome.CREDITED, PaymentOutcome.REFUNDED_DOUBLE]
    await shop.pay_refunds()
    (refund,) = (await shop.page(placed.order_id)).refunds
    assert (refund.reason, refund.payment_id) == (RefundReason.DOUBLE, order[1].payment.id)
    at_fake = list(shop.gateway.charges[placed.payment.reference].refunds.values())
    if first == "bank":
        assert (refund.state, at_fake) == (RefundState.PAID, [25_000])
    else:
        assert (refund.state, at_fake) == (RefundState.NEEDS_ACCOUNT, []), "a transfer goes back by payout"


async def test_an_attempt_that_its_gateway_never_opened_moves_when_it_is_chosen_again(
    shop: Shop, bank: Bank
) -> None:
    shop.gateway.down = bank.down = True
    placed = await shop.placed_quota()
    bank.in_trouble = True
    shop.gateway.down = False
    again = await switch(shop, placed, "qris")
    assert (again.payment.gateway, again.payment.state) == ("fake", PaymentState.PENDING)
    assert (await switch(shop, placed, "qris")).payment.id == again.payment.id, "what can be paid stays"


async def test_a_charge_stays_where_no_other_gateway_offers_the_way(shop: Shop, bank: Bank) -> None:
    placed = await shop.placed_quota()
    shop.gateway.down = True
    assert (await refused(switch(shop, placed, "gopay"))).code == "gateway.unavailable"
    bank.in_trouble = True
    assert (await refused(switch(shop, placed, "va_bni"))).code == "gateway.unavailable"
    assert open_payment(await shop.page(placed.order_id)).id == placed.payment.id


async def test_an_order_lapses_although_its_gateway_was_taken_from_the_settings(shop: Shop) -> None:
    placed = await shop.placed_quota(channel="va_bni")
    shop.others = []
    shop.pass_time(minutes=MINUTES + 5)
    assert await shop.expire() == 0, "it waits for its gateway"
    shop.pass_time(minutes=5)
    assert await shop.expire() == 1
    assert (await shop.page(placed.order_id)).state is OrderState.EXPIRED
