"""The Idempotency-Key of a POST: the request is done once, and its answer is given again."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import UUID

import msgspec
from litestar.types import HTTPScope, Message, Send

from meterai.api.conventions.bodies import header
from meterai.bootstrap import App
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.idempotency import ANSWER_BYTES_MAX, KeptAnswer, Try, allow_another, begin, keep_answer

_KEY = re.compile(r"[!-~]{1,255}")
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = (b"content-type", b"location", b"preference-applied")


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """The dependency `once` of a handler of POST.

    What the request makes is stored under `id`, which stays the same when the request comes again. With
    `is_repeat` an earlier try may have made it already: look for it first, and answer as if it were new.
    """

    id: UUID
    is_repeat: bool


def key_of(scope: HTTPScope) -> str:
    """The request's Idempotency-Key. Raises: api.key_missing (400) also for one that can't be taken."""
    key = header(scope, b"idempotency-key").strip().strip('"')
    if not _KEY.fullmatch(key):
        raise Refusal(Kind.MALFORMED, "api.key_missing")
    return key


class KeyedRequest:
    """A request with a key: its try, and the answer that is sent."""

    def __init__(self, service: App, owner: UUID, scope: HTTPScope, body: bytes) -> None:
        self._service = service
        self._owner = owner
        self._key = key_of(scope)
        said = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n"
        self._digest = hashlib.sha256(
            said.encode() + header(scope, b"content-type").encode() + b"\n" + body
        ).digest()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: bytearray | None = bytearray()

    async def begin(self) -> Try | KeptAnswer:
        """Begins a try, or returns the answer of an earlier one. Raises: as `idempotency.begin`."""
        now = self._service.clock()
        return await begin(
            self._service.db, self._owner, self._key, digest=self._digest, request_id=new_id(now), now=now
        )

    def noting(self, send: Send) -> Send:
        """A `send` that notes the answer on its way."""

        async def note(message: Message) -> None:
            self._note(message)
            await send(message)

        return note

    def _note(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            named = {bytes(name).lower(): bytes(value).decode() for name, value in message["headers"]}
            self._headers = {name.decode(): named[name] for name in _KEPT_HEADERS if name in named}
        elif message["type"] == "http.response.body" and self._body is not None:
            self._body += message.get("body", b"")
            if len(self._body) > ANSWER_BYTES_MAX:
                self._body = None

    async def end(self) -> None:
        """Keeps the answer of a request that was carried out; lets a refused one be tried again."""
        if 200 <= self._status < 300 and self._body is not None:
            answer = KeptAnswer(status=self._status, headers=self._headers, body=bytes(self._body))
            await keep_answer(self._service.db, self._owner, self._key, answer)
        else:
            await allow_another(self._service.db, self._owner, self._key, self._service.clock())
