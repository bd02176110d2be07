"""Notes the requests of partners: their ids, how they were answered, and how long it took.

Requests wait for no note: a task writes those of half a second in one statement.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from litestar.types import Message, Send

from meterai.api.access.caller import Caller
from meterai.api.conventions.problems import MEDIA_TYPE
from meterai.kernel.ids import new_id
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.partners.usage.model import ApiRequest
from meterai.partners.usage.note_requests import note_requests

log = structlog.get_logger(__name__)

REQUEST_ID: Final = "Request-Id"
_EVERY_S: Final = 0.5
WAITING_MAX: Final = 2_000
"""Requests beyond this, in half a second of one process, are not noted."""


class _Coded(msgspec.Struct):
    code: str = ""


class Noted:
    """A request while it is answered. It has an id, which its answer names."""

    def __init__(self, now: datetime) -> None:
        self.id: UUID = new_id(now)
        self._at = now
        self._began = time.monotonic()
        self._status = 500
        self._code: str | None = None
        self._is_problem = False

    @property
    def header(self) -> dict[str, str]:
        """The header of its answer."""
        return {REQUEST_ID: write_id(Prefix.REQUEST, self.id)}

    def watching(self, send: Send) -> Send:
        """A `send` that notes how the request is answered."""

        async def watch(message: Message) -> None:
            self._watch(message)
            await send(message)

        return watch

    def _watch(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._is_problem = any(
                bytes(name).lower() == b"content-type" and bytes(value).startswith(MEDIA_TYPE.encode())
                for name, value in message["headers"]
            )
        elif self._is_problem and self._code is None and message.get("body"):
            self._code = msgspec.json.decode(message["body"], type=_Coded).code or None

    def as_answered(self, caller: Caller, method: str, path: str) -> ApiRequest:
        """What is kept of it. `path`: as its handler declares it."""
        return ApiRequest(
            id=self.id,
            organisation_id=caller.organisation_id,
            client_id=caller.client_id,
            at=self._at,
            method=method,
            path=_template(path),
            status=self._status,
            code=self._code,
            milliseconds=int((time.monotonic() - self._began) * 1000),
        )


@cache
def _template(path: str) -> str:
    return re.sub(r":\w+}", "}", path)


class RequestLog:
    """The requests of one process that are not written yet."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[ApiRequest] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, request: ApiRequest) -> None:
        """Notes a request. It is written within half a second, or lost when the process ends before."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(request)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(_EVERY_S)
        self._writing = None
        await self.write()

    async def write(self) -> None:
        """Writes what waits. While the database does not answer it is left out."""
        requests, self._waiting = self._waiting, []
        if not requests:
            return
        try:
            await note_requests(self._db, requests)
        except DATABASE_IS_DOWN:
            log.info("api_requests_not_noted", count=len(requests))
