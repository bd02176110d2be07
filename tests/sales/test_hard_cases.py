"""What may go wrong with a payment, played with a twin over each protocol that gateways speak."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import OrderState, PaymentOutcome, PaymentState, RefundState
from meterai.sales.ports import Channel
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.place_order import PlacedOrder
from meterai.sales.use_cases.poll_payments import poll_due_payments
from tests.sales.refusing import refused
from tests.sales.town import PROTOCOLS, WAYS, Town, open_town
from tests.storage_fixtures import TestCluster

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

ACCOUNT = BankAccount(bank="bni", number="1234567890", holder="Alice")
SUM = 25_000


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(PROTOCOLS))
async def opened(
    request: pytest.FixtureRequest, cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp(request.param)
    async with cluster.database() as database, open_town(database, folder, request.param) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="module")
async def town(opened: Town) -> AsyncIterator[Town]:
    """The town of all cases. After each one the books are right."""
    opened.heard.notices.clear()
    yield opened
    await opened.twin.script()
    await opened.check()


async def came(town: Town, count: int) -> None:
    """Waits for so many notices."""
    async with asyncio.timeout(3):
        while len(town.heard.notices) < count:
            await asyncio.sleep(0.01)


async def paid(town: Town, channel: Channel = Channel.QRIS, **faults: object) -> PlacedOrder:
    """An order whose payer has paid. Nothing of it is booked."""
    placed = await town.place(channel)
    if faults:
        await town.twin.script(placed.payment.reference, **faults)
    assert await town.twin.pay(placed.payment.reference) == 200
    return placed


async def state(town: Town, placed: PlacedOrder) -> OrderState:
    return (await town.shop.page(placed.order_id)).state


@pytest.mark.parametrize("channel", WAYS)
async def test_copies_of_a_notice_credit_once(town: Town, channel: Channel) -> None:
    placed = await paid(town, channel, notice_copies=3)
    await came(town, 3)
    receipts = [await town.receive(number) for number in range(3)]
    assert [receipt.new for receipt in receipts] == [True, False, False]
    settled = await asyncio.gather(*(town.settle(placed.payment.reference) for _ in range(3)))
    assert sum(one.new for one in settled) == 1
    assert await state(town, placed) is OrderState.COMPLETED
    assert not (await town.receive(0)).new, "replayed later"
    assert not (await town.settle(placed.payment.reference)).new


@pytest.mark.parametrize("channel", WAYS)
async def test_a_lost_notice_is_made_up_for_within_a_minute(town: Town, channel: Channel) -> None:
    placed = await paid(town, channel, notice_lost=True)
    for seconds in (15, 30, 45, 60):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        await poll_due_payments(town.shop.db, town.gateways, clock=lambda at=at: at)
    assert await state(town, placed) is OrderState.COMPLETED
    assert town.heard.notices == []


@pytest.mark.parametrize("channel", WAYS)
async def test_a_forged_notice_is_refused(town: Town, channel: Channel) -> None:
    placed = await paid(town, channel, notice_forged=True)
    await came(town, 1)
    assert (await refused(town.receive(0))).code == "payment.notice_forged"
    assert await state(town, placed) is OrderState.AWAITING_PAYMENT
    await town.poll()
    assert await state(town, placed) is OrderState.COMPLETED


@pytest.mark.parametrize("channel", WAYS)
async def test_a_right_notice_of_a_wrong_sum_is_believed_in_nothing(town: Town, channel: Channel) -> None:
    """The gateway signs the sum, and still it is asked."""
    placed = await paid(town, channel, notice_amount=7_000)
    await came(town, 1)
    await town.receive(0)
    assert (await town.settle(placed.payment.reference)).outcome is PaymentOutcome.CREDITED
    assert (await town.payments(placed))[0].paid_amount == SUM


@pytest.mark.parametrize("channel", WAYS)
@pytest.mark.parametrize("amount", [SUM - 1, 2 * SUM], ids=["less", "twice into one account"])
async def test_another_sum_goes_back_whole(town: Town, channel: Channel, amount: int) -> None:
    placed = await paid(town, channel, paid_amount=amount)
    settled = await town.settle(placed.payment.reference)
    assert settled.outcome is PaymentOutcome.REFUNDED_AMOUNT
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert refund.amount == amount
    await town.pay_refunds()
    assert town.held(await town.payments(placed)) == (0 if channel is Channel.QRIS else amount)
    assert await state(town, placed) is OrderState.AWAITING_PAYMENT


@pytest.mark.parametrize("channel", WAYS)
async def test_an_account_or_a_code_takes_one_payment(town: Town, channel: Channel) -> None:
    placed = await paid(town, channel)
    assert await town.twin.pay(placed.payment.reference) == 412, "the bank refuses the second one"
    await town.settle(placed.payment.reference)
    assert await town.twin.pay(placed.payment.reference) == 412
    assert town.held(await town.payments(placed)) == SUM


async def test_of_two_payments_for_one_order_the_second_goes_back(town: Town) -> None:
    placed = await town.place(Channel.VA_BNI)
    await town.twin.script(placed.payment.reference, pay_after_expiry=True)
    changed = await change_channel(
        town.shop.db,
        town.gateways,
        placed.order_id,
        channel=Channel.QRIS,
        payment_minutes=30,
        settle=town.settle,
        clock=system_clock,
    )
    first, second = placed.payment.reference, changed.payment.reference
    assert await town.twin.pay(second) == 200
    assert await town.twin.pay(first) == 200, "its bank knows nothing of our order"
    assert (await town.settle(second)).outcome is PaymentOutcome.CREDITED
    assert (await town.settle(first)).outcome is PaymentOutcome.REFUNDED_DOUBLE
    await town.pay_refunds()
    assert await state(town, placed) is OrderState.COMPLETED
    assert [refund.amount for refund in (await town.shop.page(placed.order_id)).refunds] == [SUM]


@pytest.mark.parametrize("channel", WAYS)
async def test_late_money_for_a_cancelled_order_goes_back(town: Town, channel: Channel) -> None:
    placed = await town.place(channel)
    await cancel_order(town.shop.db, town.gateways, placed.order_id, settle=town.settle, clock=system_clock)
    assert await town.twin.pay(placed.payment.reference) == 412
    await town.twin.script(placed.payment.reference, pay_after_expiry=True)
    assert await town.twin.pay(placed.payment.reference) == 200
    await came(town, 1 if channel is Channel.VA_BNI else 2)
    await town.receive(-1)
    await town.settle(placed.payment.reference)
    await town.pay_refunds()
    page = await town.shop.page(placed.order_id)
    assert (page.state, [refund.amount for refund in page.refunds]) == (OrderState.CANCELLED, [SUM])
    assert town.held([*page.payments]) == (0 if channel is Channel.QRIS else SUM)


async def test_a_reversal_takes_the_stamps_with_it_once(town: Town) -> None:
    placed = await paid(town)
    await town.settle(placed.payment.reference)
    await town.twin.post("/_reverse", {"order_id": placed.payment.reference, "how": "chargeback"})
    await asyncio.gather(*(town.settle(placed.payment.reference) for _ in range(3)))
    page = await town.shop.page(placed.order_id)
    assert page.payments[0].state is PaymentState.REVERSED
    assert await town.shop.lot(page) == 0


async def test_every_order_of_notices_ends_the_same(town: Town) -> None:
    """Of a payment, of a refund of one piece, of the bank that took back the rest."""
    ends = set()
    for order in permutations(range(3)):
        town.heard.notices.clear()
        placed = await paid(town)
        reference = placed.payment.reference
        await came(town, 1)
        await town.gateway.refund(reference, 12_500, f"by hand {reference}", "")
        await came(town, 2)
        await town.twin.post("/_reverse", {"order_id": reference, "how": "chargeback"})
        await came(town, 3)
        for number in order:
            await town.receive(number)
            await town.settle(reference)
        (payment,) = await town.payments(placed)
        ends.add((payment.state, payment.outcome))
        assert town.held([payment]) == 0
    assert len(ends) == 1
    assert PaymentState.SETTLED not in [end for end, _ in ends]


async def test_a_refund_that_is_refused_for_good_goes_to_an_account(town: Town) -> None:
    placed = await paid(town)
    await town.settle(placed.payment.reference)
    await town.twin.script(placed.payment.reference, refund_refused=True)
    page = await town.shop.page(placed.order_id)
    await town.shop.ask_back(page.id, page.items[0].id, 2, given_back=0)
    await town.pay_refunds()
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert (refund.state, refund.failure_code) == (RefundState.NEEDS_ACCOUNT, "gateway.refund_refused")
    await town.shop.name_account(page.id, refund.id, ACCOUNT)
    await town.pay_refunds()
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert refund.state in (RefundState.SENT, RefundState.PAID)
    assert town.held(await town.payments(placed)) == SUM, "the payout moved the money instead"


async def test_a_refund_that_is_refused_for_now_is_asked_for_again(town: Town) -> None:
    placed = await paid(town)
    await town.settle(placed.payment.reference)
    await town.twin.script(placed.payment.reference, refund_later_next=1)
    page = await town.shop.page(placed.order_id)
    await town.shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    await town.pay_refunds(turns=1)
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert refund.state is RefundState.PAYABLE, "later"
    await town.pay_refunds()
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert refund.state is RefundState.PAID
    assert town.held(await town.payments(placed)) == SUM - 12_500


async def test_a_refund_whose_answers_are_lost_is_paid_once(town: Town) -> None:
    placed = await paid(town)
    await town.settle(placed.payment.reference)
    page = await town.shop.page(placed.order_id)
    await town.shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    await town.twin.script(placed.payment.reference, refund_answer_lost_next=2)
    await asyncio.gather(town.pay_refunds(turns=2), town.pay_refunds(turns=2))
    await town.pay_refunds()
    assert town.held(await town.payments(placed)) == SUM - 12_500
    (refund,) = (await town.shop.page(placed.order_id)).refunds
    assert refund.state is RefundState.PAID


ACTS = ("pay", "other sum", "late", "hear", "hear twice", "ask", "poll", "change", "cancel")
ACTS_AFTER = ("reverse", "give back", "refund", "refund lost", "refund later")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    channel=st.sampled_from(WAYS),
    acts=st.lists(st.sampled_from((*ACTS, *ACTS_AFTER)), min_size=2, max_size=14),
    seed=st.integers(0, 2**16),
)
async def test_whatever_happens_in_whatever_order_each_rupiah_is_a_stamp_or_goes_back(
    town: Town, channel: Channel, acts: list[str], seed: int
) -> None:
    chance = random.Random(seed)
    town.heard.notices.clear()
    placed = await town.place(channel)
    for act in acts:
        with suppress(Refusal):
            await play(town, placed, act, chance)
    await come_to_rest(town, placed)
    await town.check()
    page = await town.shop.page(placed.order_id)
    item = page.items[0]
    sold = item.quantity - item.refunded_quantity if page.state is OrderState.COMPLETED else 0
    goes_back = sum(one.amount for one in page.refunds if one.state is not RefundState.PAID)
    is_gone = page.credited_payment is not None and page.credited_payment.state is PaymentState.REVERSED
    assert town.held([*page.payments]) == (0 if is_gone else 12_500 * sold) + goes_back


async def play(town: Town, placed: PlacedOrder, act: str, chance: random.Random) -> None:
    """Does one thing that people, the gateway or our workers may do."""
    shop, page = town.shop, await town.shop.page(placed.order_id)
    reference = chance.choice(page.payments).reference
    match act:
        case "pay":
            await town.twin.pay(reference)
        case "other sum":
            await town.twin.pay(reference, amount=chance.choice((SUM - 1, SUM + 1, 2 * SUM)))
        case "late":
            await town.twin.script(reference, pay_after_expiry=True)
            await town.gateway.expire(reference)
            await town.twin.pay(reference)
        case "hear" | "hear twice":
            await hear(town, chance, times=act.count("twice") + 1)
        case "ask":
            await asyncio.gather(town.settle(reference), town.settle(reference))
        case "poll":
            await town.poll()
        case "change":
            way = chance.choice(WAYS)
            await change_channel(
                shop.db, town.gateways, page.id, channel=way, payment_minutes=30, settle=town.settle,
                clock=system_clock,
            )  # fmt: skip
        case "cancel":
            await cancel_order(shop.db, town.gateways, page.id, settle=town.settle, clock=system_clock)
        case "reverse":
            await town.twin.post("/_reverse", {"order_id": reference, "how": "chargeback"})
        case "give back":
            item = page.items[0]
            await shop.ask_back(page.id, item.id, 1, given_back=item.refunded_quantity)
        case "refund lost":
            await town.twin.script(reference, refund_answer_lost_next=2)
        case "refund later":
            await town.twin.script(reference, refund_later_next=1)
        case "refund":
            await asyncio.gather(town.pay_refunds(turns=1), town.pay_refunds(turns=1))


async def hear(town: Town, chance: random.Random, *, times: int) -> None:
    """Takes some notice that came, in no order."""
    if town.heard.notices:
        number = chance.randrange(len(town.heard.notices))
        for _ in range(times):
            await town.settle((await town.receive(number)).reference)


async def come_to_rest(town: Town, placed: PlacedOrder) -> None:
    """Lets the workers do what is due, and asks once more about each payment."""
    for payment in await town.payments(placed):
        await town.twin.script(payment.reference)
    for _ in range(2):
        await town.poll()
        for payment in await town.payments(placed):
            if payment.state is not PaymentState.CREATING:
                await town.settle(payment.reference)
        await town.pay_refunds()
