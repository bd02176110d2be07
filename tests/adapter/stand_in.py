"""A stampservice for tests of the adapter: it signs hashes with a test key, and gives time stamps."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.pki.authority import Algorithm, make_pki
from tests.pdf.sealing import SealingBench


@dataclass
class StandIn:
    """Counts requests, and keeps the rules of the wire: a serial number has one source."""

    bench: SealingBench
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    signed: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """Source and signatures (by attributes) of each serial number."""
    fails: dict[str, Any] = field(default_factory=dict)
    """What to answer instead, by the last part of the path."""
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/base/keystamp/pdfsigning/rest/{name}", self._answer)
        application.router.add_post("/base/keystamp/timestamp", self._date)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/base"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def count(self, name: str) -> int:
        return sum(one == name for one, _ in self.asked)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name, body = request.match_info["name"], await request.json()
        self.asked.append((name, body))
        self.tokens.add(request.headers.get("Authorization", ""))
        if (failing := self.fails.get(name)) is not None:
            if failing == "cut":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return web.json_response(failing)
        done = self._chain(body) if name == "getSignerCertChain" else await self._sign(body)
        return web.json_response({"status": "True", "errorCode": "00", "errorMessage": "-"} | done)

    def _chain(self, body: dict[str, str]) -> dict[str, Any]:
        certificates = [base64.b64encode(one).decode() for one in self.bench.key.certificates]
        code = f"HTTPS://METERAI.EXAMPLE/C/{body['refToken']}{'0' * 100}"
        return {"certs": certificates, "stampCode": code, "timestampUrl": f"{self.url}/keystamp/timestamp"}

    async def _sign(self, body: dict[str, str]) -> dict[str, Any]:
        source, signatures = self.signed.setdefault(body["refToken"], (body["shaChecksum"], {}))
        if source != body["shaChecksum"]:
            return {"status": "False", "errorCode": "96", "errorMessage": "another source"}
        mine = hashlib.sha256(self.bench.key.certificates[0]).digest()
        if mine not in base64.b64decode(body["data"]):
            return {"status": "False", "errorCode": "96", "errorMessage": "another key"}
        if body["data"] not in signatures:
            digest = hashlib.sha256(base64.b64decode(body["data"])).digest()
            signatures[body["data"]] = base64.b64encode(await self.bench.key.sign(digest)).decode()
        return {"data": signatures[body["data"]], "trxId": "1", "requestId": 1}

    async def _date(self, request: web.Request) -> web.Response:
        self.asked.append(("timestamp", {}))
        if self.fails.get("timestamp"):
            return web.Response(status=503)
        reply = self.bench.timestamper.authority.respond(await request.read())
        return web.Response(body=reply, content_type="application/timestamp-reply")


def make_bench(folder: Path, algorithm: Algorithm = "rsa-2048") -> SealingBench:
    return SealingBench(make_pki(folder / "pki", algorithm))
