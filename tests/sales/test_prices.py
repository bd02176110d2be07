"""Dated prices: two officers enter one, and nobody pays more than they saw."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from meterai.accounting.days.queries import statement_of
from meterai.accounting.days.statement_key import read_key
from meterai.accounting.days.use_cases.close_days import close_days
from meterai.kernel.clock import start_of_business_date
from meterai.kernel.money import Rupiah
from meterai.kit.acting import Actor
from meterai.kit.files.secret_files import keep_ed25519_key
from meterai.operations.officers.requests import find_request
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.sign_request import sign_request
from meterai.sales.model import OrderState
from meterai.sales.prices import PriceList, vat_within
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.set_first_price import set_first_price
from meterai.sales.use_cases.set_price import KIND, NewPrice, read_rate, set_price
from tests.news.conftest import Command, meterai
from tests.officers import signed_by
from tests.sales.refusing import refused
from tests.sales.shop import MINUTES, Shop

__all__ = ["meterai"]
pytestmark = pytest.mark.storage
DAY, TOMORROW = date(2026, 9, 5), date(2026, 9, 6)
"""Those of NOON and of the day after."""
DEARER = NewPrice(valid_from=TOMORROW, fee=3_000, vat_basis_points=1_200, reason="biaya gateway naik")


async def at_midnight(shop: Shop, *, seconds: float = 0) -> None:
    shop.clock.now = start_of_business_date(TOMORROW).astimezone(UTC) + timedelta(seconds=seconds)


async def test_a_price_that_changes_at_midnight_is_shown_before_it_is_asked_for(
    shop: Shop, tmp_path: Path
) -> None:
    """What was placed before keeps its price. Books, refunds and the day's statement follow both."""
    await shop.enter_price(TOMORROW, 3_000, 1_200)
    await at_midnight(shop, seconds=-2)
    before = await shop.placed_quota(pieces=2)
    drafts = [await shop.quota_draft(pieces=2), await shop.stamp_draft(documents=2)]
    assert (before.total, (await shop.page(drafts[0].order_id)).total) == (25_000, 25_000)
    await at_midnight(shop)
    after = []
    for draft in drafts:
        assert (await refused(shop.place(draft))).code == "order.price_changed"
        page = await shop.page(draft.order_id)
        assert (page.state, page.total, page.vat) == (OrderState.DRAFT, 26_000, 2 * 321)
        after.append(await shop.place(draft))
        assert after[-1].total == 26_000
    assert (await shop.page(before.order_id)).total == 25_000
    assert (await shop.page((await shop.quota_draft(pieces=1)).order_id)).total == 13_000
    for placed in (before, *after):
        await shop.pay(placed)
    await shop.ask_back(before.order_id, (await shop.page(before.order_id)).items[0].id, 2, given_back=0)
    money = await shop.money()
    assert money["owed"] == 25_000, "the refund is of its own price"
    assert (money["face"], money["fee"] + money["vat"]) == (40_000, 12_000)
    assert money["vat"] == 4 * 321

    keep_ed25519_key(tmp_path / "key.pem")
    later = shop.clock() + timedelta(days=1, minutes=15)
    await close_days(
        shop.database.closer, read_key(tmp_path / "key.pem"), until=TOMORROW, clock=lambda: later
    )
    async with shop.database.site.connection() as connection:
        statement = await statement_of(connection, TOMORROW)
    assert statement is not None
    figures = statement.read().day
    assert (figures.paid.rupiah, figures.refunded.rupiah, figures.held.rupiah) == (77_000, 25_000, 52_000)


async def test_nobody_pays_another_sum_than_their_page_showed(shop: Shop) -> None:
    """Another window gave the draft the new price meanwhile."""
    await shop.enter_price(TOMORROW, 3_000)
    await at_midnight(shop, seconds=-2)
    draft = await shop.quota_draft(pieces=1)

    async def place(seen: int) -> PlacedOrder:
        return await place_order(
            shop.db, shop.gateways, draft.order_id, channel="qris", payment_minutes=MINUTES, seen_total=seen,
            clock=shop.clock,
        )  # fmt: skip

    await at_midnight(shop)
    await set_quota(shop.db, draft.order_id, 1, now=shop.clock())
    assert (await refused(place(12_500))).code == "order.price_changed"
    assert (await place(13_000)).total == 13_000


async def test_a_price_never_begins_in_the_past(shop: Shop) -> None:
    """Today is possible while nobody has placed an order: a new shop begins."""
    yesterday = DAY - timedelta(days=1)
    operator = shop.database.operator
    early = NewPrice(valid_from=yesterday, fee=1, vat_basis_points=0, reason="x")
    setting = set_price(operator, early, actor=Actor(name="ani"), now=shop.clock())
    assert (await refused(setting)).code == "price.day_begun"
    await shop.enter_price(DAY, 1_000)
    assert (await shop.placed_quota(pieces=1)).total == 11_000
    assert (await refused(shop.enter_price(DAY, 5_000))).code == "price.day_begun"
    await shop.enter_price(TOMORROW, 5_000)
    await shop.enter_price(TOMORROW, 4_000)
    await set_first_price(
        shop.database.worker, PriceList(service_fee=Rupiah(9_000), vat_basis_points=0), now=shop.clock()
    )
    assert (await shop.placed_quota(pieces=1)).total == 11_000, "officers stand above the settings"
    await at_midnight(shop)
    assert (await shop.placed_quota(pieces=1)).total == 14_000, "the last entry of that day counts"
    rows = await shop.database.owner.fetch(
        "SELECT actor, subject, facts ->> 'fee' AS fee FROM operations.audit_entry WHERE action = 'price.set'"
    )
    assert [tuple(row) for row in rows] == [
        ("ani", str(DAY), "1000"),
        ("ani", str(TOMORROW), "5000"),
        ("ani", str(TOMORROW), "4000"),
    ]


async def test_two_officers_enter_a_price(shop: Shop) -> None:
    db = shop.database.operator
    await shop.database.owner.execute(
        """INSERT INTO operations.officer VALUES ('ani', '{finance}', '{"key of ani"}', '{}', now()),
           ('budi', '{finance}', '{"key of budi"}', '{}', now())"""
    )
    alone = set_price(db, DEARER, actor=Actor(name="ani"), now=shop.clock())
    assert (await refused(alone)).code == "officer.unsigned"
    number = await ask_two_officers(db, signed_by("ani", KIND, DEARER.subject), DEARER.facts())
    async with db.connection() as connection:
        request = await find_request(connection, number)
    signed = await sign_request(
        db, request, signed_by("budi", KIND, DEARER.subject), roots=list, now=shop.clock()
    )
    assert signed.done == "The fee is Rp3.000 from 2026-09-06 on."
    entry = await shop.database.owner.fetchrow(
        "SELECT actor, request_id, jsonb_array_length(signatures) AS n FROM operations.audit_entry"
        " WHERE action = 'price.set'"
    )
    assert entry is not None
    assert tuple(entry) == ("ani, budi", number, 2)


async def test_officers_list_and_set_prices_by_command(shop: Shop, meterai: Command) -> None:
    first = datetime.now(UTC).date() + timedelta(days=2)
    words = ("prices", "set", "--fee", "3000", "--reason", "biaya naik", "--from", str(first))
    assert "price.no_rate" in await meterai(*words, "--vat", "11,555")
    assert f"The fee is Rp3.000 from {first} on." in await meterai(*words, "--vat", "11,5")
    listed = await meterai("prices", "list")
    assert "from the settings  fee Rp2.500 with VAT Rp248 (11 %)  (today)" in listed
    assert f"from {first}    fee Rp3.000 with VAT Rp309 (11.5 %)" in listed
    assert '"valid_from":"0001-01-01","fee":2500' in await meterai("prices", "list", "--json")


@pytest.mark.parametrize("typed", ["", "sebelas", "-1", "101", "11,555", "NaN", "1e400"])
async def test_a_rate_that_can_not_be_read_is_refused(typed: str) -> None:
    async def read() -> int:
        return read_rate(typed)

    assert (await refused(read())).code == "price.no_rate"


async def test_the_database_rounds_vat_as_the_program_does(shop: Shop) -> None:
    rows = await shop.database.owner.fetch(
        """INSERT INTO sales.price (valid_from, unit_fee, vat_basis_points, entered_at)
           SELECT '2030-01-01'::date + n, n * 37 % 5000, n * 101 % 10001, now() FROM generate_series(1, 500) n
           RETURNING unit_fee, vat_basis_points, unit_vat"""
    )
    assert all(vat == vat_within(fee, points) for fee, points, vat in rows)
