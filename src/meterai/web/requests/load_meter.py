"""Measures the load of purchases and stamping in this process: latency and requests in flight.

A request's time runs from its last byte to the start of its answer, so slow phones and slow links do not
count. Four kinds of requests are left out. Verification has its own share of the machine. Pages for people
in line must not be called faster because they refuse quickly. Metrics wait for parts of the service that are
down. Signing in the cloud waits for a worker.

Requests with a file are few and take longest: among all requests, a p95 would leave them out. When there are
enough of them they get a p95 of their own, and the worse one is reported.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meterai.waiting_room.control.site_load import SITE_WINDOW_S, SiteLoad
from meterai.web.requests.request_times import DOOR, observe

ENTERED_S = 20
FILES_MIN = 20
"""Requests with a file that must have been answered. A p95 of fewer says more of their files than of the
site.
"""
TURNS = 10
"""How often an upload waits for the event loop until its answer: body, database, jail, database.

No measured time contains the waits before the body has arrived; a late event loop shows them.
"""
_LAGS_A_SECOND = 10
_FAULT = 500
_APART = (
    "/periksa",
    "/api/v1/verifications",
    "/api/v1/metrics",
    "/antre",
    "/wire/stampservice/keystamp/adapter",
)


class LoadMeter:
    """ASGI middleware that measures.

    `entered` returns the number of people who came in without a pass so far, by event. `begun` returns the
    number of forms that they may go on with. Requests whose addresses begin with `apart` are no load, but
    their times are counted, too (`request_times`). `clock` returns seconds from any start.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        entered: Callable[[], Mapping[str, int]],
        *,
        begun: Callable[[], Counter[str]] = Counter,
        apart: tuple[str, ...] = _APART,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._apart = apart
        self.clock = self._clock = clock
        self._entered = entered
        self._begun, self._told = begun, Counter[str]()
        self._flying: dict[_Request, float] = {}
        self._changed_at = clock()
        self._now = _Second()
        self._past: deque[_Second] = deque(maxlen=SITE_WINDOW_S)
        self._ticked_at = self._changed_at
        self._came: deque[tuple[float, dict[str, int]]] = deque(maxlen=ENTERED_S + 1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Passes a request on and measures it."""
        path: str = scope.get("path", "")
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_load = not path.startswith(self._apart) and DOOR not in path
        visit = _Request(self, receive, send, has_file=_has_file(scope), path=path, is_load=is_load)
        if scope["method"] in ("GET", "HEAD"):
            visit.arrived()
        try:
            await self._app(scope, visit.receive, visit.send)
        finally:
            visit.answered(_FAULT)  # counts when nothing was answered

    def tick(self, *, lag_s: float, monotonic: float) -> SiteLoad:
        """Reports the last `SITE_WINDOW_S` seconds. Call it once a second. `lag_s`: how late the event loop
        is.
        """
        now = self._clock()
        self._count_until(now)
        self._now.took = now - self._ticked_at
        self._past.append(self._now)
        self._now, self._ticked_at = _Second(), now
        times = [time for second in self._past for time in second.times]
        files = [time for second in self._past for time in second.files]
        p95 = max(lag_s, self._p95_so_far(times, now, files_only=False))
        if len(files) >= FILES_MIN:
            p95 = max(p95, TURNS * lag_s, self._p95_so_far(files, now, files_only=True))
        return SiteLoad(
            p95_ms=p95 * 1000,
            in_flight=sum(second.waited for second in self._past)
            / (sum(second.took for second in self._past) or 1),
            requests=len(times),
            faults=sum(second.faults for second in self._past),
            entered=self._entered_per_min(monotonic),
            begun=dict(self._begun() - self._told),
        )

    def note_told(self, load: SiteLoad) -> None:
        """Notes that a report has arrived. What it counts is not told again."""
        self._told.update(load.begun)

    def _p95_so_far(self, times: list[float], now: float, *, files_only: bool) -> float:
        """The p95 of times until the answer. Requests in flight count if they have waited longer than the p95
        already.
        """
        p95 = _p95(times)
        waiting = (now - since for one, since in self._flying.items() if one.has_file or not files_only)
        return _p95([*times, *(waited for waited in waiting if waited > p95)])

    def _entered_per_min(self, monotonic: float) -> dict[str, float]:
        self._came.append((monotonic, dict(self._entered())))
        since, before = self._came[0]
        seconds = monotonic - since
        if seconds <= 0:
            return {}
        now = self._came[-1][1]
        rates = {event: (count - before.get(event, 0)) * 60 / seconds for event, count in now.items()}
        return {event: rate for event, rate in rates.items() if rate > 0}

    def began(self, request: _Request) -> None:
        """Notes that a whole request has arrived."""
        now = self._clock()
        self._count_until(now)
        self._flying[request] = now

    def ended(self, request: _Request, status: int) -> None:
        """Notes that its answer begins."""
        now = self._clock()
        self._count_until(now)
        took = now - self._flying.pop(request)
        self._now.times.append(took)
        if request.has_file:
            self._now.files.append(took)
        if status >= _FAULT:
            self._now.faults += 1

    def _count_until(self, now: float) -> None:
        """Adds the seconds that requests in flight have waited since the last call."""
        self._now.waited += len(self._flying) * (now - self._changed_at)
        self._changed_at = now


@dataclass(slots=True)
class _Second:
    """What was measured in about one second."""

    times: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    """The part of `times` that belongs to requests with a file."""
    faults: int = 0
    waited: float = 0.0
    """In seconds, of all requests together."""
    took: float = 0.0


def _has_file(scope: Any) -> bool:
    """Tells whether a request brings a file, by its content type."""
    if scope["method"] != "POST":
        return False
    return any(
        name == b"content-type" and value.startswith((b"multipart/", b"application/pdf"))
        for name, value in scope["headers"]
    )


def _p95(times: list[float]) -> float:
    return sorted(times)[len(times) * 95 // 100] if times else 0.0


class _Request:
    __slots__ = (
        "_arrived_at", "_is_answered", "_is_load", "_meter", "_path", "_receive", "_send", "has_file"
    )  # fmt: skip

    def __init__(
        self,
        meter: LoadMeter,
        receive: Any,
        send: Any,
        *,
        has_file: bool,
        path: str = "",
        is_load: bool = True,
    ) -> None:
        self.has_file = has_file
        self._is_load = is_load
        self._meter, self._path, self._receive, self._send = meter, path, receive, send
        self._arrived_at: float | None = None
        self._is_answered = False

    def arrived(self) -> None:
        if self._arrived_at is None:
            self._arrived_at = self._meter.clock()
            if self._is_load:
                self._meter.began(self)

    def answered(self, status: int) -> None:
        if self._arrived_at is not None and not self._is_answered:
            self._is_answered = True
            if self._is_load:
                self._meter.ended(self, status)
            observe(self._path, status, self._meter.clock() - self._arrived_at)

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.arrived()
        return message

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.answered(message["status"])
        await self._send(message)


async def report(meter: LoadMeter, put: Callable[[SiteLoad], Any]) -> None:
    """Reports once a second until cancelled. When `put` fails, the controller misses that second."""
    lag_s, pause = 0.0, 1 / _LAGS_A_SECOND
    while True:
        await put(meter.tick(lag_s=lag_s, monotonic=time.monotonic()))
        late = 0.0
        for _ in range(_LAGS_A_SECOND):
            before = time.monotonic()
            await asyncio.sleep(pause)
            late += max(0.0, time.monotonic() - before - pause)
        lag_s = late / _LAGS_A_SECOND
