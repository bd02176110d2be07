"""Two hosts of one line for tests: one with a gate, one with a controller's folder."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.gate_inbox import GateInbox
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.files.gate_journal import read_joins
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import GateSign, Gathered, gather, sign_of
from meterai.waiting_room.rules.tickets import Ticket
from tests.gate.visitor import get, join
from tests.nats_server import NatsServer
from tests.players.queue_twin import GateProcess, Queue, schedule_from


@dataclass
class Hosts:
    """`front`: the folder of the gate's host. `centre`: that of the controller, or the same one."""

    front: Path
    queue: Queue
    server: NatsServer | None
    window_s: int
    _gates: list[GateProcess] = field(default_factory=list)

    @property
    def centre(self) -> QueueFolder:
        """The event's folder of the controller."""
        return self.queue.folder

    @property
    def at_front(self) -> QueueFolder:
        """The event's folder of the gate."""
        return QueueFolder(self.front / "casn")

    def publish(self) -> None:
        """Brings what the controller published, and the gates' keys, to the gate's host."""
        if self.front != self.queue.root:
            publish_to(self.front, self.queue)

    def gate(self, number: int = 1, *, root: Path | None = None, host: str = "front") -> GateProcess:
        """Starts a gate."""
        settings = {"host_name": host} | ({"nats_url": self.server.url} if self.server else {})
        gate = GateProcess(root or self.front, number=number, **settings)
        gate.start()
        self._gates.append(gate)
        return gate

    async def joined(self, gate: GateProcess, *names: str) -> list[Ticket]:
        """People take a ticket each. Waits for the gate to open."""
        await until(lambda: get(gate.port, "/antre/casn").status == 200)
        return [join(gate.port, f"{name}@contoh.id").read for name in names]

    async def over(self, window: int) -> None:
        """Waits for the end of a window."""
        schedule = self.queue.schedule
        ends_at = schedule.opens_at + window * self.window_s
        await asyncio.sleep(max(0.0, ends_at - time.time()))

    def gathered(self, window: int) -> Gathered | None:
        """What the controller finds of a window, by the clock."""
        ends_at = self.queue.schedule.opens_at + window * self.window_s
        now = time.time()
        return gather(self.centre, window, ended_s=now - ends_at, now=now)

    async def found(self, window: int, seconds: float = 20) -> Gathered:
        """Waits until the controller can close a window."""
        await self.over(window)
        await until(lambda: self.gathered(window) is not None, seconds)
        found = self.gathered(window)
        assert found is not None
        return found

    def joins(self, gate: int = 1) -> list[int]:
        """Sequences of a gate, in the controller's folder."""
        paths = self.centre.gate(gate).glob("w*.joins")
        return sorted(ticket.sequence for path in paths for ticket in read_joins(path))

    def sign(self, gate: int = 1) -> GateSign:
        """The sign of life of a gate, in the controller's folder."""
        return sign_of(self.centre.gate(gate))

    def stop(self) -> None:
        """Ends the gates."""
        for gate in self._gates:
            gate.stop()


@asynccontextmanager
async def two_hosts(root: Path, server: NatsServer | None, *, window_s: int = 2) -> AsyncIterator[Hosts]:
    """A line of two hosts; without a server they share one folder."""
    queue = Queue(root / "centre", schedule_from(time.time(), window_s=window_s))
    queue.status()
    hosts = Hosts(root / "front" if server else queue.root, queue, server, window_s)
    hosts.publish()
    telling = asyncio.create_task(_tell(hosts))
    try:
        async with reading(queue.root, server):
            yield hosts
    finally:
        telling.cancel()
        await asyncio.to_thread(hosts.stop)


async def _tell(hosts: Hosts) -> None:
    """Renews the status as a controller does: gates take the time from it."""
    while True:
        hosts.queue.status()
        if hosts.server is not None and hosts.at_front.public.exists():
            write_whole(hosts.at_front.status, hosts.queue.folder.status.read_bytes(), mode=0o644)
        await asyncio.sleep(1)


@asynccontextmanager
async def reading(root: Path, server: NatsServer | None, *, is_mirror: bool = False) -> AsyncIterator[None]:
    """Reads what gates send into a folder."""
    if server is None:
        yield
        return
    line = NatsConnection(Settings(nats_url=server.url), "mirror" if is_mirror else "controller")
    await line.open()
    inbox = asyncio.create_task(GateInbox(line, root, is_mirror=is_mirror).run())
    try:
        yield
    finally:
        inbox.cancel()
        await asyncio.gather(inbox, return_exceptions=True)
        await line.close()


def publish_to(root: Path, queue: Queue) -> None:
    """Brings the documents of a queue, and the gates' keys, into another folder."""
    folder = QueueFolder(root / queue.slug)
    shutil.copytree(queue.folder.public, folder.public, dirs_exist_ok=True)
    folder.secret.mkdir(exist_ok=True)
    shutil.copy(queue.folder.secret / "keys.json", folder.secret)


async def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.05)
