"""Where rows are played: a service of its own on small disks, its people, and what rows need to break it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import asyncpg

from chaos.people import SteadyCrowd
from chaos.running_service import RunningService, environment_of, launch
from meterai.kit.child_processes import free_port
from meterai.kit.database_urls import OWNER, url_as
from meterai.kit.installation_secrets import Secrets
from simulator.crowd.papers import make_letter
from simulator.crowd.service import find_service
from simulator.rehearsal.faults import first_at_work
from simulator.rehearsal.schedule import FaultKind
from simulator.rehearsal.victims import MARKS, Victim, is_frozen, is_module, processes_below

_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder in it, which only its owner may enter
_DATA_DISK: Final = "3g"
_OBJECTS_DISK: Final = "512m"
_SETTINGS: Final = {
    "METERAI_GENERAL_PURCHASES_PER_MINUTE": "6000",  # nobody stands in line unless a row wants it
    "METERAI_DISK_RESERVE_BYTES": "1048576",  # the disks are small
}
PORTS: Final = 8


class Part(StrEnum):
    """A kind of process of the service, by its module."""

    GATEWAY = "sandbox.gateway"
    TSA = "sandbox.tsa"
    REVOCATION = "sandbox.revocation"
    INBOX = "sandbox.inbox"
    JAIL = "meterai.jail"
    SIGNER = "meterai.processes.signer"
    WORKER = "meterai.processes.worker"
    SITE = "meterai.processes.site"
    CONTROLLER = "meterai.processes.controller"
    GATE = "meterai.processes.gate"
    POSTGRES = "postgres"


@dataclass(slots=True)
class Stage:
    """One service under load. `folder` is the root of everything; `short`: less time is there."""

    folder: Path
    service: RunningService
    crowd: SteadyCrowd
    dice: random.Random
    short: bool
    has_disks: bool
    """Whether data and objects lie on small disks of their own."""
    _arrivals: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The service's data directory."""
        return self.service.data

    @property
    def objects(self) -> Path:
        """The folder of the object store."""
        return self.data / "objects"

    def log(self, name: str) -> str:
        """What a process has logged: `worker`, `site`, `signer`, `postgres`, ..."""
        with suppress(FileNotFoundError):
            return (self.data / "logs" / f"{name}.log").read_text(errors="replace")
        return ""

    def arm(self, point: str, action: str = "") -> None:
        """Lets the next process that reaches a fail point end with 137 there, or freeze (`stop`)."""
        written = self.folder / f".{point}"
        written.write_text(action)
        written.rename(self.points / point)

    async def freeze_at(self, point: str, seconds: float = 60.0) -> Victim:
        """Waits until a worker stands frozen at a fail point. SIGCONT thaws it. Raises: TimeoutError."""
        self.arm(point, "stop")
        found: list[Victim] = []

        def frozen() -> bool:
            found[:] = [worker for worker in self.processes(Part.WORKER) if is_frozen(worker)]
            return bool(found)

        try:
            await self.until(frozen, seconds, f"a worker frozen at {point}")
        finally:
            self.disarm(point)
        return found[0]

    def disarm(self, point: str) -> None:
        """Takes a fail point back, if nobody has reached it."""
        (self.points / point).unlink(missing_ok=True)

    @property
    def points(self) -> Path:
        """The folder of the fail points that are armed."""
        return self.folder / "points"

    def processes(self, part: Part) -> list[Victim]:
        """The living processes of a kind below the launcher; of the database, the first one."""
        wanted = MARKS[FaultKind.DATABASE_RESTARTED] if part is Part.POSTGRES else is_module(part)
        return processes_below(self.service.launcher.pid, wanted)

    async def process(self, part: Part) -> Victim:
        """One of them that is at work. Raises: TimeoutError when none comes to life."""
        await self.until(lambda: bool(self.processes(part)), 30, f"a process of {part}")
        return await first_at_work(self.processes(part))

    def count(self, name: str, words: str) -> int:
        """How often the log of a process has these words."""
        return self.log(name).count(words)

    def objects_by_age(self) -> list[Path]:
        """The stored files, the newest last."""
        found = [path for path in self.objects.glob("??/*") if path.suffix != ".part"]
        return sorted(found, key=lambda path: path.stat().st_ctime_ns)

    async def until(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        """Waits for it. Raises: TimeoutError that names it."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds:g} s")
            await asyncio.sleep(0.05)

    def database_url(self) -> str:
        """The database's address, as its owner, who may do everything."""
        secret = Secrets(self.data).database_owner
        return url_as(self.service.addresses.database, OWNER, secret)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection to the database as its owner; the database may just be starting again."""
        connection = await self._connect()
        try:
            yield connection
        finally:
            connection.terminate()

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        deadline = time.monotonic() + 60
        while True:
            try:
                return await asyncpg.connect(self.database_url(), timeout=5)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    @asynccontextmanager
    async def another_worker(
        self, *, prefix: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> AsyncIterator[subprocess.Popen[bytes]]:
        """A worker beside the service's own, with its settings; `prefix`: a program that starts it.

        Its log is `another-worker`.
        """
        settings = environment_of((await self.process(Part.WORKER)).pid)
        log = self.data / "logs" / "another-worker.log"
        with log.open("ab") as output:
            command = [*prefix, sys.executable, "-m", "meterai.processes.worker"]
            process = subprocess.Popen(
                command, env={**settings, **(env or {})}, stdout=output, stderr=output, start_new_session=True
            )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)

    def begin(self) -> None:
        """Lets people come from now on."""
        self._arrivals.append(asyncio.create_task(self.crowd.come()))

    async def end(self) -> None:
        """Lets nobody come any more, and waits for those who are there."""
        for task in self._arrivals:
            task.cancel()
        await asyncio.gather(*self._arrivals, return_exceptions=True)
        await self.crowd.go_home(60)
        await self.crowd.look_after()


@asynccontextmanager
async def open_stage(
    seed: int, *, per_second: float, short: bool, env: Mapping[str, str] | None = None
) -> AsyncIterator[Stage]:
    """A ready service in a folder of its own, gone at the end. Nobody comes before `begin`."""
    roomy = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="meterai-chaos-", dir=roomy, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database may run as nobody
        data = folder / "disk" / "data"
        mounted = await asyncio.to_thread(_mount, folder)
        try:
            (folder / "points").mkdir()
            service = launch(
                data,
                arguments=("--port", str(_ports())),
                env={**_SETTINGS, "METERAI_FAIL_POINT": f"in:{folder / 'points'}", **(env or {})},
                output=folder / "launcher.output",
            )
            try:
                await asyncio.to_thread(service.wait_until_ready)
                dice = random.Random(seed)  # noqa: S311 - decides what fails
                crowd = SteadyCrowd.of(find_service(data), await _paper(), per_second=per_second, seed=seed)
                yield Stage(folder, service, crowd, dice, short, bool(mounted))
            finally:
                await asyncio.to_thread(_stop, service)
        finally:
            for place in reversed(mounted):
                await asyncio.to_thread(_unmount, place)


async def _paper() -> bytes:
    return await asyncio.to_thread(make_letter, "SURAT LAMARAN", "Pelamar Kacau", size_bytes=60_000)


def _mount(folder: Path) -> list[Path]:
    """Puts data and objects on disks in memory. Returns where they are mounted; none where we may not."""
    mounted = []
    for place, size in (
        (folder / "disk", _DATA_DISK),
        (folder / "disk" / "data" / "objects", _OBJECTS_DISK),
    ):
        place.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "meterai-chaos", str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            break
        mounted.append(place)
    (folder / "disk" / "data").mkdir(parents=True, exist_ok=True)
    return mounted


def _unmount(place: Path) -> None:
    subprocess.run(["umount", "--lazy", str(place)], check=False)


def _stop(service: RunningService) -> None:
    if service.launcher.poll() is None:
        try:
            service.stop()
        except subprocess.TimeoutExpired:
            service.launcher.kill()
            service.launcher.wait()


def _ports() -> int:
    """The first of eight free ports in a row."""
    while True:
        first = free_port()
        if all(free_port(first + place) == first + place for place in range(PORTS)):
            return first
