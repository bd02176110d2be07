"""A purchase over BI-SNAP with its twin over real sockets: signed notices come in, the status is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.kit.http.outside_service import CallLimits
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.adapters.snap.client import Partner
from meterai.sales.adapters.snap.gateway import Snap
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState, PaymentOutcome, PaymentState, RefundState
from meterai.sales.ports import Channel, GatewayState
from meterai.sales.queries.payment_channel import payment_channel
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.pay_refunds import pay_due_refunds
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.poll_payments import poll_due_payments
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.settle_asked import settle_asked
from meterai.sales.use_cases.settle_payment import settle_payment
from tests.ports import free_port
from tests.sales.shop import Shop, open_shop
from tests.sandbox.twins import BANK_KEY, OUR_KEY, SNAP_KEYS, SNAP_MERCHANT, Gateway, running_snap, served
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
WAYS = (Channel.QRIS, Channel.VA_BNI)


def later() -> datetime:
    """A clock that is ahead: what is due soon is due now."""
    return datetime.now(UTC) + timedelta(minutes=5)


@dataclass
class Counter:
    """Shop, bank, and the door at which the bank leaves its notices."""

    shop: Shop
    bank: Gateway
    snap: Snap
    answers: list[tuple[str, int]]
    """What the door answered: the end of the path, and the status."""

    @property
    def gateways(self) -> Gateways:
        return Gateways([self.snap])

    async def place(self, channel: Channel) -> PlacedOrder:
        self.shop.clock.now = datetime.now(UTC)
        draft = await self.shop.quota_draft(2)
        return await place_order(
            self.shop.db,
            self.gateways,
            draft.order_id,
            channel=channel,
            payment_minutes=30,
            clock=system_clock,
        )

    async def take(self, request: web.Request) -> web.Response:
        """As the API does (`answer_gateway_call`)."""
        raw, path = await request.read(), request.path
        try:
            receipt = await receive_notice(
                self.shop.db, self.snap, raw, dict(request.headers), path=path, now=system_clock()
            )
            reply = receipt.reply
        except Refusal as refusal:
            reply = self.snap.refuse_notice(refusal, path)
        assert reply is not None
        self.answers.append((path.rpartition("/")[2], reply.status))
        return web.Response(status=reply.status, body=reply.body, content_type="application/json")

    async def heard(self, end: str, status: int) -> None:
        """Waits until the door answered a call so."""
        async with asyncio.timeout(5):
            while (end, status) not in self.answers:
                await asyncio.sleep(0.01)

    async def outcome(self, placed: PlacedOrder) -> PaymentOutcome | None:
        settled = await settle_payment(self.shop.db, self.snap, placed.payment.reference, clock=system_clock)
        return settled.outcome

    async def state(self, placed: PlacedOrder) -> OrderState:
        return (await self.shop.page(placed.order_id)).state


@pytest_asyncio.fixture
async def counter(database: TestDatabase, tmp_path: Path) -> AsyncIterator[Counter]:
    door = web.Application()
    at_the_door: list[Counter] = []

    async def take(request: web.Request) -> web.Response:
        return await at_the_door[0].take(request)

    door.router.add_post("/{path:.*}", take)
    async with (
        open_shop(database) as shop,
        served(door, free_port()) as url,
        running_snap(tmp_path, notify_url=f"{url}/api/v1/gateways/snap") as bank,
    ):
        snap = Snap(
            bank.url,
            Partner(client_id=SNAP_KEYS.client_id, channel_id="95221", secret=SNAP_KEYS.secret, key=OUR_KEY),
            bank_key=BANK_KEY.public_key(),
            merchant=SNAP_MERCHANT,
            companies={Channel.VA_BNI: "98829"},
            channel_of=partial(payment_channel, shop.db),
            limits=CallLimits(total_seconds=1),
        )
        counter = Counter(shop, bank, snap, [])
        at_the_door.append(counter)
        yield counter
        await snap.close()
        results = await run_invariants(database.reader, now=datetime.now(UTC))
        assert {found.id: found.violations for found in results if not found.ok} == {}


@pytest.mark.parametrize("channel", WAYS)
async def test_a_signed_notice_leads_to_quota(counter: Counter, channel: Channel) -> None:
    placed = await counter.place(channel)
    assert placed.payment.was_opened
    assert await counter.bank.pay(placed.payment.reference) == 200
    end = "qr-mpm-notify" if channel is Channel.QRIS else "payment"
    await counter.heard(end, 200)
    assert counter.answers == [("b2b", 200), (end, 200)]
    assert await settle_asked(counter.shop.db, counter.gateways, clock=system_clock) == 1
    assert await counter.state(placed) is OrderState.COMPLETED


async def test_forged_notices_are_refused_and_the_poller_finds_the_money(counter: Counter) -> None:
    placed = await counter.place(Channel.VA_BNI)
    await counter.bank.script(placed.payment.reference, notice_forged=True, notice_copies=2)
    await counter.bank.pay(placed.payment.reference)
    await counter.heard("payment", 401)
    kept = await counter.shop.database.owner.fetchval("SELECT count(*) FROM sales.notice")
    assert kept == 0
    await poll_due_payments(counter.shop.db, counter.gateways, clock=later)
    assert await counter.state(placed) is OrderState.COMPLETED


@pytest.mark.parametrize("channel", WAYS)
async def test_another_sum_goes_back_whole(counter: Counter, channel: Channel) -> None:
    placed = await counter.place(channel)
    await counter.bank.pay(placed.payment.reference, amount=placed.payment.amount - 500)
    assert await counter.outcome(placed) is PaymentOutcome.REFUNDED_AMOUNT
    assert await counter.state(placed) is OrderState.AWAITING_PAYMENT
    await pay_due_refunds(
        counter.shop.db, counter.gateways, counter.shop.payout, rules=counter.shop.payout_rules, clock=later
    )
    page = await counter.shop.page(placed.order_id)
    (refund,) = page.refunds
    status = await counter.snap.get_status(placed.payment.reference)
    if channel is Channel.QRIS:
        assert (refund.state, status.refunded) == (RefundState.PAID, placed.payment.amount - 500)
    else:
        assert (refund.state, status.refunded) == (RefundState.NEEDS_ACCOUNT, 0)


async def test_another_way_to_pay_closes_the_first_at_the_bank(counter: Counter) -> None:
    placed = await counter.place(Channel.QRIS)
    changed = await change_channel(
        counter.shop.db,
        counter.gateways,
        placed.order_id,
        channel=Channel.VA_BNI,
        payment_minutes=30,
        settle=partial(settle_payment, counter.shop.db, counter.snap, clock=system_clock),
        clock=system_clock,
    )
    assert (await counter.snap.get_status(placed.payment.reference)).state is GatewayState.CANCELLED
    assert await counter.bank.pay(placed.payment.reference) == 412
    assert await counter.bank.pay(changed.payment.reference) == 200
    assert await counter.outcome(changed) is PaymentOutcome.CREDITED


async def test_a_lost_answer_leaves_an_account_and_ends_a_code(counter: Counter) -> None:
    for channel in WAYS:
        await counter.bank.script(None, charge_answer_lost_next=3)
        placed = await counter.place(channel)
        payment = (await counter.shop.page(placed.order_id)).payments[-1]
        opened = PaymentState.PENDING if channel is Channel.VA_BNI else PaymentState.FAILED
        assert payment.state is opened
        status = await counter.snap.get_status(payment.reference)
        assert status.state is (GatewayState.PENDING if channel is Channel.VA_BNI else GatewayState.CANCELLED)


async def test_money_that_the_bank_takes_back_is_booked_as_reversed(counter: Counter) -> None:
    placed = await counter.place(Channel.VA_BNI)
    await counter.bank.pay(placed.payment.reference)
    assert await counter.outcome(placed) is PaymentOutcome.CREDITED
    await counter.bank.post("/_reverse", {"order_id": placed.payment.reference, "how": "deny"})
    settled = await settle_payment(
        counter.shop.db, counter.snap, placed.payment.reference, clock=system_clock
    )
    assert settled.state is PaymentState.REVERSED
