"""The Idempotency-Key of a POST: the request is done once, and its answer is given again."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from litestar.types import HTTPScope, Message, Send

from meterai.api.conventions.bodies import header
from meterai.bootstrap import App
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import is_outage, log_trouble
from meterai.kit.idempotency import (
    ANSWER_BYTES_MAX,
    RUNNING_MAX,
    KeptAnswer,
    Try,
    allow_another,
    begin,
    keep_answer,
)

log = structlog.get_logger(__name__)

_KEY = re.compile(r"[!-~]{1,255}")
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = (b"content-type", b"location", b"preference-applied")
AGAIN_S: Final = 1.0
"""Between two tries to tell the database how a try ended."""


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


class LateEnds:
    """Ends of tries that the database may not have heard of. Each is told again until it answers.

    Else a client that asks again after an outage would read `api.key_running` until its try counts as dead.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, end: Callable[[], Awaitable[None]]) -> None:
        """Tells an end from now on. Lost when the process ends before."""
        task = asyncio.create_task(_tell(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _tell(end: Callable[[], Awaitable[None]]) -> None:
    for _ in range(int(RUNNING_MAX.total_seconds() / AGAIN_S)):
        await asyncio.sleep(AGAIN_S)
        try:
            await end()
        except Exception as error:
            if not is_outage(error):
                raise
        else:
            return


class KeyedRequest:
    """A request with a key: its try, and the answer that is sent."""

    def __init__(self, service: App, owner: UUID, scope: HTTPScope, body: bytes, *, late: LateEnds) -> None:
        self._service = service
        self._owner = owner
        self._late = late
        self._until = service.clock() + RUNNING_MAX
        """When its try has died."""
        self._key = key_of(scope)
        said = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n"
        self._digest = hashlib.sha256(
            said.encode() + header(scope, b"content-type").encode() + b"\n" + body
        ).digest()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: bytearray | None = bytearray()

    async def begin(self) -> Try | KeptAnswer:
        """Begins a try, or returns the answer of an earlier one. Raises: as `idempotency.begin`.

        After an outage it may have begun. Then it is ended as soon as the database answers.
        """
        now = self._service.clock()
        try:
            return await begin(
                self._service.db,
                self._owner,
                self._key,
                digest=self._digest,
                request_id=new_id(now),
                now=now,
                until=self._until,
            )
        except Exception as error:
            if is_outage(error):
                self._late.add(self._allow_another)
            raise

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
        is_done = 200 <= self._status < 300 and self._body is not None
        end = self._keep_answer if is_done else self._allow_another
        try:
            await end()
        except Exception as error:
            if not is_outage(error):
                raise
            log_trouble(log, error, outage="unavailable", fault="fault")
            self._late.add(end)

    async def _keep_answer(self) -> None:
        assert self._body is not None
        answer = KeptAnswer(status=self._status, headers=self._headers, body=bytes(self._body))
        await keep_answer(self._service.db, self._owner, self._key, answer)

    async def _allow_another(self) -> None:
        service = self._service
        await allow_another(service.db, self._owner, self._key, until=self._until, now=service.clock())
