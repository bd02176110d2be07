"""Calls outside services: short time-outs, bounded answers, no redirects, a circuit breaker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Gauge

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.measures import seconds
from meterai.kit.tracing.spans import current_traceparent, span

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger(__name__)

_CALLS = seconds("outside_call", "Time of calls to services outside.", "service", "outcome")
BREAKERS = Gauge("meterai_breaker_open", "Calls to this service are held back: it fails.", ["service"])


def load() -> None:
    """Loads the HTTP client, which takes a sixth of a second.

    Commands that make no call do without it. Servers load it at start, before anybody waits.
    """
    import aiohttp  # noqa: F401


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a service: a status below 500 and the whole body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How much a call may take."""

    connect_seconds: float = 2
    total_seconds: float = 8
    body_bytes_max: int = 256 * 1024
    connections_max: int = 32


class CircuitBreaker:
    """Stops calls to a service that fails, so that pages stay fast and the service can recover.

    It opens for `open_seconds` after `failures_max` failures in a row. Then one call is let through, and its
    success closes the breaker. `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        *,
        failures_max: int = 5,
        open_seconds: float = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures_max = failures_max
        self.open_seconds = open_seconds
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0

    @property
    def has_tripped(self) -> bool:
        """Whether calls are held back until one succeeds."""
        return self._failures >= self.failures_max

    @property
    def is_open(self) -> bool:
        """Whether no call goes out now. False when a trial is due."""
        return self.has_tripped and self._clock() < self._closed_from

    def admit(self) -> bool:
        """Tells whether a call may go out now. While open, one call per `open_seconds` is let through."""
        if self._failures < self.failures_max:
            return True
        if self.is_open:
            return False
        self._closed_from = self._clock() + self.open_seconds
        return True

    def record(self, *, success: bool) -> None:
        """Notes how a call ended."""
        if success:
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= self.failures_max:
            self._closed_from = self._clock() + self.open_seconds


class OutsideService:
    """An outside service that speaks HTTP. It keeps connections open until `close()`.

    `call` raises Refusal(UNAVAILABLE, unavailable_code) in these cases:
    - no connection, a broken one, or a time-out;
    - a status of 500 or more, or a redirect;
    - a body over the limit;
    - an open circuit breaker.

    The refusal's fact `sent` says whether the request may have arrived. `name`: of the service in metrics;
    empty: the first word of the code. `tells_trace`: requests name the trace that they belong to, if any.
    """

    def __init__(
        self,
        base_url: str,
        *,
        unavailable_code: str,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        limits: CallLimits | None = None,
        breaker: CircuitBreaker | None = None,
        tells_trace: bool = False,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.unavailable_code = unavailable_code
        self.name = name or unavailable_code.partition(".")[0]
        self.limits = limits or CallLimits()
        self.breaker = breaker or CircuitBreaker()
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "meterai", **(headers or {})}
        self._tells_trace = tells_trace
        self._session: aiohttp.ClientSession | None = None
        BREAKERS.labels(self.name).set(self.breaker.has_tripped)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
    ) -> Answer:
        """Sends one request and reads its whole answer.

        `repeat`: the request may arrive twice, so it is sent again when a connection that was kept open is
        dead.
        """
        with span(f"call {self.name}", kind="client", service=self.name, method=method) as measured:
            if self._tells_trace and (traceparent := current_traceparent()):
                headers = {**(headers or {}), "traceparent": traceparent}
            answer = await self._call(method, path, body, headers, repeat)
            measured.note(status=answer.status)
            return answer

    async def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None, repeat: bool
    ) -> Answer:
        if not self.breaker.admit():
            raise self._unavailable("breaker_open", sent=False)
        import aiohttp

        began = time.perf_counter()
        try:
            answer = await self._send(method, path, body, headers, repeat)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._record(began, "no_answer", success=False)
            sent = not isinstance(error, _errors_before_sending())
            raise self._unavailable(type(error).__name__, sent=sent) from error
        self._record(began, f"{answer.status // 100}xx", success=answer.status < 500)
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise self._unavailable(f"status_{answer.status}")
        return answer

    def _record(self, began: float, outcome: str, *, success: bool) -> None:
        self.breaker.record(success=success)
        BREAKERS.labels(self.name).set(self.breaker.has_tripped)
        _CALLS.labels(self.name, outcome).observe(time.perf_counter() - began)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None, repeat: bool
    ) -> Answer:
        import aiohttp

        gone: aiohttp.ServerDisconnectedError | None = None
        for _ in range(3):
            try:
                return await self._exchange(method, path, body, headers)
            except aiohttp.ServerDisconnectedError as error:
                gone = error
                if not repeat:
                    break
            except _errors_before_sending() as error:
                if gone is None:
                    raise
                raise gone from error  # it may have arrived the first time
        assert gone is not None
        raise gone

    async def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> Answer:
        async with self._open().request(
            method, self.base_url + path, data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.content_type, await self._read(response))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self.limits.body_bytes_max:
                response.close()
                raise ValueError("body over the limit")
            chunks.append(chunk)
        return b"".join(chunks)

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            limits = self.limits
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections_max, keepalive_timeout=20),
                timeout=aiohttp.ClientTimeout(
                    total=limits.total_seconds, sock_connect=limits.connect_seconds
                ),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a small packed answer must not become a large one
                trust_env=False,
            )
        return self._session

    def _unavailable(self, reason: str, *, sent: bool = True) -> Refusal:
        if reason != "breaker_open":  # one line per real failure is enough
            log.warning("outside_service_unavailable", code=self.unavailable_code, reason=reason)
        return Refusal(Kind.UNAVAILABLE, self.unavailable_code, reason=reason, sent=sent)


def _errors_before_sending() -> tuple[type[Exception], ...]:
    """The errors that mean that no connection was made."""
    import aiohttp

    return aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError
