"""A whole queue for tests: a database, real gates, real controllers. The test states the site's load."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from meterai.kernel.refusals import Refusal
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.tickets import Ticket, decode_ticket
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.players.queue_twin import GateProcess
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_log import QueueLog
from tests.waiting_room.wishes import wish

CALM = SiteLoad(p95_ms=20, in_flight=1, requests=50, faults=0, entered={})


@dataclass
class Controller:
    """A real controller process."""

    urls: str
    root: Path
    data: Path
    fail_point: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        (self.data / "run").mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "METERAI_DATABASE_CONTROLLER_URL": self.urls,
            "METERAI_QUEUE_FOLDER": str(self.root),
            "METERAI_DATA": str(self.data),
            "METERAI_FAIL_POINT": self.fail_point,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "meterai.processes.controller"], env=environment
        )

    def end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends it."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
            if sign is signal.SIGSTOP:
                return
        self.process.wait(60)


class RunningQueue(QueueLog):
    """One event with its queue. `load`: the site's report about itself, once a second."""

    def __init__(self, database: TestDatabase, root: Path, event: str = "casn") -> None:
        self.database = database
        self.root = root / "queue"
        self.data = root / "data"
        self.event = event
        self.load: SiteLoad | None = CALM
        self.folder = QueueFolder(self.root / event)
        self.seen: list[Status] = []
        """Every status that was published, in order."""
        self._processes: list[Controller | GateProcess] = []

    async def open(
        self, schedule: Schedule, policy: Policy | None = None, *, is_on: bool = True, always: bool = False
    ) -> None:
        """Makes the event and its queue. `always`: everybody stands in line from the beginning."""
        await set_events(self.database.app, load_events())
        await self.set_policy(schedule, policy or Policy(), is_on=is_on)
        if always:
            await self.wish("always_in_line", True)

    async def set_policy(self, schedule: Schedule, policy: Policy, *, is_on: bool = True) -> None:
        """Sets the queue's policy."""
        now = datetime.now(UTC)
        await set_queue(self.database.app, self.event, schedule, policy, is_on=is_on, now=now)

    async def cap(self, people_a_minute: int | None) -> None:
        """Sets the operator's cap; 0 holds everybody."""
        await self.wish("rate_cap", people_a_minute)

    async def wish(self, column: str, value: object) -> None:
        """What an operator wants."""
        await wish(self.database.app, self.event, column, value, now=datetime.now(UTC))

    def controller(self, fail_point: str = "") -> Controller:
        """Starts a controller."""
        started = Controller(self.database.urls.controller, self.root, self.data, fail_point)
        self._processes.append(started)
        return started

    def gate(self, number: int = 1) -> GateProcess:
        """Starts a gate and waits until it answers."""
        gate = GateProcess(self.root, number=number)
        gate.start()
        self._processes.append(gate)
        return gate

    async def join(self, gate: GateProcess, contact: str) -> tuple[Ticket, str]:
        """Takes a ticket. Returns it, and its text."""
        for _ in range(600):
            with suppress(HTTPError):  # a gate looks for new queues four times a second
                text = await asyncio.to_thread(_join, gate.url, self.event, contact)
                return decode_ticket(text), text
            await asyncio.sleep(0.1)
        raise AssertionError("the gate gives no tickets")

    # ------------------------------------------------------------- observing

    def status(self) -> Status | None:
        """The published status."""
        with suppress(OSError, Refusal):
            self.folder.config.stat()  # before it exists, the controller may be making the keys
            key = self.folder.keys().controller.public_key()
            return published_documents.read(self.folder.status.read_bytes(), Status, key)
        return None

    async def until(self, what: Callable[[Status], bool], seconds: float = 90) -> Status:
        """Returns the first status that fulfils this condition."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status()
            if status is not None and what(status):
                return status
            await asyncio.sleep(0.05)
        raise AssertionError(f"never: the status is {self.status()}")

    async def _beat(self) -> None:
        while True:
            if self.load is not None:
                await report_site_load(self.database.app, "test", self.load)
            await asyncio.sleep(0.5)

    async def _watch(self) -> None:
        while True:
            status = self.status() if self.folder.status.exists() else None
            if status is not None and (not self.seen or status.sequence != self.seen[-1].sequence):
                self.seen.append(status)
            await asyncio.sleep(0.05)

    def stop(self) -> None:
        """Ends every process."""
        for process in self._processes:
            if isinstance(process, Controller):
                process.process.send_signal(signal.SIGCONT) if process.process.poll() is None else None
                process.end(signal.SIGKILL)
            else:
                process.stop(signal.SIGTERM)


@asynccontextmanager
async def running_queue(database: TestDatabase, root: Path) -> AsyncIterator[RunningQueue]:
    """A running service whose site reports, until the end of the block."""
    running = RunningQueue(database, root)
    tasks = [asyncio.create_task(running._beat()), asyncio.create_task(running._watch())]
    try:
        yield running
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(running.stop)
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, Exception):  # what a test sees without it is nothing to go by
                raise end


def schedule_now(*, open_s: int = 3_600, window_s: int = 1, lottery_s: int = 0) -> Schedule:
    """Opens now, or after a lottery."""
    now = int(time.time())
    return Schedule(
        joins_from=now, opens_at=now + lottery_s, closes_at=now + lottery_s + open_s, window_s=window_s
    )


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def _join(url: str, event: str, contact: str) -> str:
    body = urlencode({"kontak": contact}).encode()
    request = Request(f"{url}/antre/{event}", data=body, headers={"Origin": url, "Referer": url})
    try:
        with build_opener(_Stays).open(request, timeout=60) as answer:
            raise AssertionError(f"no ticket: {answer.status} {answer.read()[:2000]!r}")
    except HTTPError as error:
        found = re.search(r"/t/([A-Za-z0-9_-]{128})", error.headers.get("location", ""))
        if not found:
            raise
        return found[1]
