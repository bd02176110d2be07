"""A partner's client that calls the API of a site over ASGI."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from litestar.types import Scope

from meterai.api.access.caller import Caller
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.clients.model import SCOPES
from tests.web.asking import Answer, ask


def caller_of(organisation_id: uuid.UUID, *scopes: str) -> Caller:
    """A caller with these scopes; without any named, with all."""
    return Caller(
        organisation_id=organisation_id,
        account_holder=derived_id("account_holder", organisation_id),
        client_id=derived_id("client", organisation_id),
        key_id=derived_id("key", organisation_id),
        scopes=frozenset(scopes or SCOPES),
    )


async def register(owner: Any, organisation_id: uuid.UUID) -> None:
    """Registers the client of `caller_of`, without a key. `owner`: the database's owner."""
    await owner.execute(
        """INSERT INTO partners.client (id, organisation_id, name, scopes, created_at)
           VALUES ($1, $2, $3, $4, now())""",
        derived_id("client", organisation_id),
        organisation_id,
        "Program uji",
        list(SCOPES),
    )


class Tokens:
    """Stands in for the token check: each of its tokens means a caller."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.callers: dict[str, Caller] = {}
        monkeypatch.setattr("meterai.api.access.authentication.authenticate", self._find)
        monkeypatch.setattr("meterai.api.access.authentication.check_message", self._pass)

    async def _find(self, service: Any, scope: Scope) -> Caller:
        sent = {name.decode(): value.decode() for name, value in scope["headers"]}
        token = sent.get("authorization", "").removeprefix("Bearer ")
        if token not in self.callers:
            raise Refusal(Kind.UNAUTHENTICATED, "access.no_token")
        return self.callers[token]

    async def _pass(self, *_: Any, body: bytes | None, receive: Any) -> Any:
        return receive

    def partner(self, site: Any, caller: Caller) -> Partner:
        """A partner that has a token of this caller."""
        token = uuid.uuid4().hex
        self.callers[token] = caller
        return Partner(site, token)


class Partner:
    """A client of an organisation. `token`: what it shows with each request; empty: none."""

    def __init__(self, site: Any, token: str) -> None:
        self.site = site
        self.token = token

    async def get(self, address: str, **headers: str) -> Answer:
        """Asks for something."""
        return await self.send("GET", address, headers=headers)

    async def post(
        self, address: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> Answer:
        """Sends a body: bytes as they are, anything else as JSON. `key`: a new one; empty: none."""
        key = str(uuid.uuid4()) if key is None else key
        sent = headers | ({"idempotency-key": key} if key else {})
        return await self.send("POST", address, body=body, headers=sent)

    async def send(
        self, method: str, address: str, *, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a request. Header names may have `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        content = b""
        if body is not None:
            content = body if isinstance(body, bytes) else msgspec.json.encode(body)
            sent.setdefault("content-type", "application/json")
        return await ask(self.site, address, method=method, headers=sent, body=content)


def json_of(answer: Answer) -> Any:
    """What an answer in JSON says."""
    return msgspec.json.decode(answer.body)


def code_of(answer: Answer) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", (answer.status, answer.body)
    return answer.status, json_of(answer)["code"]
