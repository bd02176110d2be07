"""A partner's program: gets tokens with its key, calls the API, and takes messages."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey
from standardwebhooks import Webhook, WebhookVerificationError

from simulator.crowd.browser import LOOPBACK, Elsewhere
from simulator.crowd.partner_member import Key

JSON = "application/json"
PDF = "application/pdf"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ApiRefused(Exception):
    """The API answered with another status than was expected."""

    def __init__(self, asked: str, status: int, body: bytes) -> None:
        super().__init__(f"{asked}: {status} {body[:400].decode('utf-8', 'replace')}")


class PartnerProgram:
    """Calls the API of one site on this machine. Each POST has an Idempotency-Key of its own."""

    def __init__(self, site: str, key: Key, session: aiohttp.ClientSession) -> None:
        if (urlsplit(site).hostname or "") not in {name.strip("[]") for name in LOOPBACK}:
            raise Elsewhere(f"the demo goes to this machine only, not to {site}")
        self._site = site
        self._key = key
        self._session = session
        self._token = ""

    async def sign_in(self) -> None:
        """Gets a token by `private_key_jwt` (RFC 7523). Raises: ApiRefused."""
        now, client = int(time.time()), self._key.client_id
        claims = {
            "iss": client,
            "sub": client,
            "aud": f"{self._site}/api/v1/token",
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        head = {"alg": "ES256", "kid": self._key.key_id}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode(head, claims, ECKey.import_key(self._key.private_key)),
        }
        async with self._session.post(f"{self._site}/api/v1/token", data=form) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise ApiRefused("token", answer.status, body)
        self._token = msgspec.json.decode(body)["access_token"]

    async def get(self, path: str) -> Any:
        """Reads something as JSON. Raises: ApiRefused."""
        return msgspec.json.decode(await self.send("GET", path))

    async def post(self, path: str, body: object = None, **headers: str) -> Any:
        """Sends JSON. Raises: ApiRefused."""
        content = b"{}" if body is None else msgspec.json.encode(body)
        keyed = {"Idempotency-Key": str(uuid.uuid4()), **headers}
        return msgspec.json.decode(await self.send("POST", path, body=content, headers=keyed))

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        kind: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Sends a request. Returns the body of a good answer. Raises: ApiRefused."""
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        if body:
            sent["Content-Type"] = kind
        address = f"{self._site}/api/v1{path}"
        async with self._session.request(method, address, data=body or None, headers=sent) as answer:
            got = await answer.read()
            if not 200 <= answer.status < 300:
                raise ApiRefused(f"{method} {path}", answer.status, got)
        return got


class Receiver:
    """Takes messages on this machine, and checks the signature of each."""

    def __init__(self) -> None:
        self.secret = ""
        self.address = ""
        self.messages: list[dict[str, Any]] = []
        self.refused = 0
        self._came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Answers 204 to a message whose signature holds, 400 to any other."""
        body = await request.read()
        try:
            Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return web.Response(status=400)
        self.messages.append(msgspec.json.decode(body))
        self._came.set()
        return web.Response(status=204)

    async def wait_for(self, kind: str, id: str, *, seconds: float) -> dict[str, Any]:
        """Waits for a message about something. Raises: TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                for message in self.messages:
                    if message["type"] == kind and message["data"]["id"] == id:
                        return message
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/pesan", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}/pesan"
    try:
        yield receiver
    finally:
        await runner.cleanup()
