"""A service that answers as the contract of the wire says, from memory: for tests of its client."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from simulator.crowd.wire.field_client import Addresses

JPEG = b"\xff\xd8\xff\xe0 gambar"
TOKEN = "satu.dua.tiga"


class WireTwin:
    """One account and an adapter in the same program. `codes`: what docSigningZ answers before it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saldo = 10
        self.states: dict[str, str] = {}
        self.by_file: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.codes: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.lose: Counter[str] = Counter()
        """Calls whose next answers are lost."""

    def routes(self) -> list[web.RouteDef]:
        """Every address of it."""
        return [
            web.post("/wire/backend/api/users/login", self.login),
            web.post("/wire/backend/function/saldopos", self.balance),
            web.get("/wire/backend/api/chanel/stamp/ext", self.state),
            web.post("/wire/stampv2/chanel/stampv2", self.take),
            web.post("/wire/fileupload/uploaddoc2", self.upload),
            web.get("/wire/fileupload/getfile3/{name}", self.fetch),
            web.post("/wire/stampservice/keystamp/adapter/docSigningZ", self.sign),
            web.post("/adapter/pdfsigning/rest/docSigningZ", self.sign),
        ]

    async def login(self, request: web.Request) -> web.Response:
        text = await request.text()
        if "rahasia" not in text:
            return web.json_response({"statusCode": "01", "message": "Salah. / Wrong."})
        told = {"data": {"login": {"token": TOKEN, "user": {"id": "1"}}}}
        said = {"statusCode": "00", "message": "success", "token": TOKEN, "result": told}
        return self._answer("login", said)

    async def balance(self, _: web.Request) -> web.Response:
        unstamped = list(self.states.values()).count("NOTSTAMP")
        told = {"status": "00", "message": "success", "saldo": self.saldo, "notstamp": unstamped}
        return self._answer("balance", {"result": told, "status": "00"})

    async def state(self, request: web.Request) -> web.Response:
        body = await request.read()
        serial = msgspec.json.decode(body)["filter"] if body else request.query["filter"]
        if serial not in self.states:
            return web.json_response({"statusCode": "00", "result": "tidak ada"})
        found = {"total": 1, "data": [{"status": self.states[serial], "file": "", "tglupdate": ""}]}
        return web.json_response({"statusCode": "00", "result": found})

    async def take(self, request: web.Request) -> web.Response:
        kind = request.content_type
        sent: Any = dict(await request.post()) if "form" in kind else await request.json()
        if self.saldo == 0:
            return web.json_response(
                {"statusCode": "01", "message": "-", "result": {"err": "Habis. / None."}}
            )
        file = str(sent.get("idfile", ""))
        serial = self.by_file.get(file, "") if file else ""
        if not serial:
            serial = f"SN{len(self.states):020}"
            self.saldo -= 1
            self.states[serial] = "NOTSTAMP"
            self.by_file |= {file: serial} if file else {}
        result = {"sn": serial, "filenameQR": f"{serial}.png"}
        if not file:
            result = {"sn": serial, "image": base64.b64encode(JPEG).decode()}
        return self._answer("take", {"statusCode": "00", "message": "success", "result": result})

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["token"] == TOKEN
        return self._answer("upload", {"statusCode": "00", "message": "success", "id": "77", "name": "a.pdf"})

    async def sign(self, request: web.Request) -> web.Response:
        order = await request.json()
        self.asked.append(order)
        assert order["refToken"] in self.states
        if self.codes:
            code = self.codes.pop(0)
            return web.json_response({"status": "False", "errorCode": code, "errorMessage": "-"})
        self.states[order["refToken"]] = "STAMP"
        said = {"status": "True", "errorCode": "00", "errorMessage": "-"}
        if "docId" in order:
            said["urlFile"] = f"{request.url.origin()}/wire/fileupload/getfile3/final_{order['docId']}.pdf"
        else:
            (self.folder / Path(order["dest"]).name).write_bytes(b"%PDF-1.7 bermeterai")
        return self._answer("sign", said)

    async def fetch(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        return web.Response(body=b"%PDF-1.7 bermeterai", content_type="application/pdf")

    def _answer(self, call: str, said: dict[str, Any]) -> web.Response:
        self.calls[call] += 1
        if self.lose[call]:
            self.lose[call] -= 1
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        return web.json_response(said)


@asynccontextmanager
async def twin_at(folder: Path) -> AsyncIterator[tuple[WireTwin, Addresses]]:
    """A twin that listens until the end of the block."""
    twin, app = WireTwin(folder), web.Application()
    app.add_routes(twin.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield twin, Addresses.at(site, site)
    finally:
        await runner.cleanup()
