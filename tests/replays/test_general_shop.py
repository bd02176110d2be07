"""Replay: one address takes all places of the general shop, so nobody else can buy for no event.

Before: each `GET /beli` without a cookie took a place. Eight a second from one address left 2 of 25 other
people a page.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from tests.storage_fixtures import TestDatabase
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_shop import form_of, running_with

OTHERS = 25
A_SECOND = 8


@pytest_asyncio.fixture
async def shop(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """The usual share: sixty purchases a minute."""
    return await running_with(database, tmp_path, monkeypatch, per_minute=60)


async def buys(visitor: Visitor) -> bool:
    """Tells whether a person comes as far as an order for quota."""
    await visitor.get("/kuota")
    if visitor.status != 200:
        return False
    return (await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="1")).startswith("/pesanan/")


async def visit_each_second(shop: RunningSite, attack: object) -> int:
    """One other person comes each second, from a network of their own. Returns how many of them buy."""
    bought = 0
    for number in range(OTHERS):
        shop.line.pass_time(1)
        for _ in range(A_SECOND):
            await attack()  # type: ignore[operator]
        other = shop.visitor()
        other.client = f"203.0.{number}.9"
        bought += await buys(other)
    return bought


async def test_pages_that_one_address_loads_take_no_place_from_others(shop: RunningSite) -> None:
    async def load() -> None:
        await shop.visitor().get("/beli")

    assert await visit_each_second(shop, load) == OTHERS


async def test_orders_that_one_network_opens_leave_the_places_of_others(shop: RunningSite) -> None:
    """It changes its address within the network, and sends forms as fast as it loads pages before."""
    form, opened = shop.visitor(), 0
    await form.get("/kuota")
    sent = 0

    async def order() -> None:
        nonlocal sent, opened
        sent += 1
        form.client = f"198.51.100.{sent % 250}"
        where = await form.post("/kuota", kiriman=f"{sent:026}", jumlah="1")
        opened += where.startswith("/pesanan/")

    assert await visit_each_second(shop, order) == OTHERS
    assert 0 < opened <= 10, "it had what stood ready, and then what others left"


async def test_one_network_gets_the_whole_share_while_nobody_else_asks(shop: RunningSite) -> None:
    """Thousands of honest people stand behind one carrier's address."""
    bought = 0
    for _ in range(30):
        shop.line.pass_time(1)
        bought += sum([await buys(shop.visitor()) for _ in range(2)])
    assert bought >= 30
