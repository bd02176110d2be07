"""What the bank says is booked line by line; what nobody knows waits in its own account until explained."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from meterai.accounting.bank.model import Explanation
from meterai.accounting.bank.take_statement import explain_line
from meterai.kernel.refusals import Refusal
from meterai.ledger.model import SELLER, AccountKind, account_id
from tests.accounting.reports import Told, bank, found, mt940, names, report, turn
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage
TODAY, TOMORROW = date(2026, 9, 5), date(2026, 9, 6)
K = AccountKind


async def explain(shop: Shop, line: str, what: Explanation, payout: str | None = None) -> None:
    await explain_line(
        shop.db, UUID(line), what, payout=payout, reason="ticket 1", actor="ani", now=shop.clock()
    )


async def on_account(shop: Shop, kind: AccountKind) -> int:
    """The balance on the debit side."""
    return -await shop.balance(account_id(kind, SELLER))


@pytest.fixture
async def told(shop: Shop) -> Told:
    """A payment whose pay-out is at the bank the next day; the report is not here yet."""
    page = await shop.paid_quota(pieces=2)
    shop.pass_time(days=1)
    return Told(TODAY).says("payment", page.payments[0].reference, 25_000, 175)


async def test_a_payout_is_found_on_the_statement_whichever_comes_first(shop: Shop, told: Told) -> None:
    statement = mt940(TOMORROW, [(24_825, "KR OTOMATIS PO2026\r\n0905 MIDTRANS")])
    assert await bank(shop, statement) == 1
    assert await on_account(shop, K.BANK_UNEXPLAINED) == -24_825
    assert await names(shop) == ["credit_unexplained"]
    await report(shop, told)
    assert (await names(shop), await names(shop, resolved=True)) == ([], ["credit_unexplained"])
    balances = [await on_account(shop, kind) for kind in (K.BANK_CASH, K.BANK_TRANSIT, K.BANK_UNEXPLAINED)]
    assert balances == [24_825, 0, 0]
    assert await bank(shop, statement) == 0, "the same statement again"


async def test_lines_of_overlapping_statements_are_booked_once(shop: Shop, told: Told) -> None:
    shop.pass_time(days=2)
    fee = (-5_000, "BIAYA ADM")
    assert await bank(shop, mt940(TOMORROW, [fee, fee])) == 2
    assert await bank(shop, mt940(TOMORROW, [fee, fee, fee], opening=7)) == 1
    assert await on_account(shop, K.BANK_CASH) == -15_000


async def test_another_sum_than_was_paid_out_is_no_payout(shop: Shop, told: Told) -> None:
    await report(shop, told)
    await bank(shop, mt940(TOMORROW, [(24_800, "PO20260905")]))
    assert await names(shop) == ["credit_unexplained"]
    shop.pass_time(days=4)
    await turn(shop)
    assert sorted(await names(shop)) == ["credit_unexplained", "payout_missing"]
    (line,) = [one for one in await found(shop) if one.name == "credit_unexplained"]
    with pytest.raises(Refusal, match="not_explained"):
        await explain(shop, line.subject, Explanation.PAYOUT, told.reference)
    corrected = Told(TODAY, lines=told.lines, payout=24_800)
    await report(shop, corrected)
    assert await names(shop) == ["payout_differs"]
    assert await on_account(shop, K.BANK_TRANSIT) == 0


async def test_what_an_officer_explains_leaves_the_account_of_the_unexplained(shop: Shop, told: Told) -> None:
    await bank(shop, mt940(TOMORROW, [(700_000, "SETORAN"), (-500_000, "KE IRIS"), (-9_000, "PPN")]))
    lines = {one.seen: one for one in await found(shop)}
    assert lines[700_000].words.endswith("SETORAN")
    await explain(shop, lines[700_000].subject, Explanation.VAT)
    await explain(shop, lines[700_000].subject, Explanation.OTHER)  # a mistake is put right
    await explain(shop, lines[-500_000].subject, Explanation.TOP_UP)
    assert await names(shop) == ["debit_unexplained"]
    with pytest.raises(Refusal, match="not_explained"):
        await explain(shop, lines[-500_000].subject, Explanation.TOP_UP)
    with pytest.raises(Refusal, match="insufficient"):
        await explain(shop, lines[-9_000].subject, Explanation.VAT)
    await explain(shop, lines[-9_000].subject, Explanation.BANK_COST)
    balances = [await on_account(shop, kind) for kind in (K.BANK_UNEXPLAINED, K.PAYOUT_CASH, K.BANK_OTHER)]
    assert balances == [0, 500_000, -700_000]
    assert (await names(shop), await on_account(shop, K.BANK_COST)) == ([], 9_000)
    assert await shop.database.owner.fetchval("SELECT count(words) FROM accounting.bank_line") == 0


async def test_a_statement_that_does_not_follow_the_one_before_is_noticed(shop: Shop, told: Told) -> None:
    shop.pass_time(days=3)
    await bank(shop, mt940(TODAY, [(10, "A")]))
    await bank(shop, mt940(date(2026, 9, 7), [(10, "C")], opening=20))
    assert "statement_gap" in await names(shop)
    await bank(shop, mt940(TOMORROW, [(10, "B")], opening=10))
    assert "statement_gap" not in await names(shop)
