"""Whatever comes first, the books end the same: nothing is left in transit, unexplained or in suspense."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from meterai.kernel.clock import business_date
from meterai.ledger.model import SELLER, AccountKind, account_id
from tests.accounting.reports import Told, bank, mt940, names, report, turn
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage
K = AccountKind
FEE = 300
EMPTY = (K.GATEWAY_CLEARING, K.SUSPENSE, K.BANK_TRANSIT, K.BANK_UNEXPLAINED)


def events_of(
    shop: Shop, told: Told, reference: str, *, before: int
) -> list[Callable[[], Awaitable[object]]]:
    """A wrong report, its correction, the bank's credit, a notice that comes late. `before`: at the bank."""
    wrong = Told(told.day).says("payment", reference, 20_000, 0)
    line = mt940(business_date(shop.clock()), [(told.paid_out, f"TRSF {told.reference}")], opening=before)
    return [
        lambda: report(shop, wrong),
        lambda: report(shop, told),
        lambda: bank(shop, line),
        lambda: shop.settle(reference),
    ]


async def test_every_order_of_reports_bank_and_notice_ends_the_same(shop: Shop) -> None:
    orders = [order for order in permutations(range(4)) if order.index(0) < order.index(1)]
    for number, order in enumerate(orders, 1):
        placed = await shop.placed_quota(pieces=2)
        reference, today = placed.payment.reference, business_date(shop.clock())
        shop.gateway.pay(reference)
        shop.pass_time(days=1)
        told = Told(today).says("payment", reference, 25_000, FEE)
        events = events_of(shop, told, reference, before=(number - 1) * (25_000 - FEE))
        for which in order:
            await events[which]()
        await turn(shop)
        assert await names(shop) == [], order
        left = {kind: await shop.balance(account_id(kind, SELLER)) for kind in EMPTY}
        assert left == dict.fromkeys(EMPTY, 0), order
        assert -await shop.balance(account_id(K.BANK_CASH, SELLER)) == number * (25_000 - FEE), order
        assert -await shop.balance(account_id(K.GATEWAY_COST, SELLER)) == number * FEE, order
