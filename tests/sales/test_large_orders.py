"""Large orders of quota: a buyer with an NPWP, virtual account only, one unpaid at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Refusal
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.bank_account import BankAccount
from meterai.sales.buyer import Buyer, read_buyer
from meterai.sales.model import LARGE_PIECES_MAX, OrderState, PaymentOutcome, RefundState
from meterai.sales.queries.buyers import buyer_of
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.clean_up import clean_up_orders
from meterai.sales.use_cases.name_buyer import name_buyer
from meterai.sales.use_cases.open_order import OpenedOrder
from meterai.sales.use_cases.pay_refunds import PayoutRules
from meterai.sales.use_cases.place_order import PlacedOrder
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, Shop, open_shop
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
MAJU = Buyer(name="PT Maju", npwp="0123456789012000")
STOCK = 30_000


@pytest_asyncio.fixture
async def large_shop(database: TestDatabase) -> AsyncIterator[Shop]:
    """A shop with enough stock. After a test, its books must add up."""
    async with open_shop(database, stock=STOCK) as shop:
        shop.payout_rules = PayoutRules(wait=timedelta(0), release_above=1_000_000_000)
        yield shop
        results = await run_invariants(database.reader, now=shop.clock())
        assert [found.id for found in results if found.violations] == []


async def draft(shop: Shop, pieces: int = LARGE_PIECES_MAX, *, buyer: Buyer | None = MAJU) -> OpenedOrder:
    opened = await shop.open("quota")
    await set_quota(shop.db, opened.order_id, pieces, buyer=buyer, now=shop.clock())
    return opened


async def place(shop: Shop, pieces: int = LARGE_PIECES_MAX, *, buyer: Buyer = MAJU) -> PlacedOrder:
    return await shop.place(await draft(shop, pieces, buyer=buyer), "va_bni")


async def test_ten_thousand_pieces_are_held_sold_and_given_back(large_shop: Shop) -> None:
    shop = large_shop
    placed = await place(shop)
    assert (placed.total, await shop.stock()) == (125_000_000, STOCK - 10_000)
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    assert (page.state, await shop.lot(page)) == (OrderState.COMPLETED, 10_000)
    account = BankAccount(bank="bni", number="1234567890", holder="PT Maju")
    for given_back, pieces in ((0, 3_000), (3_000, 7_000)):
        await shop.ask_back(page.id, page.items[0].id, pieces, given_back=given_back, account=account)
    await shop.pay_refunds()
    assert await shop.stock() == STOCK
    refunds = (await shop.page(page.id)).refunds
    assert sorted(refund.amount for refund in refunds) == [37_500_000, 87_500_000]
    assert {refund.state for refund in refunds} == {RefundState.SENT}


async def test_a_large_order_that_nobody_pays_frees_its_stamps_and_late_money_goes_back(
    large_shop: Shop,
) -> None:
    shop = large_shop
    placed = await place(shop)
    shop.pass_time(minutes=MINUTES, seconds=1)
    await shop.expire()
    assert await shop.stock() == STOCK
    for number in range(2):
        shop.alice = await shop.customer(canonical_contact(f"bob{number}@example.com"))
        await shop.pay(await place(shop, buyer=Buyer(name="PT Lain", npwp=f"{number}123456789012000")))
    shop.alice = await shop.customer(canonical_contact("carol@example.com"))
    await shop.pay(await place(shop, 5_000, buyer=Buyer(name="PT Lain", npwp="9123456789012000")))
    late = await shop.pay(placed)
    assert late.outcome is PaymentOutcome.REFUNDED_LATE
    (refund,) = (await shop.page(placed.order_id)).refunds
    assert refund.amount == placed.total


async def test_a_large_order_needs_an_npwp_and_a_virtual_account(large_shop: Shop) -> None:
    shop = large_shop
    for buyer in (None, Buyer(name="PT Maju", npwp=None)):
        assert (await refused(draft(shop, 201, buyer=buyer))).code == "quota.needs_npwp"
    opened = await draft(shop, 201)
    assert (await refused(shop.place(opened, "qris"))).code == "payment.only_va"
    await name_buyer(shop.db, opened.order_id, None, now=shop.clock())
    assert (await refused(shop.place(opened, "va_bni"))).code == "order.needs_npwp"
    await name_buyer(shop.db, opened.order_id, MAJU, now=shop.clock())
    placed = await shop.place(opened, "va_bni")
    changing = change_channel(
        shop.db, shop.gateways, placed.order_id,
        channel="qris", payment_minutes=MINUTES, settle=shop.settle, clock=shop.clock,
    )  # fmt: skip
    assert (await refused(changing)).code == "payment.only_va"


@pytest.mark.parametrize("npwp", ["0123456789012000", "123456789012000", "0123456789012000000001"])
async def test_one_taxpayer_has_one_large_order_unpaid(large_shop: Shop, npwp: str) -> None:
    """However the number is typed, and whoever the customer is. Orders placed together are counted, too."""
    shop = large_shop
    drafts = []
    for number in range(2):
        shop.alice = await shop.customer(canonical_contact(f"staff{number}@example.com"))
        drafts.append(await draft(shop, 300, buyer=Buyer(name="PT Maju", npwp=npwp) if number else MAJU))
    answers = await asyncio.gather(*(shop.place(one, "va_bni") for one in drafts), return_exceptions=True)
    assert [one.code for one in answers if isinstance(one, Refusal)] == ["order.large_before"]
    (placed,) = [one for one in answers if isinstance(one, PlacedOrder)]
    await shop.pay(placed)
    again = [one for one in drafts if one.order_id != placed.order_id]
    assert (await shop.place(again[0], "va_bni")).state is OrderState.AWAITING_PAYMENT


async def test_one_customer_has_one_large_order_unpaid_beside_ordinary_ones(large_shop: Shop) -> None:
    shop = large_shop
    await place(shop, 300)
    other = place(shop, 300, buyer=Buyer(name="PT Lain", npwp="9123456789012000"))
    assert (await refused(other)).code == "order.large_before"
    await shop.placed_quota(pieces=200)
    assert (await refused(shop.placed_quota(pieces=1))).code == "order.unpaid_before"


async def test_unpaid_large_orders_hold_half_of_the_stock_at_most(database: TestDatabase) -> None:
    async with open_shop(database, stock=1_000) as shop:
        assert (await refused(place(shop, 501))).code == "stock.held"
        await place(shop, 500)
        shop.alice = await shop.customer(canonical_contact("bob@example.com"))
        other = Buyer(name="PT Lain", npwp="9123456789012000")
        assert (await refused(place(shop, 201, buyer=other))).code == "stock.held"
        await shop.placed_quota(pieces=198)
        await shop.placed_stamps(documents=2)


async def test_a_buyer_is_named_once_after_the_payment_and_goes_with_the_draft(shop: Shop) -> None:
    page = await shop.paid_quota()
    await name_buyer(shop.db, page.id, MAJU, now=shop.clock())
    naming = name_buyer(shop.db, page.id, Buyer(name="Lain", npwp=None), now=shop.clock())
    assert (await refused(naming)).code == "buyer.named"
    assert await buyer_of(shop.db, page.id) == MAJU
    unpaid = await shop.placed_quota()
    assert (await refused(name_buyer(shop.db, unpaid.order_id, MAJU, now=shop.clock()))).code == "buyer.named"
    opened = await draft(shop, 1)
    assert await buyer_of(shop.db, opened.order_id) == MAJU
    await clean_up_orders(shop.db, now=shop.clock() + timedelta(days=365))
    assert await buyer_of(shop.db, opened.order_id) is None


async def test_no_process_but_the_site_reads_who_the_buyer_is(database: TestDatabase) -> None:
    for process in ("worker", "controller", "operator", "signer", "reader", "verifier"):
        async with getattr(database, process).connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT * FROM sales.buyer")
    async with database.site.connection() as connection:
        assert await connection.fetch("SELECT * FROM sales.buyer") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM sales.buyer")


@pytest.mark.parametrize(
    ("typed", "digits", "written"),
    [
        ("01.234.567.8-901.000", "012345678901000", "01.234.567.8-901.000"),
        ("0123 4567 8901 2000", "0123456789012000", "0123 4567 8901 2000"),
        ("0123456789012000 / 000001", "0123456789012000000001", "0123 4567 8901 2000 / 000001"),
    ],
)
def test_an_npwp_is_read_as_people_write_it(typed: str, digits: str, written: str) -> None:
    buyer = read_buyer("  PT\tMaju \u200b", typed)
    assert buyer is not None
    assert (buyer.name, buyer.npwp, buyer.npwp_text) == ("PT Maju", digits, written)
    assert digits not in repr(buyer)


@pytest.mark.parametrize(
    ("name", "npwp", "code"),
    [
        ("PT Maju", "12345678901234", "buyer.npwp_unreadable"),
        ("PT Maju", "12345678901234567", "buyer.npwp_unreadable"),
        ("PT Maju", "00.000.000.0-000.000", "buyer.npwp_unreadable"),
        ("PT Maju", "tidak punya", "buyer.npwp_unreadable"),
        ("", "0123456789012000", "buyer.name_missing"),
        ("x" * 121, "", "buyer.name_long"),
    ],
)
def test_what_is_no_buyer_is_refused(name: str, npwp: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_buyer(name, npwp)
    assert caught.value.code == code
