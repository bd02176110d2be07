"""What a gateway's report says is compared with our payments; what differs has a name until it is gone."""

from __future__ import annotations

from datetime import date

import pytest

from meterai.kernel.refusals import Refusal
from meterai.ledger.model import SELLER, AccountKind, account_id
from meterai.sales.ports import GatewayState
from tests.accounting.reports import Told, found, names, report, turn
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage
TODAY = date(2026, 9, 5)
COST = 175
"""What the gateway keeps of 25.000 by QRIS, by its price list."""


async def on_account(shop: Shop, kind: AccountKind) -> int:
    """The balance on the debit side."""
    return -await shop.balance(account_id(kind, SELLER))


@pytest.fixture
async def paid(shop: Shop) -> str:
    """A payment of 25.000 that we know; it is the next morning. Gives its reference."""
    page = await shop.paid_quota(pieces=2)
    shop.pass_time(days=1)
    return page.payments[0].reference


async def test_a_report_that_agrees_leaves_no_difference_and_its_payout_is_on_its_way(
    shop: Shop, paid: str
) -> None:
    told = Told(TODAY).says("payment", paid, 25_000, COST)
    assert await report(shop, told) == "new"
    assert await report(shop, told) == "same"
    assert await names(shop) == []
    assert await on_account(shop, AccountKind.BANK_TRANSIT) == 25_000 - COST
    assert await on_account(shop, AccountKind.GATEWAY_CLEARING) == 0


async def test_fees_are_booked_as_charged_and_a_corrected_report_books_the_rest(
    shop: Shop, paid: str
) -> None:
    await report(shop, Told(TODAY).says("payment", paid, 25_000, 300))
    assert await on_account(shop, AccountKind.GATEWAY_COST) == 300
    assert await report(shop, Told(TODAY).says("payment", paid, 25_000, 100)) == "corrected"
    assert await on_account(shop, AccountKind.GATEWAY_COST) == 100
    assert await on_account(shop, AccountKind.BANK_TRANSIT) == 24_900
    assert await on_account(shop, AccountKind.GATEWAY_CLEARING) == 0


async def test_a_payment_that_only_the_report_knows_is_asked_for_and_booked(shop: Shop) -> None:
    placed = await shop.placed_quota(pieces=2)
    shop.gateway.pay(placed.payment.reference)  # the notice is lost, and nobody polls
    shop.pass_time(minutes=5)
    shop.clock.now = shop.clock.now.replace(hour=17)  # past midnight in Jakarta
    told = Told(TODAY).says("payment", placed.payment.reference, 25_000, 300)
    await report(shop, told)
    assert await names(shop) == ["not_booked"]
    await turn(shop)
    assert (await names(shop), await names(shop, resolved=True)) == ([], ["not_booked"])
    assert (await shop.page(placed.order_id)).state in ("paid", "completed")
    assert await on_account(shop, AccountKind.GATEWAY_COST) == 300
    assert await shop.balance(account_id(AccountKind.SUSPENSE, SELLER)) == 0


async def test_each_difference_has_its_name(shop: Shop, paid: str) -> None:
    told = Told(TODAY, payout=1_000)
    told.says("payment", "NEVER-1", 12_500).says("payment", paid, 24_000, COST)
    told.says("chargeback", paid, 24_000).says("refund", paid, 500)
    await report(shop, told)
    assert set(await names(shop)) == {
        "unknown_payment",
        "amount_differs",
        "reversal_not_booked",
        "refund_not_booked",
        "payout_differs",
    }
    (differs,) = [one for one in await found(shop) if one.name == "amount_differs"]
    assert (differs.subject, differs.expected, differs.seen) == (paid, 25_000, 24_000)
    await report(shop, Told(TODAY).says("payment", paid, 25_000, COST).says("payment", paid, 25_000, COST))
    assert await names(shop) == ["reported_twice"]


async def test_a_payment_that_no_report_has_is_shown_until_one_has_it(shop: Shop, paid: str) -> None:
    other = await shop.paid_quota(pieces=1)
    shop.pass_time(days=1)
    reference = other.payments[0].reference
    await report(shop, Told(date(2026, 9, 6)).says("payment", reference, 12_500, 88))
    assert await names(shop) == []
    await turn(shop)
    assert await names(shop) == ["report_missing"]
    await report(shop, Told(TODAY).says("carried", "", 500))
    assert await names(shop) == ["not_reported", "report_missing"]
    late = Told(date(2026, 9, 6)).says("payment", reference, 12_500, 88).says("payment", paid, 25_000, COST)
    await report(shop, late)
    await turn(shop)
    assert await names(shop) == []


async def test_a_reversal_in_a_report_is_booked_once_the_gateway_confirms_it(shop: Shop, paid: str) -> None:
    shop.gateway.charges[paid].state = GatewayState.REVERSED
    told = Told(TODAY).says("payment", paid, 25_000, COST).says("chargeback", paid, 25_000)
    await report(shop, Told(TODAY, payout=0, lines=told.lines))
    assert await names(shop) == ["payout_differs", "reversal_not_booked"]
    await turn(shop)
    assert await names(shop) == ["payout_differs"]


async def test_a_day_that_is_not_over_has_no_report_yet(shop: Shop) -> None:
    with pytest.raises(Refusal, match=r"report\.too_early"):
        await report(shop, Told(TODAY).says("payment", "A-1", 1))


async def test_the_lines_of_a_large_report_are_looked_up_and_not_read_again_and_again(shop: Shop) -> None:
    """The planner took the table for empty, and compared each of 100,000 lines with all others."""
    told = Told(TODAY)
    for number in range(1_001):
        told.says("payment", f"UNKNOWN-{number}", 10_000)
    shop.pass_time(days=1)
    await report(shop, told)
    rows = "SELECT reltuples FROM pg_class WHERE oid = 'accounting.settlement_line'::regclass"
    assert await shop.database.owner.fetchval(rows) == 1_001
