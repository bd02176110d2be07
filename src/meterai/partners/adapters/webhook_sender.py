"""Sends messages to addresses that partners name: outer addresses only, no redirect, the status alone."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from meterai.kit.http.outer_addresses import InnerAddress, guarded_sockets
from meterai.partners.webhooks.model import Answer

if TYPE_CHECKING:
    import aiohttp

TOTAL_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 5.0
CONNECTIONS_MAX: Final = 512
_NAMES_KEPT_SECONDS: Final = 10


class WebhookSender:
    """An HTTP client for messages. Connections are kept for a while and reused."""

    def __init__(self, *, loopback_is_outer: bool, total_seconds: float = TOTAL_SECONDS) -> None:
        self._loopback_is_outer = loopback_is_outer
        self._total_seconds = total_seconds
        self._session: aiohttp.ClientSession | None = None
        self._threads = ThreadPoolExecutor(CONNECTIONS_MAX, thread_name_prefix="webhook-names")

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends one message. The status decides; nothing is read of the answer's body."""
        began = time.monotonic()
        answer = await self._try(url, headers, body)
        return Answer(
            status=answer.status,
            trouble=answer.trouble,
            retry_after_s=answer.retry_after_s,
            milliseconds=round((time.monotonic() - began) * 1_000),
        )

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _try(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        import aiohttp

        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as response:
                asked = response.headers.get("Retry-After", "")
                return Answer(status=response.status, retry_after_s=_seconds(asked, datetime.now(UTC)))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Answer(trouble=_trouble(error))

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS_MAX,
                    resolver=_resolver(self._threads),
                    ttl_dns_cache=_NAMES_KEPT_SECONDS,
                    socket_factory=guarded_sockets(loopback_is_outer=self._loopback_is_outer),
                    keepalive_timeout=5,
                ),
                timeout=aiohttp.ClientTimeout(total=self._total_seconds, sock_connect=CONNECT_SECONDS),
                headers={
                    "Accept-Encoding": "identity",
                    "Content-Type": "application/json",
                    "User-Agent": "Meterai-Webhooks/1",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


def _resolver(threads: ThreadPoolExecutor) -> Any:
    """Resolves names in threads of its own: a name server that hangs holds up nobody else's names."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
            found = await asyncio.get_running_loop().run_in_executor(threads, look_up)
            return [
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=of_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
                for of_family, _, protocol, _, address in found
            ]

        async def close(self) -> None:
            """The threads belong to the sender."""

    return Resolver()


def _trouble(error: Exception) -> str:
    """Our code for a request that got no answer."""
    import aiohttp

    if isinstance(error, TimeoutError):
        return "timed_out"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls_failed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name_unknown"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, InnerAddress):
        return "inner_address"
    if isinstance(error, aiohttp.ClientConnectorError | OSError):
        return "not_reached"
    return "broken_answer"


def _seconds(asked: str, now: datetime) -> float:
    """The wait that a Retry-After asks for (RFC 9110 section 10.2.3); 0 when it is missing or unreadable."""
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        return max(0.0, (parsedate_to_datetime(asked) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
