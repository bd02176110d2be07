"""The port of a process for monitors: is it alive, can it do its work now, what has it done?

`/healthz` answers while the process serves. `/readyz` asks each part that the role needs: 200, or 503 with
what is missing. `/metrics` gives what this process counted (prometheus-client). Nothing of it is secret.
docs/decisions/0045 says why each process has its own small server.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, Gauge, generate_latest

from meterai.kernel.refusals import Refusal

log = structlog.get_logger(__name__)

HOST: Final = "127.0.0.1"
PART_SECONDS_MAX: Final = 2.0
"""A part that answers later counts as missing. Monitors wait for some seconds."""
_KNOWN_SECONDS: Final = 1.0
"""How long an answer of the parts is told again: many who ask must not load the database."""
_REQUEST_SECONDS: Final = 5.0
_HEAD_BYTES_MAX: Final = 8_192
_AT_ONCE: Final = 32
_TEXT: Final = "text/plain; charset=utf-8"

Check = Callable[[], Awaitable[None]]
"""Returns when its part can do its work now, and raises when it can't: `NotReady`, a refusal or any error."""


class NotReady(Exception):
    """A part can't do its work now. The text says why, in a few words that anybody may read."""


_READY = Gauge("meterai_ready", "The process and the part that it needs can do their work.", ["role", "part"])


class Readiness:
    """The parts that a role needs. `clock` returns seconds from any start."""

    def __init__(
        self, role: str, parts: Mapping[str, Check], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.role = role
        self._parts = parts
        self._clock = clock
        self._known: dict[str, str] = {}
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def missing(self) -> dict[str, str]:
        """What is missing now and why, by part. The answer may be a second old."""
        async with self._asking:
            if self._clock() >= self._until:
                whys = await asyncio.gather(*(_why_missing(check) for check in self._parts.values()))
                self._known = {part: why for part, why in zip(self._parts, whys, strict=True) if why}
                self._until = self._clock() + _KNOWN_SECONDS
                for part in self._parts:
                    _READY.labels(self.role, part).set(part not in self._known)
        return self._known


async def _why_missing(check: Check) -> str:
    """The reason; for an error of others only its kind: its text may name what is nobody's business."""
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            await check()
    except NotReady as reason:
        return str(reason)
    except Refusal as refusal:
        return refusal.code
    except Exception as error:
        return type(error).__name__
    return ""


@asynccontextmanager
async def role_port(setting: str, role: str, **parts: Check) -> AsyncIterator[None]:
    """Serves the port while the block runs. Without the port the process does its work all the same.

    `setting`: METERAI_ROLE_PORT; 0: none. `parts`: how each part that the role needs is asked.
    """
    host, port = host_of(setting), port_of(setting)
    server = await _open(host, port, Readiness(role, parts)) if port else None
    try:
        yield
    finally:
        if server is not None:
            server.close()


def port_of(setting: str) -> int:
    """The port that METERAI_ROLE_PORT names, as a number or as a sum."""
    return sum(int(number) for number in setting.rpartition(":")[2].split("+"))


def host_of(setting: str) -> str:
    """The address that METERAI_ROLE_PORT names before the port; this machine alone if none."""
    return setting.rpartition(":")[0].strip("[]") or HOST


def writable(folder: Path) -> Check:
    """Asks whether this process may write in a folder, or make it."""

    def is_writable() -> bool:
        there = folder if folder.exists() else folder.parent
        return os.access(there, os.R_OK | os.W_OK | os.X_OK)

    async def check() -> None:
        if not await asyncio.to_thread(is_writable):
            raise NotReady("can't be written")

    return check


async def _open(host: str, port: int, readiness: Readiness) -> asyncio.Server | None:
    places = asyncio.Semaphore(_AT_ONCE)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_REQUEST_SECONDS), places:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await answer(head, readiness))
                await writer.drain()
        writer.close()

    try:
        return await asyncio.start_server(talk, host, port, limit=_HEAD_BYTES_MAX)
    except (OSError, OverflowError) as error:
        log.error("role_port_not_opened", port=port, reason=str(error))
        return None


async def answer(head: bytes, readiness: Readiness) -> bytes:
    """Answers one request (RFC 9112), and asks the client to end the connection."""
    method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    if method not in (b"GET", b"HEAD"):
        return _response(HTTPStatus.METHOD_NOT_ALLOWED, "GET or HEAD\n")
    match rest.partition(b" ")[0].partition(b"?")[0]:
        case b"/healthz":
            response = _response(HTTPStatus.OK, "ok\n")
        case b"/readyz":
            response = _readiness(await readiness.missing())
        case b"/metrics":
            await readiness.missing()
            response = _response(HTTPStatus.OK, generate_latest(REGISTRY), CONTENT_TYPE_PLAIN_0_0_4)
        case _:
            response = _response(HTTPStatus.NOT_FOUND, "/healthz, /readyz or /metrics\n")
    return response if method == b"GET" else response[: response.index(b"\r\n\r\n") + 4]


def _readiness(missing: Mapping[str, str]) -> bytes:
    if not missing:
        return _response(HTTPStatus.OK, "ok\n")
    lines = "".join(f"{part}: {why}\n" for part, why in sorted(missing.items()))
    return _response(HTTPStatus.SERVICE_UNAVAILABLE, lines)


def _response(status: HTTPStatus, body: str | bytes, kind: str = _TEXT) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(content)}\r\ncache-control: no-store\r\n"
        "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + content
