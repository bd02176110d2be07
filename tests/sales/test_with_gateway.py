"""The whole of a purchase with the gateway twin over real sockets, in Midtrans' and Iris' protocols."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO

import pytest
import pytest_asyncio

from meterai.kernel.clock import Clock, system_clock
from meterai.kit.database import connect
from meterai.kit.http.outside_service import CallLimits
from meterai.launcher.database_dump import dump_database, load_database
from meterai.launcher.embedded_postgres import client_programs
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.adapters.payout import IrisPayouts
from meterai.sales.bank_account import BankAccount
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState, PaymentOutcome, PaymentState, RefundState
from meterai.sales.ports import Channel
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.pay_refunds import pay_due_refunds
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.poll_payments import poll_due_payments
from meterai.sales.use_cases.receive_notice import NoticeReceipt, receive_notice
from meterai.sales.use_cases.settle_payment import Settlement, settle_payment
from tests.sales.refusing import refused
from tests.sales.shop import Shop, open_shop
from tests.sandbox.twins import PAYOUT_KEY, SERVER_KEY, Gateway, running_gateway
from tests.storage_fixtures import TestCluster, TestDatabase

pytestmark = pytest.mark.storage

LATER = timedelta(minutes=5)
ACCOUNT = BankAccount(bank="bni", number="1234567890", holder="Alice")


def later() -> datetime:
    """A clock that is ahead: what is due soon is due now."""
    return datetime.now(UTC) + LATER


@dataclass
class Street:
    """Shop, gateway, and what passes between them."""

    shop: Shop
    twin: Gateway
    gateway: Midtrans
    payout: IrisPayouts
    folder: Path
    """Of the twin."""

    @property
    def gateways(self) -> Gateways:
        return Gateways([self.gateway])

    async def place(self, channel: Channel = Channel.QRIS, pieces: int = 2) -> PlacedOrder:
        self.shop.clock.now = datetime.now(UTC)
        draft = await self.shop.quota_draft(pieces)
        return await place_order(
            self.shop.db,
            self.gateways,
            draft.order_id,
            channel=channel,
            payment_minutes=30,
            clock=system_clock,
        )

    async def take_notices(self, count: int) -> list[NoticeReceipt]:
        await self.twin.merchant.wait_for(count)
        return [
            await receive_notice(self.shop.db, self.gateway, raw, {}, now=system_clock())
            for raw in self.twin.merchant.notices
        ]

    async def settle(self, placed: PlacedOrder) -> Settlement:
        return await self.settle_by_reference(placed.payment.reference)

    async def settle_by_reference(self, reference: str) -> Settlement:
        return await settle_payment(self.shop.db, self.gateway, reference, clock=system_clock)

    async def money_back(self, placed: PlacedOrder) -> Decimal:
        """What the gateway and the payout provider have sent back by their own books."""
        book = sqlite3.connect(self.folder / "gateway.sqlite")
        paid_out = [json.loads(body)["amount"] for (body,) in book.execute("SELECT body FROM payout")]
        book.close()
        return sum(
            map(Decimal, paid_out),
            Decimal((await self.gateway.get_status(placed.payment.reference)).refunded),
        )

    async def pay_refunds(self, clock: Clock) -> None:
        """One turn of the worker that pays refunds."""
        rules = self.shop.payout_rules
        await pay_due_refunds(self.shop.db, self.gateways, self.payout, rules=rules, clock=clock)

    async def state(self, placed: PlacedOrder) -> OrderState:
        return (await self.shop.page(placed.order_id)).state


@pytest_asyncio.fixture
async def street(database: TestDatabase, tmp_path: Path) -> AsyncIterator[Street]:
    async with open_shop(database) as shop, running_gateway(tmp_path) as twin:
        gateway = Midtrans(twin.url, SERVER_KEY, limits=CallLimits(total_seconds=1))
        payout = IrisPayouts(f"{twin.url}/iris/api/v1", PAYOUT_KEY)
        yield Street(shop, twin, gateway, payout, tmp_path)
        await gateway.close()
        await payout.close()
        results = await run_invariants(database.reader, now=datetime.now(UTC))
        assert {found.id: found.violations for found in results if not found.ok} == {}


@pytest.mark.parametrize("channel", list(Midtrans.costs))
async def test_a_notice_leads_to_quota(street: Street, channel: Channel) -> None:
    placed = await street.place(channel)
    assert placed.payment.was_opened
    assert bool(placed.payment.biller_code) is (channel is Channel.VA_MANDIRI)
    assert bool(placed.payment.pay_url) is channel.is_wallet
    assert await street.twin.pay(placed.payment.reference) == 200
    (receipt, *_) = await street.take_notices(1)
    assert receipt.reference == placed.payment.reference
    assert (await street.settle(placed)).outcome is PaymentOutcome.CREDITED
    assert await street.state(placed) is OrderState.COMPLETED


async def test_duplicate_and_reordered_notices_and_a_poll_at_once_credit_once(street: Street) -> None:
    placed = await street.place()
    await street.twin.script(placed.payment.reference, notice_copies=4, notice_reordered=True)
    await street.twin.pay(placed.payment.reference)
    await street.take_notices(5)
    poll = poll_due_payments(street.shop.db, street.gateways, clock=later)
    answers = await asyncio.gather(poll, *(street.settle(placed) for _ in range(9)))
    assert sum(answer.new for answer in answers[1:] if isinstance(answer, Settlement)) <= 1
    assert await street.state(placed) is OrderState.COMPLETED
    assert await street.shop.lot(await street.shop.page(placed.order_id)) == 2


async def test_a_forged_notice_moves_nothing(street: Street) -> None:
    placed = await street.place()
    await street.twin.script(placed.payment.reference, notice_forged=True)
    await street.twin.pay(placed.payment.reference)
    await street.twin.merchant.wait_for(1)
    raw = street.twin.merchant.notices[0]
    refusal = await refused(receive_notice(street.shop.db, street.gateway, raw, {}, now=system_clock()))
    assert refusal.code == "payment.notice_forged"
    assert await street.state(placed) is OrderState.AWAITING_PAYMENT


async def test_a_lost_notice_is_made_up_for_by_polling(street: Street) -> None:
    placed = await street.place()
    await street.twin.script(placed.payment.reference, notice_lost=True)
    await street.twin.pay(placed.payment.reference)
    assert await poll_due_payments(street.shop.db, street.gateways, clock=later) == 1
    assert await street.state(placed) is OrderState.COMPLETED


async def test_a_charge_whose_answer_was_lost_is_found_again(street: Street) -> None:
    await street.twin.script(charge_answer_lost_next=3)
    placed = await street.place()
    await street.twin.script()
    assert placed.payment.state is PaymentState.CREATING
    await poll_due_payments(street.shop.db, street.gateways, clock=later)
    payment = (await street.shop.page(placed.order_id)).payments[0]
    assert (payment.state, bool(payment.qr_text)) == (PaymentState.PENDING, True)
    await street.twin.pay(payment.reference)
    await street.settle(placed)
    assert await street.state(placed) is OrderState.COMPLETED


async def test_another_amount_goes_back_over_the_gateway(street: Street) -> None:
    placed = await street.place()
    await street.twin.script(placed.payment.reference, paid_amount=20_000)
    await street.twin.pay(placed.payment.reference)
    assert (await street.settle(placed)).outcome is PaymentOutcome.REFUNDED_AMOUNT
    await street.pay_refunds(later)
    (refund,) = (await street.shop.page(placed.order_id)).refunds
    assert (refund.state, refund.amount) == (RefundState.PAID, 20_000)


async def test_money_for_a_cancelled_order_goes_back(street: Street) -> None:
    placed = await street.place()
    await cancel_order(
        street.shop.db,
        street.gateways,
        placed.order_id,
        settle=street.settle_by_reference,
        clock=system_clock,
    )
    assert await street.twin.pay(placed.payment.reference) == 412, "the charge is closed"
    await street.twin.script(placed.payment.reference, pay_after_expiry=True)
    assert await street.twin.pay(placed.payment.reference) == 200
    await street.settle(placed)
    await street.pay_refunds(later)
    page = await street.shop.page(placed.order_id)
    assert (page.state, page.refunds[0].state) == (OrderState.CANCELLED, RefundState.PAID)


async def test_the_channel_is_changed(street: Street) -> None:
    placed = await street.place()
    changed = await change_channel(
        street.shop.db,
        street.gateways,
        placed.order_id,
        channel="va_bni",
        payment_minutes=30,
        settle=street.shop.settle,
        clock=system_clock,
    )
    assert changed.payment.va_number
    assert await street.twin.pay(placed.payment.reference) == 412
    assert await street.twin.pay(changed.payment.reference) == 200
    await street.settle(changed)
    assert await street.state(placed) is OrderState.COMPLETED


async def test_quota_paid_by_qris_goes_back_piece_by_piece_through_lost_answers(street: Street) -> None:
    placed = await street.place(pieces=2)
    await street.twin.pay(placed.payment.reference)
    await street.settle(placed)
    page = await street.shop.page(placed.order_id)
    await street.twin.script(placed.payment.reference, refund_answer_lost_next=2, refund_later_next=1)
    for given_back in range(2):
        await street.shop.ask_back(page.id, page.items[0].id, 1, given_back=given_back)
    for turn in range(4):
        ahead = datetime.now(UTC) + timedelta(hours=turn + 1)
        await pay_due_refunds(
            street.shop.db,
            street.gateways,
            street.payout,
            rules=street.shop.payout_rules,
            clock=lambda at=ahead: at,
        )
    page = await street.shop.page(placed.order_id)
    assert [refund.state for refund in page.refunds] == [RefundState.PAID] * 2
    status = await street.gateway.get_status(placed.payment.reference)
    assert status.refunded == 25_000


async def test_quota_paid_by_virtual_account_goes_back_to_an_account(street: Street) -> None:
    placed = await street.place(Channel.VA_BNI)
    await street.twin.pay(placed.payment.reference)
    await street.settle(placed)
    page = await street.shop.page(placed.order_id)
    asked = await street.shop.ask_back(page.id, page.items[0].id, 2, given_back=0)
    assert asked.state is RefundState.NEEDS_ACCOUNT
    await street.twin.script(payout_delay_seconds=0.05, payout_answer_lost_next=1)
    await street.shop.name_account(page.id, asked.refund_id, ACCOUNT)
    for turn in range(3):
        ahead = datetime.now(UTC) + timedelta(hours=turn + 1)
        await pay_due_refunds(
            street.shop.db,
            street.gateways,
            street.payout,
            rules=street.shop.payout_rules,
            clock=lambda at=ahead: at,
        )
        await asyncio.sleep(0.1)
    page = await street.shop.page(placed.order_id)
    assert page.refunds[0].state is RefundState.PAID


@pytest.mark.everyday("gateway")
@pytest.mark.parametrize(
    ("channel", "pieces", "again", "account", "state"),
    [
        (Channel.QRIS, 1, 1, None, RefundState.PAID),
        (Channel.QRIS, 1, 2, None, RefundState.PAYABLE),
        (Channel.VA_BNI, 2, 2, ACCOUNT, RefundState.PAID),
        (Channel.VA_BNI, 2, 2, BankAccount(bank="bca", number="987654321", holder="Al"), RefundState.PAYABLE),
    ],
    ids=["gateway", "more of it", "account", "another account"],
)
async def test_a_refund_that_a_restore_forgot_moves_no_money_a_second_time(
    street: Street,
    cluster: TestCluster,
    tmp_path: Path,
    channel: Channel,
    pieces: int,
    again: int,
    account: BankAccount | None,
    state: RefundState,
) -> None:
    placed = await street.place(channel)
    await street.twin.script(payout_delay_seconds=0)
    await street.twin.pay(placed.payment.reference)
    await street.settle(placed)
    copy = tmp_path / "database.dump"

    def keep(dump: IO[bytes]) -> None:
        copy.write_bytes(dump.read())

    async with street.shop.database.owner.transaction(isolation="repeatable_read"):
        snapshot = await street.shop.database.owner.fetchval("SELECT pg_export_snapshot()")
        await asyncio.to_thread(
            dump_database, client_programs(), street.shop.database.urls.owner, keep, snapshot=snapshot
        )
    await ask_back(street, placed, pieces, ACCOUNT if account else None)
    assert await refund_state(street, placed) is RefundState.PAID
    moved = await street.money_back(placed)
    assert moved == pieces * 12_500
    async with cluster.empty_database() as name:
        urls = cluster.urls(name)
        await asyncio.to_thread(
            load_database, client_programs(), urls.owner, lambda dump: dump.write(copy.read_bytes())
        )
        db = await connect(urls.app, connections_max=4)
        reader = await connect(urls.reader, connections_max=2)
        database = replace(street.shop.database, name=name, urls=urls, app=db, reader=reader)
        restored = replace(street, shop=replace(street.shop, database=database))
        await ask_back(restored, placed, again, account)
        assert await refund_state(restored, placed) is state
        assert await street.money_back(placed) == moved
        results = await run_invariants(reader, now=datetime.now(UTC))
        assert {found.id: found.violations for found in results if not found.ok} == {}
        await reader.close()
        await db.close()


async def ask_back(street: Street, placed: PlacedOrder, pieces: int, account: BankAccount | None) -> None:
    """Asks for the money of `pieces` stamps and waits for it."""
    item = (await street.shop.page(placed.order_id)).items[0]
    await street.shop.ask_back(
        placed.order_id, item.id, pieces, account=account, given_back=item.refunded_quantity
    )
    for turn in range(3):
        ahead = datetime.now(UTC) + timedelta(hours=turn + 1)
        await pay_due_refunds(
            street.shop.db,
            street.gateways,
            street.payout,
            rules=street.shop.payout_rules,
            clock=lambda at=ahead: at,
        )


async def refund_state(street: Street, placed: PlacedOrder) -> RefundState:
    (refund,) = (await street.shop.page(placed.order_id)).refunds
    return refund.state


async def test_of_a_payment_and_a_refund_that_a_restore_forgot_nothing_stays_with_us(street: Street) -> None:
    placed = await street.place(pieces=3)
    await street.twin.pay(placed.payment.reference)
    await street.gateway.refund(placed.payment.reference, 12_500, "forgotten", "")
    assert (await street.settle(placed)).outcome is PaymentOutcome.REFUNDED_AMOUNT
    await street.pay_refunds(later)
    assert await refund_state(street, placed) is RefundState.PAID
    assert await street.money_back(placed) == 37_500


async def test_a_reversal_is_noticed(street: Street) -> None:
    placed = await street.place()
    await street.twin.pay(placed.payment.reference)
    await street.settle(placed)
    await street.twin.post("/_reverse", {"order_id": placed.payment.reference, "how": "chargeback"})
    assert (await street.settle(placed)).state is PaymentState.REVERSED


@pytest.mark.parametrize("how", ["chargeback", "deny"])
async def test_a_reversal_that_nobody_told_us_of_is_noticed_when_the_money_is_asked_back(
    street: Street, how: str
) -> None:
    """It was paid out to an account, and the bank had returned it already."""
    placed = await street.place(pieces=3)
    await street.twin.script(placed.payment.reference, notice_lost=True)
    await street.twin.pay(placed.payment.reference)
    await street.settle(placed)
    await street.twin.post("/_reverse", {"order_id": placed.payment.reference, "how": how})
    await ask_back(street, placed, 2, None)
    page = await street.shop.page(placed.order_id)
    assert page.payments[0].state is PaymentState.REVERSED
    assert {refund.state for refund in page.refunds} == {RefundState.PAID}
    assert "needs_account" not in await street.shop.news()
    assert await street.shop.lot(page) == 0
