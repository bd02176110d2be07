"""A real service behind a real gate; the tests play the controller.

They close windows of two seconds, call people, and open and close the admissions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from meterai.kit.database import connect
from meterai.kit.installation import owner_url
from meterai.kit.settings import Settings
from meterai.sales.events import EXAMPLE
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.store import queues
from tests.players.queue_twin import GateProcess, Queue
from tests.ports import free_port
from tests.running_service import RunningService, running_service


class QueuedSite:
    """The queue of `casn` in front of a running service."""

    def __init__(self, service: RunningService, queue: Queue, gate: str) -> None:
        self.service, self.queue, self.gate = service, queue, gate
        self._url = owner_url(Settings(data=service.data))
        self._closed_through = 0
        self._state = QueueState.OPEN
        self._front = (0, 0)
        self.run(self._add_queue())

    def run(self, work: Any) -> Any:
        """Runs a coroutine beside Playwright's own loop."""
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(asyncio.run, work).result()

    def tell(self, statement: str, *values: object) -> None:
        """Changes the database as the controller would."""

        async def execute() -> None:
            connection = await asyncpg.connect(self._url)
            await connection.execute(statement, *values)
            await connection.close()

        self.run(execute())

    def publish(self, state: QueueState | None = None) -> None:
        """Publishes a status that agrees with the database."""
        self._state = state or self._state
        self.tell(
            "UPDATE waiting_room.queue SET state = $1, frontier_window = $2, frontier_x = $3::int",
            self._state,
            *self._front,
        )
        closes = self.queue.schedule.closes_at
        self.queue.status(state=self._state, frontiers=[self._front, (0, 0)], closes_at=closes, poll=(1, 2))

    def close_windows(self) -> None:
        """Waits for the end of the current window, and draws all windows up to it."""
        schedule = self.queue.schedule
        last = 1 + (int(time.time()) - schedule.opens_at) // schedule.window_s
        deadline = time.monotonic() + 20
        while self.queue.count_of(1, last) is None:
            assert time.monotonic() < deadline, "the gate did not close its window"
            time.sleep(0.1)
        for window in range(self._closed_through + 1, last + 1):
            self.queue.close(window, [1])
        self._closed_through = last
        self.publish()

    def call_everybody(self) -> None:
        """Calls everybody in the closed windows."""
        self._front = (self._closed_through + 1, 0)
        self.publish()

    def open_door(self, rate: float = 6_000) -> None:
        """Lets `per_minute` people a minute enter."""
        self.tell(
            "UPDATE waiting_room.door SET rate = $1, new_level = 100, filled_at = $2", rate, time.time()
        )

    def fill_door(self) -> None:
        """Fills the admissions for hours."""
        self.tell(
            "UPDATE waiting_room.door SET rate = 60, new_level = 0, returner_level = 0, filled_at = $1",
            time.time() + 9_999,
        )

    def set_closing(self, closes_at: int) -> None:
        """Moves the closing time."""
        self.tell(
            "UPDATE waiting_room.queue"
            " SET schedule = jsonb_set(schedule, '{closes_at}', to_jsonb($1::bigint))",
            closes_at,
        )

    async def _add_queue(self) -> None:
        db = await connect(self._url)
        async with db.transaction() as tx:
            await queues.add_queue(
                tx, "casn", self.queue.schedule, Policy(), is_on=True, now=datetime.now(UTC)
            )
        await db.close()


@contextmanager
def open_queued_site(folder: Path) -> Iterator[QueuedSite]:
    """Starts service, gate and queue, and stops them at the end."""
    port = free_port()
    gate_url = f"http://localhost:{port}"
    now = int(time.time()) - 30
    queue = Queue(folder / "queue", Schedule(joins_from=now, opens_at=now, closes_at=now + 7_200, window_s=2))
    events = folder / "events.toml"
    events.write_text(EXAMPLE.read_text().partition("[event.queue]")[0])
    settings = {
        "METERAI_QUEUE_FOLDER": str(folder / "queue"),
        "METERAI_GATE_URL": gate_url,
        "METERAI_EVENTS_FILE": str(events),
        "METERAI_GATE_PROCESSES": "0",
        "METERAI_QUEUE_PROCESSES": "0",
    }
    with running_service(settings) as service:
        gate = GateProcess(
            folder / "queue", gate_url=gate_url, public_url=service.addresses.site, events_file=str(events)
        )
        gate.port, gate.url = port, gate_url
        queued_site = QueuedSite(service, queue, gate_url)
        queued_site.open_door()
        queued_site.publish(QueueState.OPEN)
        with gate:
            yield queued_site
