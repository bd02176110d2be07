"""A person presses each button again that a failover cut off, and reads no refusal of their own order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.gateways import Gateways
from meterai.sales.model import PaymentState, RefundState
from meterai.sales.queries.order_page import OrderPage
from meterai.waiting_room.rules.model import QueueState
from tests.commits.walking import Walk, walk_with_cuts
from tests.cutting_proxy import CuttingProxy
from tests.sales.fake_gateway import SetClock
from tests.sales.shop import Shop
from tests.web.conftest import running
from tests.web.running_site import RunningSite, Visitor

__all__ = ["running"]
ACCOUNT = {"bank": "bca", "rekening": "1234567890", "pemilik": "Alice"}


class Person:
    """Somebody at the site, in a browser of their own."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.contact = f"orang{number}@contoh.id"
        self.visitor = Visitor(world.running.site)
        self.visitor.client = f"198.51.{number // 250}.{number % 250 + 1}"
        self.page = ""

    async def see(self, walk: Walk, address: str) -> None:
        """Opens a page, and loads it again while it can't be shown."""

        async def load() -> None:
            await self.visitor.get(address)

        await self._until_answered(walk, load)
        assert self.visitor.status == 200, self.visitor.text

    async def press(self, walk: Walk, address: str, **fields: str) -> str:
        """Sends the form of the page, and sends it again while it can't be answered. It leads to a page."""
        form, to = self.visitor.text, ""

        async def send() -> None:
            nonlocal to
            self.visitor.text = form
            to = await self.visitor.post(address, **fields)

        await self._until_answered(walk, send)
        assert self.visitor.status == 303, (address, self.visitor.status, self.visitor.text)
        return to

    async def _until_answered(self, walk: Walk, act: Callable[[], Awaitable[None]]) -> None:
        async def tried() -> None:
            await act()
            if self.visitor.status == 503:
                raise ConnectionError

        await walk.again(tried)

    def field(self, name: str) -> str:
        """The value of a hidden field of the page."""
        found = re.search(rf'name="{name}" value="([^"]+)"', self.visitor.text)
        assert found, self.visitor.text
        return found[1]

    async def buy(self, walk: Walk) -> None:
        """Buys two pieces of quota, and proves the contact on the way."""
        await self.see(walk, "/kuota")
        to = await self.press(walk, "/kuota", kiriman=self.field("kiriman"), jumlah="2")
        self.page = to.rpartition("/")[0]
        await self.see(walk, to)
        to = await self.press(walk, to, kontak=self.contact)
        await self.see(walk, to)
        to = await self.press(walk, to, kode_id=self.field("kode_id"), kode=await self.world.code())
        await self.see(walk, to)
        assert await self.press(walk, to, cara="va_bca", dilihat="25000") == self.page
        await self.see(walk, self.page)

    async def give_back(self, walk: Walk) -> None:
        """Gives a piece back to an account, with a code."""
        (item,) = (await self.world.order(self.page)).items
        await self.see(walk, self.page)
        to = await self.press(
            walk, f"{self.page}/kembali", butir=str(item.id), keping="1", sudah_kembali="0", **ACCOUNT
        )
        await self.see(walk, to)
        code = await self.world.code()
        assert await self.press(walk, to, tindakan=self.field("tindakan"), kode=code) == self.page
        await self.see(walk, self.page)


class World:
    """The shop and its site."""

    def __init__(self, running: RunningSite) -> None:
        self.running = running
        self.shop = Shop(running.line.database, clock=SetClock(running.line.now))
        running.app.gateways = Gateways([self.shop.gateway])
        self._people = itertools.count()
        self.person = self.somebody()

    def somebody(self) -> Person:
        return Person(self, next(self._people))

    async def prepare(self) -> None:
        self.person = self.somebody()

    async def prepare_paid(self, proxy: CuttingProxy) -> None:
        """Somebody with a paid order."""
        self.person = self.somebody()
        await self.person.buy(Walk(proxy, self.pause))
        order = await self.order(self.person.page)
        self.shop.gateway.pay(order.payments[0].reference)
        await self.shop.settle(order.payments[0].reference)

    async def pause(self) -> None:
        """People press again at once."""

    async def order(self, page: str) -> OrderPage:
        number = page.rpartition("/")[2]
        id = await self.shop.database.owner.fetchval("SELECT id FROM sales.orders WHERE number = $1", number)
        return await self.shop.page(id)

    async def code(self) -> str:
        """The newest code that was sent."""
        code: str = await self.shop.database.owner.fetchval(
            "SELECT payload->>'code' FROM jobs.outbox WHERE topic LIKE 'code.%' ORDER BY id DESC LIMIT 1"
        )
        return code


@pytest_asyncio.fixture
async def world(running: RunningSite) -> World:
    await running.line.set_state(QueueState.DIRECT)
    return World(running)


@pytest.mark.long
@pytest.mark.parametrize("path", ["bought", "given_back"])
async def test_whoever_presses_again_after_a_failover_gets_on(
    world: World, proxy: CuttingProxy, path: str
) -> None:
    async def bought(walk: Walk) -> None:
        await world.person.buy(walk)

        async def can_be_paid() -> bool:
            world.shop.pass_time(seconds=20)
            (payment,) = (await world.order(world.person.page)).payments
            return payment.state is PaymentState.PENDING

        await walk.until(world.shop.poll, can_be_paid)

    async def given_back(walk: Walk) -> None:
        await world.person.give_back(walk)
        (refund,) = (await world.order(world.person.page)).refunds
        assert (refund.state, refund.amount) == (RefundState.PAYABLE, 12_500)

    walk = {"bought": bought, "given_back": given_back}[path]
    prepare = world.prepare if path == "bought" else lambda: world.prepare_paid(proxy)
    await walk_with_cuts(proxy, world.shop.database, walk, pause=world.pause, prepare=prepare)
    results = await run_invariants(world.shop.database.reader, now=world.shop.clock())
    assert [one for one in results if not one.ok] == []
