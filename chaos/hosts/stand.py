"""What both hosts stand on: PostgreSQL, PgBouncer, the object store and nginx, ready; gone at the end."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.hosts.pair import FIRST, SECOND, Place
from chaos.hosts.parts import Part, make_database, nginx, pgbouncer, postgres
from chaos.hosts.store import object_store
from chaos.people import ClosedCrowd, SteadyCrowd
from chaos.running_service import RunningService, without_settings
from meterai.kit.child_processes import free_port
from meterai.kit.installation import Addresses
from sandbox.pki.tls import TlsAuthority
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service

_GATE: Final = 6
"""How far behind the site's port a gate has its own."""


@dataclass(slots=True)
class Stand:
    """The stand, and everything that is stopped with it."""

    place: Place
    tls: TlsAuthority
    stack: AsyncExitStack
    parts: dict[str, Part] = field(default_factory=dict)

    def keep(self, part: Part) -> None:
        """Starts a part again whenever it ends; stops it at the end."""
        self.parts[part.name] = part
        self.stack.callback(part.stop)
        self.stack.callback(asyncio.create_task(part.keep()).cancel)


@asynccontextmanager
async def open_stand(keep: Path | None, *, python: Path = Path(sys.executable)) -> AsyncIterator[Stand]:
    """The stand in a folder of its own. `keep`: this one, which stays.

    `python`: of the release that makes the installation's schema.
    """
    async with AsyncExitStack() as stack:
        folder = keep or Path(stack.enter_context(_folder()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        (folder / "queue").mkdir(exist_ok=True)
        database, pooler = free_port(), free_port()
        place = _place(folder, pooler)
        stand = Stand(place, TlsAuthority(folder / "tls"), stack)
        server = postgres(folder / "postgresql", database)
        server.start()
        stand.keep(server)
        place.owner_url = await make_database(database)
        store = object_store(folder / "store")
        place.objects, place.variables = store.url, store.variables
        stack.callback(store.server.end)
        await store.make_ready()
        stand.keep(store.part)
        await asyncio.to_thread(_migrate, place, python)
        secrets = place.first / "secrets" / "database.json"
        for part in (
            pgbouncer(folder / "pgbouncer", pooler, database=database, passwords=secrets),
            nginx(folder / "nginx", _fronts(place)),
        ):
            part.start()
            stand.keep(part)
        yield stand


async def crowd_of(place: Place, addresses: Addresses, side_by_side: int) -> ClosedCrowd:
    """People who order at the front, so many at a time, each followed by the next."""
    paper = await asyncio.to_thread(make_letter, "SURAT LAMARAN", "Pelamar Dua Tuan", size_bytes=60_000)
    service = Service(
        pid=addresses.pid,
        site=place.site,
        inbox=addresses.inbox,
        gateway=addresses.gateway,
        gate=place.gate,
    )
    crowd = SteadyCrowd.of(service, paper, per_second=1.0, seed=7)
    crowd.dice = random.Random(7)  # noqa: S311 - decides what people do
    return ClosedCrowd.like(crowd, side_by_side)


def stop_service(service: RunningService) -> None:
    """Stops a launcher, however it takes it."""
    if service.launcher.poll() is None:
        try:
            service.stop()
        except subprocess.TimeoutExpired:
            service.launcher.kill()
            service.launcher.wait()


def _fronts(place: Place) -> dict[int, list[str]]:
    """Which servers stand behind each port of nginx."""
    gate = place.port + _GATE
    return {
        int(place.site.rpartition(":")[2]): [f"{FIRST}:{place.port}", f"{SECOND}:{place.port}"],
        int(place.gate.rpartition(":")[2]): [f"{FIRST}:{gate}", f"{SECOND}:{gate}"],
    }


def _folder() -> tempfile.TemporaryDirectory[str]:
    roomy = Path("/dev/shm")  # noqa: S108 - its name is made here
    return tempfile.TemporaryDirectory(
        prefix="meterai-hosts-", dir=roomy if roomy.is_dir() else None, ignore_cleanup_errors=True
    )


def _place(folder: Path, pooler: int) -> Place:
    return Place(
        folder=folder,
        owner_url="",
        pooler=f"postgresql://127.0.0.1:{pooler}/meterai",
        site=f"http://127.0.0.1:{free_port()}",
        gate=f"http://127.0.0.1:{free_port()}",
        objects="",
        port=_free_row(),
        signer_port=free_port(),
        variables={},
    )


def _free_row() -> int:
    """The first of the ports that a host needs, free on both addresses."""
    while True:
        first = free_port()
        wanted = [*range(first, first + 11), *(first + offset for offset in (20, 31, 41, 51, 61))]
        hosts = ("127.0.0.1", FIRST, SECOND)
        if wanted[-1] < 65_536 and all(
            free_port(port, host=host) == port for port in wanted for host in hosts
        ):
            return first


def _migrate(place: Place, python: Path) -> None:
    """Makes schema, roles and secrets of the new installation, as an operator does before the first start."""
    env = {**without_settings(), "METERAI_DATABASE_URL": place.owner_url}
    words = [str(python), "-m", "meterai.cli", "db", "migrate", "--data", str(place.first)]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"meterai db migrate: {done.stderr.strip()}")
