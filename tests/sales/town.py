"""A shop and a gateway's twin over real sockets, for each protocol that gateways speak."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from meterai.kernel.clock import system_clock
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.adapters.payout import IrisPayouts
from meterai.sales.adapters.snap.client import Partner
from meterai.sales.adapters.snap.gateway import Snap
from meterai.sales.gateways import Gateways
from meterai.sales.order import Payment
from meterai.sales.ports import Channel, Reply
from meterai.sales.queries.payment_channel import payment_channel
from meterai.sales.use_cases.pay_refunds import pay_due_refunds
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.poll_payments import poll_due_payments
from meterai.sales.use_cases.receive_notice import NoticeReceipt, receive_notice
from meterai.sales.use_cases.settle_payment import Settlement, settle_payment
from tests.ports import free_port
from tests.sales.shop import Shop, open_shop
from tests.sandbox.twins import (
    BANK_KEY,
    OUR_KEY,
    PAYOUT_KEY,
    SERVER_KEY,
    SNAP_KEYS,
    SNAP_MERCHANT,
    Gateway,
    running_gateway,
    running_snap,
    served,
)
from tests.storage_fixtures import TestDatabase

PATIENT = CircuitBreaker(failures_max=1_000)
LIMITS = CallLimits(total_seconds=2)


def later() -> datetime:
    """A clock that is ahead: what is due soon is due now."""
    return datetime.now(UTC) + timedelta(minutes=5)


@dataclass
class Heard:
    """Calls of the gateway as they came: body, headers, path."""

    gateway: Any = None
    notices: list[tuple[bytes, dict[str, str], str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Gives tokens and says that notices are stored; whether they are, the test decides."""
        call = await request.read(), dict(request.headers), request.path
        if request.path.endswith("/access-token/b2b"):
            given = self.gateway.parse_notice(*call)
        else:
            self.notices.append(call)
            given = self.gateway.acknowledge(call[0], call[2]) or Reply(status=200, body=b"{}")
        return web.Response(status=given.status, body=given.body, content_type="application/json")


@dataclass
class Town:
    """Shop, gateway, and what passes between them."""

    shop: Shop
    twin: Gateway
    gateway: Midtrans | Snap
    payout: IrisPayouts
    heard: Heard
    folder: Path

    @property
    def gateways(self) -> Gateways:
        """The one gateway."""
        return Gateways([self.gateway])

    async def place(self, channel: Channel = Channel.QRIS, pieces: int = 2) -> PlacedOrder:
        """A placed order of quota."""
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

    async def settle(self, reference: str) -> Settlement:
        """Asks the gateway of a payment, and books what it says."""
        return await settle_payment(self.shop.db, self.gateway, reference, clock=system_clock)

    async def receive(self, number: int) -> NoticeReceipt:
        """Takes a notice that came, once more or for the first time."""
        raw, headers, path = self.heard.notices[number]
        return await receive_notice(self.shop.db, self.gateway, raw, headers, path=path, now=system_clock())

    async def poll(self) -> int:
        """One turn of the poller, when all that is open is due."""
        return await poll_due_payments(self.shop.db, self.gateways, clock=later)

    async def pay_refunds(self, turns: int = 3) -> None:
        """Some turns of the worker that pays refunds, hours apart."""
        for turn in range(turns):
            ahead = datetime.now(UTC) + timedelta(hours=turn + 1)
            rules = self.shop.payout_rules
            await pay_due_refunds(
                self.shop.db, self.gateways, self.payout, rules=rules, clock=lambda at=ahead: at
            )

    async def payments(self, placed: PlacedOrder) -> list[Payment]:
        """The attempts to pay an order, the oldest first."""
        return list((await self.shop.page(placed.order_id)).payments)

    def held(self, payments: list[Payment]) -> int:
        """Rupiah of these payments that are with us, by the gateway's own book."""
        book = sqlite3.connect(self.folder / "gateway.sqlite")
        found = 0
        for payment in payments:
            row = book.execute("SELECT body FROM charge WHERE order_id = ?", (payment.reference,)).fetchone()
            said = msgspec.json.decode(row[0]) if row else {"status": "pending"}
            if said["status"] in ("settlement", "partial_refund", "refund"):
                refunds = sum(refund["amount"] for refund in said.get("refunds", ()))
                found += (said["paid_amount"] or said["amount"]) - refunds
        book.close()
        return found

    async def check(self) -> None:
        """All invariants hold."""
        results = await run_invariants(self.shop.database.reader, now=datetime.now(UTC))
        assert {found.id: found.violations for found in results if not found.ok} == {}


@asynccontextmanager
async def _midtrans(folder: Path, url: str) -> AsyncIterator[Gateway]:
    async with running_gateway(folder, notify_url=f"{url}/notices") as twin:
        yield twin


def _open_midtrans(twin: Gateway, _shop: Shop) -> Midtrans:
    return Midtrans(twin.url, SERVER_KEY, limits=LIMITS, breaker=PATIENT)


@asynccontextmanager
async def _snap(folder: Path, url: str) -> AsyncIterator[Gateway]:
    async with running_snap(folder, notify_url=url) as twin:
        yield twin


def _open_snap(twin: Gateway, shop: Shop) -> Snap:
    return Snap(
        twin.url,
        Partner(client_id=SNAP_KEYS.client_id, channel_id="95221", secret=SNAP_KEYS.secret, key=OUR_KEY),
        bank_key=BANK_KEY.public_key(),
        merchant=SNAP_MERCHANT,
        companies={Channel.VA_BNI: "98829"},
        channel_of=partial(payment_channel, shop.db),
        limits=LIMITS,
        breaker=PATIENT,
    )


type _Twin = Callable[[Path, str], AbstractAsyncContextManager[Gateway]]
PROTOCOLS: dict[str, tuple[_Twin, Callable[[Gateway, Shop], Midtrans | Snap]]] = {
    "midtrans": (_midtrans, _open_midtrans),
    "snap": (_snap, _open_snap),
}
"""Name -> the twin, sending its notices to an address, and the adapter at it."""
WAYS = (Channel.QRIS, Channel.VA_BNI)
"""What every one of them offers. The first goes back by the gateway, the second by payout."""


@asynccontextmanager
async def open_town(database: TestDatabase, folder: Path, protocol: str) -> AsyncIterator[Town]:
    """A town whose gateway speaks `protocol`. All invariants hold when it closes."""
    twin_of, adapter_at = PROTOCOLS[protocol]
    heard, door = Heard(), web.Application()
    door.router.add_post("/{tail:.*}", heard.take)
    (folder / "payouts").mkdir()
    async with (
        open_shop(database) as shop,
        served(door, free_port()) as url,
        twin_of(folder, url) as twin,
        running_gateway(folder / "payouts") as provider,
    ):
        heard.gateway = gateway = adapter_at(twin, shop)
        payout = IrisPayouts(f"{provider.url}/iris/api/v1", PAYOUT_KEY)
        town = Town(shop, twin, gateway, payout, heard, folder)
        yield town
        await gateway.close()
        await payout.close()
        await town.check()
