"""The twins over real sockets inside the test's loop, and a merchant that takes notices."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gateway.application import make_application as make_gateway
from sandbox.inbox.application import make_application as make_inbox
from sandbox.snap.application import make_application as make_snap
from sandbox.snap.protocol import Keys
from tests.ports import free_port

OUR_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BANK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SNAP_KEYS = Keys("meterai-test", "a client secret", OUR_KEY.public_key(), BANK_KEY)
SNAP_MERCHANT = "M0001"
SERVER_KEY = "SB-Mid-server-test"
PAYOUT_KEY = "IRIS-test"


@asynccontextmanager
async def served(application: web.Application, port: int) -> AsyncIterator[str]:
    """The application on 127.0.0.1; gives its address."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Merchant:
    """Takes notices: keeps each one raw and answers with the next of `answers`, then 200."""

    url: str
    notices: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.notices.append(await request.read())
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def wait_for(self, count: int, seconds: float = 3) -> list[dict[str, Any]]:
        """The notices, as soon as there are `count`."""
        async with asyncio.timeout(seconds):
            while len(self.notices) < count:
                await asyncio.sleep(0.01)
        return [msgspec.json.decode(notice) for notice in self.notices]


@dataclass
class Gateway:
    """The running gateway twin."""

    url: str
    merchant: Merchant
    session: aiohttp.ClientSession

    async def post(self, path: str, body: dict[str, Any], **options: Any) -> tuple[int, dict[str, Any]]:
        """(HTTP status, JSON body) of a POST."""
        async with self.session.post(self.url + path, json=body, **options) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """(HTTP status, JSON body) of a GET."""
        async with self.session.get(self.url + path, **options) as answer:
            return answer.status, await answer.json()

    async def script(self, order_id: str | None = None, **faults: Any) -> None:
        """Sets faults."""
        status, _ = await self.post("/_script", {"order_id": order_id, "faults": faults})
        assert status == 200

    async def pay(self, order_id: str, **more: Any) -> int:
        """A person pays; gives the HTTP status."""
        return (await self.post("/_pay", {"order_id": order_id, **more}))[0]


@asynccontextmanager
async def running_gateway(folder: Path, *, notify_url: str = "") -> AsyncIterator[Gateway]:
    """The gateway with a merchant at its other end, or one at `notify_url`.

    Notices are repeated after 0.05 s.
    """
    merchant = Merchant("")
    shop = web.Application()
    shop.router.add_post("/notice", merchant.take)
    port = free_port()
    async with served(shop, free_port()) as shop_url, aiohttp.ClientSession() as session:
        merchant.url = shop_url
        application = make_gateway(
            folder=folder,
            server_key=SERVER_KEY,
            payout_key=PAYOUT_KEY,
            notify_url=notify_url or f"{shop_url}/notice",
            public_url=f"http://127.0.0.1:{port}",
            retry_seconds=(0.05, 0.05),
        )
        async with served(application, port) as url:
            yield Gateway(url, merchant, session)


@asynccontextmanager
async def running_snap(folder: Path, *, notify_url: str = "") -> AsyncIterator[Gateway]:
    """The BI-SNAP twin. It sends notices where `notify_url` says."""
    port = free_port()
    async with aiohttp.ClientSession() as session:
        application = make_snap(
            folder=folder,
            keys=SNAP_KEYS,
            merchant_id=SNAP_MERCHANT,
            banks={"98829": "bni"},
            notify_url=notify_url,
            public_url=f"http://127.0.0.1:{port}",
            retry_seconds=(0.05, 0.05),
        )
        async with served(application, port) as url:
            yield Gateway(url, Merchant(""), session)


@dataclass
class Inbox:
    """The running inbox twin."""

    url: str
    smtp_port: int
    session: aiohttp.ClientSession

    async def messages(self, **query: Any) -> list[dict[str, Any]]:
        """What came in, newest first."""
        async with self.session.get(f"{self.url}/messages", params=query) as answer:
            found: list[dict[str, Any]] = (await answer.json())["messages"]
            return found


@asynccontextmanager
async def running_inbox(
    folder: Path, *, whatsapp_token: str = "", smtp_port: int = 0
) -> AsyncIterator[Inbox]:
    """The inbox."""
    smtp_port = smtp_port or free_port()
    application = make_inbox(folder=folder, smtp_port=smtp_port, whatsapp_token=whatsapp_token)
    async with served(application, free_port()) as url, aiohttp.ClientSession() as session:
        yield Inbox(url, smtp_port, session)


class started:
    """A process that is killed (SIGKILL) at the end of the block."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command, self.port = command, port

    def __enter__(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("it didn't start")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
