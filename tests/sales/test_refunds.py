"""Refunds: piece by piece, the whole price, by the gateway or to an account, never twice, never stuck."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import ItemState, PaymentState, RefundChannel, RefundState
from meterai.sales.order import Refund
from meterai.sales.ports import GatewayState, PayoutResult, PayoutState
from meterai.sales.queries.customers import quota_of_customer
from meterai.sales.queries.money import MoneyPlace, where_is_my_money
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.queries.refunds import refunds_in_doubt
from meterai.sales.store import refunds
from meterai.sales.use_cases.end_refund import DecidedRefund, end_refund, order_payout_again
from meterai.sales.use_cases.refund_quota import RefundRequested
from meterai.sales.use_cases.settle_payment import settle_payment
from tests.plans import believe_large, looks_of
from tests.sales import accounts
from tests.sales.refusing import refused
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage

ACCOUNT = BankAccount(bank="bca", number="123-456 7890", holder="Alice  Wijaya")


async def ask(
    shop: Shop,
    page: OrderPage,
    pieces: int,
    *,
    given_back: int | None = None,
    account: BankAccount | None = None,
) -> RefundRequested:
    if given_back is None:
        given_back = (await shop.page(page.id)).items[0].refunded_quantity
    return await shop.ask_back(page.id, page.items[0].id, pieces, account=account, given_back=given_back)


async def judge(connection: Connection, shop: Shop) -> int:
    """Judges payouts, as a worker does before it looks for due ones."""
    rules = shop.payout_rules
    return await refunds.judge_payouts(
        connection, above=rules.release_above, wait=rules.wait, now=shop.clock()
    )


async def only_refund(shop: Shop, page: OrderPage) -> Refund:
    (refund,) = (await shop.page(page.id)).refunds
    return refund


async def test_unused_quota_goes_back_piece_by_piece_for_its_whole_price(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    for left in (2, 1, 0):
        refund = await ask(shop, page, 1)
        assert (refund.amount, refund.state) == (12_500, RefundState.PAYABLE)
        assert await shop.lot(page) == left
    page = await shop.page(page.id)
    assert (page.items[0].state, page.refundable) == (ItemState.REFUNDING, {})
    assert (await shop.money())["owed"] == 37_500
    assert await shop.pay_refunds() == 3
    page = await shop.page(page.id)
    assert page.items[0].state is ItemState.REFUNDED
    assert {r.state for r in page.refunds} == {RefundState.PAID}
    assert await shop.stock() == 1000
    assert sum(shop.gateway.charges[page.payments[0].reference].refunds.values()) == 37_500
    assert {name for name, amount in (await shop.money()).items()} == {"clearing", "cost"}
    shop.pass_time(days=1)
    assert await shop.pay_refunds() == 0, "no bank sends it back"


async def test_the_same_request_refunds_once(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    answers = await asyncio.gather(*(ask(shop, page, 1, given_back=0) for _ in range(10)))
    assert len({answer.refund_id for answer in answers}) == 1
    assert await shop.lot(page) == 2
    assert (await refused(ask(shop, page, 2, given_back=0))).code == "request.key_reused"


@pytest.mark.parametrize("given_back", [-1, 0, 2])
async def test_who_decided_by_an_old_page_is_shown_the_new_one(shop: Shop, given_back: int) -> None:
    """Also from a page of a time that a restore forgot. Nobody chooses the id under which money goes out."""
    page = await shop.paid_quota(pieces=3)
    await ask(shop, page, 1)
    refusal = await refused(ask(shop, page, 2, given_back=given_back))
    assert (refusal.code, await shop.lot(page)) == ("request.key_reused", 2)


async def test_racing_requests_never_give_back_more_than_was_bought(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=5)
    asking = (ask(shop, page, 1 + number % 2, given_back=number % 4) for number in range(16))
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert {a.code for a in answers if isinstance(a, Refusal)} <= {
        "request.key_reused",
        "refund.more_than_unused",
        "refund.not_possible",
    }
    given = {a.refund_id: a.pieces for a in answers if isinstance(a, RefundRequested)}
    assert sum(given.values()) + await shop.lot(page) == 5
    assert given


async def test_used_quota_does_not_go_back(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    await shop.use(page, 2)
    refusal = await refused(ask(shop, page, 2))
    assert (refusal.code, refusal.facts) == ("refund.more_than_unused", {"available": 1})
    await ask(shop, page, 1)
    (lot,) = await quota_of_customer(shop.db, shop.alice)
    assert (lot.bought, lot.available, lot.used, lot.refunded) == (3, 0, 2, 1)
    assert (await shop.page(page.id)).items[0].state is ItemState.DONE


@pytest.mark.parametrize(("pieces", "code"), [(0, "refund.pieces"), (4, "refund.more_than_unused")])
async def test_odd_numbers_of_pieces_are_refused(shop: Shop, pieces: int, code: str) -> None:
    page = await shop.paid_quota(pieces=3)
    assert (await refused(ask(shop, page, pieces))).code == code


async def test_what_is_not_paid_is_not_refunded(shop: Shop) -> None:
    placed = await shop.placed_quota()
    assert (await refused(ask(shop, await shop.page(placed.order_id), 1))).code == "refund.not_possible"


@pytest.mark.parametrize("pieces", [1, 2])
async def test_a_document_that_is_being_stamped_keeps_its_stamps(shop: Shop, pieces: int) -> None:
    placed = await shop.placed_stamps(stamps=2)
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    assert (await refused(ask(shop, page, pieces))).code == "refund.not_possible"
    assert await shop.lot(page) == 2


async def test_another_orders_item_answers_like_an_unknown_one(shop: Shop) -> None:
    mine, other = await shop.paid_quota(), await shop.paid_quota()
    for item_id in (other.items[0].id, uuid.uuid4()):
        asking = shop.ask_back(mine.id, item_id, 1, given_back=0)
        refusal = await refused(asking)
        assert (refusal.kind, refusal.code) == (Kind.NOT_FOUND, "order.no_such_item")


async def test_a_bank_transfer_goes_back_to_an_account_that_is_named_later(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=2, channel="va_bni")
    asked = await ask(shop, page, 2)
    assert asked.state is RefundState.NEEDS_ACCOUNT
    assert (await shop.money())["owed"] == 25_000, "it is owed although we don't know where to"
    assert await shop.pay_refunds() == 0
    for _ in range(2):
        given = await shop.name_account(page.id, asked.refund_id, ACCOUNT)
        assert given.state is RefundState.PAYABLE
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.account_tail, refund.channel) == (
        RefundState.SENT,
        "7890",
        RefundChannel.PAYOUT,
    )
    (request,) = shop.payout.requests.values()
    assert (request.account, request.name, request.amount) == ("1234567890", "Alice Wijaya", 25_000)
    shop.pass_time(seconds=10)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID
    money = await shop.money()
    assert ("owed" in money, money["payout"]) == (False, 25_000)


async def test_a_bank_transfer_goes_back_at_once_when_the_account_is_named_at_once(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    assert (await ask(shop, page, 1, account=ACCOUNT)).state is RefundState.PAYABLE


OTHERS = [
    BankAccount(bank="bni", number="1234567890", holder="Alice Wijaya"),
    BankAccount(bank="bca", number="1234067890", holder="Alice Wijaya"),
    BankAccount(bank="bca", number="1234567890", holder="Alice Wijayanti"),
]


@pytest.mark.parametrize("other", OTHERS)
async def test_another_account_for_the_same_refund_is_refused_and_not_swallowed(
    shop: Shop, other: BankAccount
) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=other)
    assert (await ask(shop, page, 1, given_back=0, account=other)).refund_id == asked.refund_id
    refusal = await refused(ask(shop, page, 1, given_back=0, account=ACCOUNT))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "refund.other_account")
    await shop.pay_refunds()
    giving = shop.name_account(page.id, asked.refund_id, ACCOUNT)
    assert (await refused(giving)).code == "refund.other_account"
    (request,) = shop.payout.requests.values()
    assert (request.bank, request.account, request.name) == (other.bank, other.number, other.holder)


async def test_an_account_for_a_refund_that_was_asked_for_without_one_is_not_swallowed(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1)
    refusal = await refused(ask(shop, page, 1, given_back=0, account=ACCOUNT))
    assert refusal.code == "request.key_reused"
    await shop.name_account(page.id, asked.refund_id, ACCOUNT)
    assert (await ask(shop, page, 1, given_back=0)).refund_id == asked.refund_id


@pytest.mark.parametrize(
    ("account", "code"),
    [
        (BankAccount(bank="nope", number="1234567890", holder="A B"), "refund.bank_unknown"),
        (BankAccount(bank="bca", number="12x", holder="A B"), "refund.account_unreadable"),
        (BankAccount(bank="bca", number="1234567890", holder=" "), "refund.holder_missing"),
    ],
)
async def test_an_unreadable_account_is_refused_before_anything_moves(
    shop: Shop, account: BankAccount, code: str
) -> None:
    page = await shop.paid_quota(channel="va_bni")
    assert (await refused(ask(shop, page, 1, account=account))).code == code
    assert await shop.lot(page) == 2


async def test_an_account_that_the_bank_sends_back_is_asked_for_again(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.ends = PayoutState.FAILED
    await shop.pay_refunds()
    shop.pass_time(seconds=10)
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.NEEDS_ACCOUNT, "payout.failed")
    assert (refund.bank, refund.account_tail) == (None, None), "nobody needs it any more"
    shop.payout.ends = PayoutState.COMPLETED
    shop.pass_time(days=2)
    await shop.name_account(page.id, asked.refund_id, ACCOUNT)
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    ids = [f"{asked.refund_id.hex}-{payout}" for payout in (1, 2)]
    assert sorted(shop.payout.requests) == ids, "a new account is a new payout"


async def test_a_payout_that_failed_for_our_own_balance_goes_there_again_and_nobody_is_asked(
    shop: Shop,
) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.ends = PayoutState.FELL_THROUGH
    for _ in range(24):
        await shop.pay_refunds()
        shop.pass_time(seconds=10)
    failed = len(shop.payout.requests)
    assert 2 <= failed <= 4, "ever more rarely"
    assert (await only_refund(shop, page)).failure_code == "payout.fell_through"
    shop.payout.ends = PayoutState.COMPLETED
    shop.pass_time(days=2)  # the provider knows none of them any more, nor did one go out
    for _ in range(3):
        shop.pass_time(minutes=15)
        await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.PAID, None)
    assert len(shop.payout.requests) == failed + 1, "each under an id of its own"
    assert len({(sent.account, sent.amount) for sent in shop.payout.requests.values()}) == 1
    assert "needs_account" not in await shop.news()
    assert (await shop.money())["payout"] == refund.amount, "paid once"


async def test_a_payout_that_arrived_and_came_back_days_later_is_paid_to_another_account(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=1, channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    for _ in range(4):
        shop.pass_time(hours=12)
        await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID
    shop.payout.ends = PayoutState.FAILED
    shop.pass_time(hours=12)
    assert sum(await asyncio.gather(*(shop.pay_refunds() for _ in range(3)))) == 1
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code, refund.paid_at) == (
        RefundState.NEEDS_ACCOUNT,
        "payout.failed",
        None,
    )
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDING
    assert (await shop.money())["owed"] == 12_500, "it is owed as before"
    assert (await shop.news())[-1] == "needs_account"
    shop.payout.ends = PayoutState.COMPLETED
    await shop.name_account(page.id, asked.refund_id, ACCOUNT)
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDED
    money = await shop.money()
    assert ("owed" in money, money["payout"]) == (False, 12_500)


async def test_an_arrived_payout_is_looked_at_for_a_week_and_until_the_provider_answers(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    looks = 0
    for _ in range(20):
        shop.pass_time(hours=12)
        looks += await shop.pay_refunds()
    assert 12 <= looks <= 15
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_an_arrived_payout_of_which_nothing_was_heard_in_that_week_is_looked_at_longer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)

    async def away(*_: object) -> PayoutResult:
        raise Refusal(Kind.UNAVAILABLE, "payout.unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(shop.payout, "get_status", away)
        for _ in range(2):
            shop.pass_time(days=8)
            assert await shop.pay_refunds() == 1
    shop.payout.ends = PayoutState.FAILED
    shop.pass_time(hours=12)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.NEEDS_ACCOUNT


def heard_late(
    monkeypatch: pytest.MonkeyPatch, owner: object, step: str, meanwhile: Callable[[], Awaitable[None]]
) -> list[Any]:
    """Delays the first answer of a step until `meanwhile` is over; later ones come at once. Returns that
    answer."""
    real, late = getattr(owner, step), list[Any]()

    async def answer(*asked_for: object) -> Any:
        if late:
            return await real(*asked_for)
        late.append(await real(*asked_for))
        await meanwhile()
        return late[0]

    monkeypatch.setattr(owner, step, answer)
    return late


async def test_who_waits_for_money_comes_before_payouts_that_are_only_looked_at(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=2, channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(hours=2)
    asked = await ask(shop, page, 1, account=ACCOUNT)
    async with shop.db.connection() as connection:
        await judge(connection, shop)
        due = await refunds.claim_due(connection, shop.clock(), limit=1, lease_until=shop.clock())
    assert [(one.id, one.state) for one in due] == [(asked.refund_id, RefundState.PAYABLE)]


async def test_what_is_said_late_of_one_payout_says_nothing_of_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker asks so slowly that another one has ordered the payout again."""
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    await shop.pay_refunds()

    async def goes_out_again() -> None:
        shop.payout.ends = PayoutState.FELL_THROUGH
        while len(shop.payout.requests) == 1:
            shop.pass_time(minutes=2)
            await shop.pay_refunds()

    late = heard_late(monkeypatch, shop.payout, "get_status", goes_out_again)
    shop.pass_time(seconds=30)
    await shop.pay_refunds()
    assert late[0].state is PayoutState.COMPLETED
    assert (await only_refund(shop, page)).state is RefundState.SENT
    assert "payout" not in await shop.money()


async def test_a_paid_refund_is_not_put_off_by_who_was_slower(shop: Shop) -> None:
    page = await shop.paid_quota()
    await ask(shop, page, 1)
    async with shop.db.connection() as connection:
        (slow,) = await refunds.claim_due(connection, shop.clock(), limit=1, lease_until=shop.clock())
    await shop.pay_refunds()
    async with shop.db.connection() as connection:
        await refunds.put_off(connection, slow, shop.clock(), "gateway.unavailable", is_asked=True)
    assert (await only_refund(shop, page)).failure_code is None
    assert await shop.pay_refunds() == 0


async def test_a_payout_that_arrived_is_not_sent_again_by_who_was_slower(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker hears that it was taken after the second one has seen it arrive."""
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)

    async def arrives() -> None:
        for _ in range(2):
            shop.pass_time(minutes=2)
            await shop.pay_refunds()
        assert (await only_refund(shop, page)).state is RefundState.PAID

    heard_late(monkeypatch, shop.payout, "pay", arrives)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_who_was_slower_puts_off_nothing_and_forgets_nothing_that_another_worker_knows(
    shop: Shop,
) -> None:
    """The other one ordered the payout, and its answer was lost."""
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    async with shop.db.connection() as connection:
        await judge(connection, shop)
        (slow,) = await refunds.claim_due(connection, shop.clock(), limit=1, lease_until=shop.clock())
        shop.payout.lose_answers = 1
        await shop.pay_refunds()
        until = shop.clock() + timedelta(days=2)
        await refunds.put_off(connection, slow, until, "gateway.unavailable", is_asked=False)
        shop.pass_time(minutes=1)
        (due,) = await refunds.claim_due(connection, shop.clock(), limit=1, lease_until=shop.clock())
        assert due.asked_before is not None
        shop.payout.ends = PayoutState.COMPLETED
        for _ in range(2):
            await shop.pay_refunds()
            shop.pass_time(minutes=2)
        shop.pass_time(hours=1)
        (early,) = await refunds.claim_due(connection, shop.clock(), limit=1, lease_until=shop.clock())
        await shop.pay_refunds()
        await refunds.look_again(connection, early, None)
    shop.pass_time(days=1)
    assert await shop.pay_refunds() == 1, "it is still looked at"


async def test_a_payout_that_comes_back_after_the_bank_took_the_payment_back_is_not_paid_again(
    shop: Shop,
) -> None:
    page = await shop.paid_quota(pieces=2, channel="va_bni")
    await ask(shop, page, 2, account=ACCOUNT)
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    assert await shop.balance(accounts.RECEIVABLE) == 25_000
    shop.payout.ends = PayoutState.FAILED
    shop.pass_time(hours=2)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID, "by what they took back themselves"
    assert await shop.balance(accounts.RECEIVABLE) == 0
    assert not {"owed", "payout"} & set(await shop.money())


async def test_a_payout_whose_answer_was_lost_is_paid_once(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.lose_answers = 2
    for _ in range(5):
        await shop.pay_refunds()
        shop.pass_time(minutes=2)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert len(shop.payout.requests) == 1


async def lost_for_a_day(shop: Shop) -> tuple[OrderPage, RefundRequested]:
    """A payout was ordered, its answer lost, and nothing ran until the provider had forgotten it."""
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.lose_answers = 1
    await shop.pay_refunds()
    shop.pass_time(hours=25)
    shop.payout.forget()
    await shop.pay_refunds()
    return page, asked


async def test_a_payout_that_its_provider_may_have_forgotten_waits_for_an_officer(shop: Shop) -> None:
    """It went out twice."""
    page, asked = await lost_for_a_day(shop)
    shop.pass_time(minutes=20)
    await shop.pay_refunds()
    assert shop.payout.paid == 1
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.PAYABLE, "payout.unsure")
    assert [found.id for found in await refunds_in_doubt(shop.db)] == [asked.refund_id]
    answer = await where_is_my_money(shop.db, page.number)
    assert answer is not None
    assert answer.place is MoneyPlace.IN_DOUBT, "nothing is on its way before somebody looked"
    await end_refund(shop.db, asked.refund_id, reason="it arrived", actor="ana", now=shop.clock())
    await shop.pay_refunds()
    assert shop.payout.paid == 1
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_a_payout_that_never_went_out_is_ordered_again_by_an_officer(shop: Shop) -> None:
    page, asked = await lost_for_a_day(shop)
    await order_payout_again(shop.db, asked.refund_id, reason="unknown there", actor="ana", now=shop.clock())
    assert await refunds_in_doubt(shop.db) == ()
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert sorted(shop.payout.requests) == [f"{asked.refund_id.hex}-2"]
    deciding = order_payout_again(shop.db, asked.refund_id, reason="twice", actor="ana", now=shop.clock())
    assert (await refused(deciding)).code == "refund.not_in_doubt"


async def test_what_went_out_in_another_way_is_not_ordered_again(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.refuse = Refusal(Kind.CONFLICT, "payout.mismatch")
    await shop.pay_refunds()
    deciding = order_payout_again(shop.db, asked.refund_id, reason="why not", actor="ana", now=shop.clock())
    assert (await refused(deciding)).code == "refund.not_unsure"


async def test_what_went_out_in_another_way_is_not_ordered_again_when_its_provider_forgets_it(
    shop: Shop,
) -> None:
    """The provider had the id before a restore: by our clock it would still know it."""
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.refuse = Refusal(Kind.CONFLICT, "payout.mismatch")
    await shop.pay_refunds()
    shop.payout.refuse = None
    for _ in range(2):
        shop.pass_time(minutes=15)
        assert await shop.pay_refunds() == 1
    assert shop.payout.paid == 0
    assert (await only_refund(shop, page)).failure_code == "payout.mismatch"
    assert [found.id for found in await refunds_in_doubt(shop.db)] == [asked.refund_id]


async def sent_hours_ago(shop: Shop, ends: PayoutState) -> tuple[OrderPage, RefundRequested]:
    """Orders a payout whose provider answers `ends` from then on."""
    page = await shop.paid_quota(pieces=1, channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.ends = ends
    for _ in range(3):
        await shop.pay_refunds()
        assert await refunds_in_doubt(shop.db) == (), "it may go on by itself"
        shop.pass_time(minutes=25)
    await shop.pay_refunds()
    return page, asked


async def test_a_payout_that_nobody_approves_is_told_and_never_ordered_again(shop: Shop) -> None:
    page, asked = await sent_hours_ago(shop, PayoutState.QUEUED)
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.SENT, "payout.unapproved")
    (found,) = await refunds_in_doubt(shop.db)
    assert (found.id, found.code, found.reference) == (
        asked.refund_id,
        "payout.unapproved",
        f"po{asked.refund_id.hex}-1",
    )
    for decide in (end_refund, order_payout_again):
        deciding = decide(shop.db, found.id, reason="why not", actor="ana", now=shop.clock())
        assert (await refused(deciding)).code == "refund.unapproved"
    answer = await where_is_my_money(shop.db, page.number)
    assert answer is not None
    assert answer.place is MoneyPlace.UNAPPROVED, "it is not on its way"
    shop.payout.ends = PayoutState.PROCESSED
    shop.pass_time(minutes=15)
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.SENT, None)
    assert await refunds_in_doubt(shop.db) == ()
    shop.payout.ends = PayoutState.COMPLETED
    shop.pass_time(minutes=15)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert shop.payout.paid == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_payout_that_its_provider_does_not_know_is_ended_or_ordered_again_by_an_officer(
    shop: Shop, arrived: bool
) -> None:
    page, asked = await sent_hours_ago(shop, PayoutState.MISSING)
    assert [found.code for found in await refunds_in_doubt(shop.db)] == ["payout.missing"]
    decide = end_refund if arrived else order_payout_again
    await decide(shop.db, asked.refund_id, reason="looked there", actor="ana", now=shop.clock())
    assert await refunds_in_doubt(shop.db) == ()
    shop.payout.ends = PayoutState.COMPLETED
    for _ in range(3):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert shop.payout.paid == (1 if arrived else 2)
    assert (await shop.money())["payout"] == 12_500


async def test_what_is_said_late_of_a_payout_that_was_lost_puts_no_doubt_on_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An officer orders it again while a worker still asks for the earlier one."""
    page, asked = await sent_hours_ago(shop, PayoutState.MISSING)

    async def is_ordered_again() -> None:
        facts = {"reason": "looked there", "actor": "ana", "now": shop.clock()}
        await order_payout_again(shop.db, asked.refund_id, **facts)
        shop.payout.ends = PayoutState.COMPLETED
        await shop.pay_refunds()

    heard_late(monkeypatch, shop.payout, "get_status", is_ordered_again)
    shop.pass_time(minutes=15)
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.round, refund.failure_code) == (RefundState.SENT, 2, None)
    assert await refunds_in_doubt(shop.db) == (), "who orders it once more pays it twice"
    shop.pass_time(seconds=30)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert shop.payout.paid == 2


async def test_a_payout_that_was_lost_is_not_ordered_again_once_the_bank_took_the_payment_back(
    shop: Shop,
) -> None:
    page, asked = await sent_hours_ago(shop, PayoutState.MISSING)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    decided = await order_payout_again(
        shop.db, asked.refund_id, reason="looked there", actor="ana", now=shop.clock()
    )
    assert not decided.goes_out
    assert (await only_refund(shop, page)).state is RefundState.PAID, "by what they took back themselves"
    await shop.pay_refunds()
    assert shop.payout.paid == 1
    assert not {"owed", "payout"} & set(await shop.money())


async def test_a_provider_that_was_away_for_days_is_paid_through_by_itself(shop: Shop) -> None:
    """No request reached it: nothing can go out twice."""
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.refuse = Refusal(Kind.UNAVAILABLE, "payout.unavailable", sent=False)
    for _ in range(4):
        await shop.pay_refunds()
        shop.pass_time(hours=20)
    shop.payout.refuse = None
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_a_gateway_that_was_away_for_days_leaves_no_doubt_about_a_payout(shop: Shop) -> None:
    """It is asked before: nothing was ordered yet."""
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.gateway.down = True
    for _ in range(4):
        await shop.pay_refunds()
        shop.pass_time(hours=20)
    assert shop.payout.paid == 0
    shop.gateway.down = False
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_nothing_is_paid_out_of_a_payment_that_the_bank_took_back_unheard(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.pay_refunds()
    assert shop.payout.paid == 0
    page = await shop.page(page.id)
    assert page.payments[0].state is PaymentState.REVERSED
    assert {refund.state for refund in page.refunds} == {RefundState.PAID}, (
        "by what they took back themselves"
    )
    assert not {"owed", "payout"} & set(await shop.money())


@pytest.mark.parametrize(
    "state", [GatewayState.PENDING, GatewayState.EXPIRED, GatewayState.MISSING, GatewayState.UNKNOWN]
)
async def test_nothing_is_paid_out_of_a_payment_that_the_gateway_never_had(
    shop: Shop, state: GatewayState
) -> None:
    """A person who wrote a payment into our books would get others' money."""
    page = await shop.paid_quota(channel="va_bni")
    shop.gateway.charges[page.payments[0].reference].state = state
    await ask(shop, page, 1, account=ACCOUNT)
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (shop.payout.paid, refund.state, refund.failure_code) == (
        0,
        RefundState.PAYABLE,
        "payout.uncovered",
    )
    assert [found.code for found in await refunds_in_doubt(shop.db)] == ["payout.uncovered"]
    facts = {"reason": "", "actor": "ani", "now": shop.clock()}
    again = order_payout_again(shop.db, refund.id, **facts)
    assert (await refused(again)).code == "refund.uncovered"
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.SETTLED
    for _ in range(3):
        shop.pass_time(minutes=16)
        await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID, "once the gateway has it, by itself"


@pytest.mark.parametrize("officer_first", [True, False])
async def test_what_an_officer_pays_by_hand_is_not_paid_out_as_soon_as_the_gateway_has_the_money(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, officer_first: bool
) -> None:
    """The gateway's answer becomes good while the officer decides."""
    page = await shop.paid_quota(channel="va_bni")
    charge = shop.gateway.charges[page.payments[0].reference]
    charge.state = GatewayState.PENDING
    asked = await ask(shop, page, 1, account=ACCOUNT)
    await shop.pay_refunds()
    charge.state = GatewayState.SETTLED
    owner, name = (shop.gateway, "get_status") if officer_first else (shop.payout, "pay")
    answers: list[DecidedRefund | BaseException] = []

    async def is_ended() -> None:
        ending = end_refund(shop.db, asked.refund_id, reason="by hand", actor="ana", now=shop.clock())
        answers.extend(await asyncio.gather(ending, return_exceptions=True))

    heard_late(monkeypatch, owner, name, is_ended)
    shop.pass_time(minutes=16)
    await shop.pay_refunds()
    (said,) = answers
    assert shop.payout.paid == (0 if officer_first else 1)
    assert (said.code if isinstance(said, Refusal) else "") == (
        "" if officer_first else "refund.not_in_doubt"
    )


async def test_who_paid_by_qris_names_no_account_for_money_that_the_gateway_does_not_have(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await shop.paid_quota()
    charge = shop.gateway.charges[page.payments[0].reference]
    charge.state = GatewayState.EXPIRED
    asked = await ask(shop, page, 1)
    shop.gateway.refuse_refund = Refusal(Kind.CONFLICT, "gateway.refund_refused")
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.PAYABLE, "payout.uncovered")
    charge.state, shop.gateway.refuse_refund = GatewayState.SETTLED, None
    codes: list[str] = []

    async def is_ended() -> None:
        ending = end_refund(shop.db, asked.refund_id, reason="by hand", actor="ana", now=shop.clock())
        codes.append((await refused(ending)).code)

    heard_late(monkeypatch, shop.gateway, "refund", is_ended)
    shop.pass_time(minutes=16)
    await shop.pay_refunds()
    assert codes == ["refund.not_in_doubt"], "it goes back in that moment"
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert "needs_account" not in await shop.news()


async def test_no_more_is_paid_out_of_a_payment_than_the_gateway_had(shop: Shop) -> None:
    """The books say more than came, or somebody sent it back at the gateway by hand."""
    page = await shop.paid_quota(pieces=2, channel="va_bni")
    held = shop.gateway.charges[page.payments[0].reference]
    held.paid = 24_999
    await ask(shop, page, 1, account=ACCOUNT)
    await shop.pay_refunds()
    held.paid, held.refunds["by hand"] = 25_000, 12_501
    shop.pass_time(minutes=16)
    await shop.pay_refunds()
    assert (shop.payout.paid, (await only_refund(shop, page)).failure_code) == (0, "payout.uncovered")


async def test_a_request_that_may_have_arrived_counts_though_later_ones_did_not(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    await ask(shop, page, 1, account=ACCOUNT)
    shop.payout.lose_answers = 1
    await shop.pay_refunds()
    shop.payout.refuse = Refusal(Kind.UNAVAILABLE, "payout.unavailable", sent=False)
    for _ in range(3):
        shop.pass_time(hours=8)
        await shop.pay_refunds()
    shop.payout.refuse = None
    shop.payout.forget()
    shop.pass_time(minutes=20)
    await shop.pay_refunds()
    assert shop.payout.paid == 1
    assert (await only_refund(shop, page)).failure_code == "payout.unsure"


async def test_closed_hours_at_the_gateway_are_waited_for(shop: Shop) -> None:
    page = await shop.paid_quota()
    await ask(shop, page, 1)
    shop.gateway.refuse_refund = Refusal(Kind.BUSY, "gateway.refund_later")
    for _ in range(30):
        await shop.pay_refunds()
        shop.pass_time(minutes=20)
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.PAYABLE, "gateway.refund_later")
    shop.gateway.refuse_refund = None
    shop.pass_time(minutes=16)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_a_refund_that_the_gateway_refuses_for_good_is_paid_to_an_account(shop: Shop) -> None:
    page = await shop.paid_quota()
    asked = await ask(shop, page, 1)
    shop.gateway.refuse_refund = Refusal(Kind.CONFLICT, "gateway.refund_refused")
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.NEEDS_ACCOUNT
    assert (await shop.news())[-1] == "needs_account"
    await shop.name_account(page.id, asked.refund_id, ACCOUNT)
    for _ in range(2):
        await shop.pay_refunds()
        shop.pass_time(seconds=30)
    assert (await only_refund(shop, page)).state is RefundState.PAID


async def test_what_may_have_gone_out_already_asks_for_no_account(shop: Shop) -> None:
    page = await shop.paid_quota()
    await ask(shop, page, 1)
    shop.gateway.refuse_refund = Refusal(Kind.FORBIDDEN, "payment.other_merchant")
    await shop.pay_refunds()
    refund = await only_refund(shop, page)
    assert (refund.state, refund.failure_code) == (RefundState.PAYABLE, "payment.other_merchant")
    shop.gateway.refuse_refund = None
    shop.pass_time(minutes=15)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID


@pytest.mark.parametrize("channel", ["qris", "va_bni"])
async def test_an_officer_ends_a_refund_whose_money_went_out_in_another_way(shop: Shop, channel: str) -> None:
    page = await shop.paid_quota(channel=channel)
    asked = await ask(shop, page, 2, account=None if channel == "qris" else ACCOUNT)

    async def end(refund_id: uuid.UUID) -> DecidedRefund:
        return await end_refund(shop.db, refund_id, reason="paid twice", actor="ana", now=shop.clock())

    assert (await refused(end(asked.refund_id))).code == "refund.not_in_doubt"
    assert (await refused(end(uuid.uuid4()))).code == "refund.unknown"
    shop.gateway.refuse_refund = Refusal(Kind.CONFLICT, "gateway.refund_mismatch")
    shop.payout.refuse = Refusal(Kind.CONFLICT, "payout.mismatch")
    await shop.pay_refunds()
    (found,) = await refunds_in_doubt(shop.db)
    assert (found.id, found.number, found.amount) == (asked.refund_id, page.number, 25_000)
    ended = await end(found.id)
    assert (ended.number, ended.amount) == (page.number, 25_000)
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDED
    assert "owed" not in await shop.money()
    assert (await shop.news())[-1] == "refund_paid"
    assert await refunds_in_doubt(shop.db) == ()
    assert (await refused(end(found.id))).code == "refund.not_in_doubt"
    entries = await shop.database.owner.fetch("SELECT actor, action FROM operations.audit_entry ORDER BY id")
    named = [("customer", "refund.name_account")] if channel == "va_bni" else []
    assert [tuple(entry) for entry in entries] == [("ani", "quota.issue"), *named, ("ana", "refund.end")]


async def test_an_officer_lists_and_ends_refunds_by_command(shop: Shop, tmp_path: Path) -> None:
    env = os.environ | {
        "METERAI_DATABASE_OPERATOR_URL": shop.database.urls.operator,
        "METERAI_DATA": str(tmp_path),
    }

    async def meterai(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "meterai.cli", "refunds", *words]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=env)

    assert "No refund waits" in (await meterai("list")).stdout
    page = await shop.paid_quota()
    asked = await ask(shop, page, 2)
    shop.gateway.refuse_refund = Refusal(Kind.CONFLICT, "gateway.refund_mismatch")
    await shop.pay_refunds()
    (listed,) = json.loads((await meterai("list", "--json")).stdout)
    assert (listed["id"], listed["number"], listed["amount"]) == (str(asked.refund_id), page.number, 25_000)
    shown = (await meterai("list")).stdout
    assert page.number in shown
    assert "Rp25.000" in shown
    ended = await meterai("end", listed["id"], "--reason", "paid by hand")
    assert f"The refund of Rp25.000 for order {page.number} is booked as paid." in ended.stdout, ended.stderr
    again = await meterai("end", listed["id"], "--reason", "paid by hand")
    assert (again.returncode, "refund.not_in_doubt" in again.stderr) == (1, True)
    page, asked = await lost_for_a_day(shop)
    assert "payout.unsure" in (await meterai("list")).stdout
    ordered = await meterai("again", str(asked.refund_id), "--reason", "not in the provider's list")
    assert f"The payout of Rp12.500 for order {page.number} goes out again." in ordered.stdout, ordered.stderr
    ahead = system_clock() - shop.clock()  # by which the command goes
    shop.pass_time(seconds=ahead.total_seconds())
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.SENT


async def test_refunds_of_one_turn_go_back_each_out_of_its_own_payment(shop: Shop) -> None:
    pages = [await shop.paid_quota(pieces=3) for _ in range(3)]
    for pieces, page in enumerate(pages, 1):
        await ask(shop, page, pieces)
    assert await shop.pay_refunds() == 3
    charges = [shop.gateway.charges[page.payments[0].reference] for page in pages]
    assert [list(charge.refunds.values()) for charge in charges] == [[12_500], [25_000], [37_500]]


async def test_a_refund_that_is_put_off_keeps_no_other_one_waiting(shop: Shop) -> None:
    for _ in range(2):
        await ask(shop, await shop.paid_quota(), 1)
    async with shop.db.connection() as connection:
        put_off, other = await refunds.claim_due(connection, shop.clock(), limit=2, lease_until=shop.clock())
        until = shop.clock() + timedelta(minutes=15)
        await refunds.put_off(connection, put_off, until, "gateway.unavailable", is_asked=False)
    assert await shop.pay_refunds() == 1
    async with shop.db.connection() as connection:
        states = await connection.fetch("SELECT state FROM sales.refund WHERE id = $1", other.id)
    assert [row["state"] for row in states] == [RefundState.PAID]


async def test_two_workers_pay_a_refund_once(shop: Shop) -> None:
    page = await shop.paid_quota()
    await ask(shop, page, 1)
    async with asyncio.timeout(10), shop.database.owner.transaction():
        await shop.database.owner.execute("SELECT FROM sales.refund FOR UPDATE")
        assert await shop.pay_refunds() == 0, "one that is being taken is left to who takes it"
    assert sorted(await asyncio.gather(*(shop.pay_refunds() for _ in range(4)))) == [0, 0, 0, 1]
    assert (await shop.news()).count("refund_paid") == 1


async def test_refunds_that_are_due_are_found_among_however_many(shop: Shop) -> None:
    """Without due refunds no row is read: the question is asked every other second."""
    page = await shop.paid_quota(pieces=2)
    await ask(shop, page, 1)
    await shop.pay_refunds()
    await believe_large(shop.database, "sales.refund", "sales.orders", "sales.payment")

    async def looks() -> set[str]:
        now = shop.clock()
        return await looks_of(shop.db, lambda conn: refunds.claim_due(conn, now, limit=9, lease_until=now))

    assert await looks() == {"sales.refund_to_pay"}
    await ask(shop, page, 1)
    assert "sales.refund" not in await looks()


async def test_an_account_is_not_changed_once_the_money_is_on_its_way(shop: Shop) -> None:
    page = await shop.paid_quota(channel="va_bni")
    asked = await ask(shop, page, 1, account=ACCOUNT)
    await shop.pay_refunds()
    other = BankAccount(bank="bni", number="9999999999", holder="Mallory")
    giving = shop.name_account(page.id, asked.refund_id, other)
    assert (await refused(giving)).code == "refund.other_account"
    by_gateway = await shop.paid_quota()
    asked = await ask(shop, by_gateway, 1)
    giving = shop.name_account(by_gateway.id, asked.refund_id, other)
    assert (await refused(giving)).code == "refund.no_account_needed"
    unknown = shop.name_account(page.id, uuid.uuid4(), other)
    assert (await refused(unknown)).code == "refund.unknown"


@pytest.mark.parametrize("times", [10, pytest.param(1_000, marks=pytest.mark.long)])
async def test_refund_and_use_of_one_piece_never_both_happen(shop: Shop, times: int) -> None:
    for _ in range(times):
        page = await shop.paid_quota(pieces=1)
        answers = await asyncio.gather(ask(shop, page, 1), shop.use(page, 1), return_exceptions=True)
        assert sum(isinstance(answer, Refusal) for answer in answers) == 1
        assert await shop.lot(page) == 0


async def test_no_refund_after_the_bank_took_the_money_back(shop: Shop) -> None:
    page = await shop.paid_quota()
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await settle_payment(shop.db, shop.gateway, page.payments[0].reference, clock=shop.clock)
    assert (await refused(ask(shop, page, 1))).code == "refund.not_possible"


@pytest.mark.parametrize("ends", [PayoutState.FAILED, PayoutState.FELL_THROUGH])
async def test_a_payout_that_fails_after_the_bank_took_the_money_back_is_not_paid_again(
    shop: Shop, ends: PayoutState
) -> None:
    page = await shop.paid_quota(pieces=2, channel="va_bni")
    await ask(shop, page, 2, account=ACCOUNT)
    await shop.pay_refunds()
    shop.gateway.charges[page.payments[0].reference].state = GatewayState.REVERSED
    await shop.settle(page.payments[0].reference)
    assert (await only_refund(shop, page)).state is RefundState.SENT, "on its way, so it can't be set off"
    shop.payout.ends = ends
    shop.pass_time(seconds=10)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID, "by what they took back themselves"
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDED
    assert await shop.balance(accounts.RECEIVABLE) == 0
    assert "owed" not in await shop.money()
    assert not {"needs_account", "refund_paid"} & set(await shop.news())
