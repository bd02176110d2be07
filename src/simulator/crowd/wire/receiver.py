"""Takes the webhooks of a batch on this machine, and answers them as receivers in the field do."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiohttp import web


def serial_of(told: Any) -> dict[str, str]:
    """Serial number and picture of a document of a batch. The picture may be a data URL."""
    picture = str(told["qrImage"])
    return {"sn": str(told["serialNumber"]), "image": picture.rpartition("base64,")[2]}


class Receiver:
    """What came, by batch and document."""

    def __init__(self) -> None:
        self.address = ""
        self._told: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        self._expected: set[str] = set()
        self._came = asyncio.Event()

    def expects(self, batch: str) -> None:
        """This receiver was named for a batch."""
        self._expected.add(batch)

    async def take(self, request: web.Request) -> web.Response:
        """Notes a document's serial number."""
        told = msgspec.json.decode(await request.read())["result"]
        self._told[str(told["batchId"])][str(told["document"]["idfile"])] = serial_of(told)
        self._came.set()
        return web.json_response({"statusCode": 0, "message": "Received"})

    async def wait_for(
        self, batch: str, documents: Collection[str], *, seconds: float
    ) -> dict[str, dict[str, str]]:
        """What came of these documents within some seconds. Nothing is waited for that goes elsewhere."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if batch in self._expected else 0.5):
                while not set(documents) <= self._told[batch].keys():
                    self._came.clear()
                    await self._came.wait()
        return {name: self._told[batch][name] for name in documents if name in self._told[batch]}


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver, app = Receiver(), web.Application(client_max_size=4 << 20)
    app.router.add_post("/meterai", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}/meterai"
    try:
        yield receiver
    finally:
        await runner.cleanup()
