"""Builds the whole cluster in the order in which each part can begin, and ends it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.cluster import hosts, nats
from chaos.cluster.database import etcd, haproxy, is_whole, make_database, patroni, pgbouncer
from chaos.cluster.front import nginx
from chaos.cluster.hosts import APPS, FRONTS, OUTSIDE, STORES, address, publish
from chaos.cluster.installation import Installation
from chaos.cluster.nats import User, url
from chaos.cluster.pieces import Piece
from chaos.hosts.pair import role_port
from chaos.hosts.parts import answers
from chaos.hosts.store import Store, object_store

_ROLES: Final = {"front": ("mirror", "gate"), "app": ("signer", "controller", "mirror", "site", "worker")}
"""By kind of host, in the order in which they start."""
_AS: Final[dict[str, User]] = {"gate": "gate", "mirror": "mirror"}
"""As whom a role connects to NATS; all others as the controller, of which they use nothing."""
Tell = Callable[[str], None]


@dataclass(slots=True)
class Cluster:
    """Everything that runs. `pieces`: by `HOST NAME`."""

    folder: Path
    stack: AsyncExitStack
    installation: Installation
    pieces: dict[str, Piece] = field(default_factory=dict)

    def start(self, piece: Piece) -> Piece:
        """Starts it, and starts it again whenever it ends."""
        self.pieces[piece.name] = piece
        piece.start()
        self.stack.callback(asyncio.create_task(piece.keep()).cancel)
        return piece

    def start_role(self, host: str, role: str) -> None:
        """Starts a process of the product on a host."""
        env = self.installation.settings(host)
        if self.installation.over_nats:
            env["METERAI_NATS_URL"] = url(_AS.get(role, "controller"))
        env["METERAI_ROLE_PORT"] = f"{address(host)}:{role_port(hosts.SITE, role)}"
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "meterai.cli",
            "run",
            role,
            "--data",
            self.installation.data(host),
        ]
        self.start(Piece(host, role, words, env=env, logs=self.folder / "logs"))

    def roles(self, host: str) -> list[str]:
        """The roles of the product that a host has, in the order in which they start."""
        every = _ROLES[host.partition("-")[0]]
        return [role for role in every if role != "mirror" or self.installation.over_nats]

    async def is_ready(self, host: str, role: str) -> bool:
        """Whether a process can do its work."""
        return await answers(f"http://{address(host)}:{role_port(hosts.SITE, role)}/readyz")

    async def unready(self) -> list[str]:
        """The processes of the product that can't do their work."""
        every = [(host, role) for host in (*APPS, *FRONTS) for role in self.roles(host)]
        asked = await asyncio.gather(*(self.is_ready(host, role) for host, role in every))
        return [f"{host} {role}" for (host, role), ready in zip(every, asked, strict=True) if not ready]

    async def until_whole(self, seconds: float = 90) -> None:
        """Waits until every process can do its work, and the database has its standbys.

        Raises: TimeoutError that names what can't.
        """
        deadline = time.monotonic() + seconds
        while True:
            missing = await self.unready()
            missing += [] if await is_whole() else ["PostgreSQL's standbys"]
            missing += [] if await nats.is_whole() else ["servers of NATS"]
            if not missing:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not back within {seconds:g} s: {', '.join(missing)}")
            await asyncio.sleep(0.3)


@asynccontextmanager
async def open_cluster(keep: Path | None, tell: Tell, *, over_nats: bool) -> AsyncIterator[Cluster]:
    """The cluster, ready, in a folder of its own. `keep`: this one, which stays."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = keep or _folder(stack)
        for name in ("logs", *FRONTS, *APPS, *STORES):
            (folder / name).mkdir(mode=0o711, parents=True, exist_ok=True)
        folder.chmod(0o711)
        hosts.build()
        _name_fronts(folder)
        cluster = await _start_stores(folder, stack, over_nats=over_nats)
        tell(f"the database leads after {time.monotonic() - began:.0f} s")
        installation = cluster.installation
        await installation.make()
        for host in APPS:
            cluster.start(pgbouncer(host, folder, installation.secrets.database_roles))
        for part in await installation.start_twins():
            stack.callback(asyncio.create_task(part.keep()).cancel)
        tell(f"the installation is made after {time.monotonic() - began:.0f} s")
        await asyncio.to_thread(installation.copy)
        await _start_product(cluster)
        await cluster.until_whole()
        tell(f"everything is ready after {time.monotonic() - began:.0f} s")
        yield cluster


def _folder(stack: AsyncExitStack) -> Path:
    """A folder in memory, which ends with the namespace of its mount."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meterai-cluster-")))
    subprocess.run(["mount", "-t", "tmpfs", "cluster", folder], check=True)

    def unmount() -> None:
        subprocess.run(["umount", "--lazy", folder], check=False)

    stack.callback(unmount)
    return folder


def _name_fronts(folder: Path) -> None:
    """Lets the name of the service lead to both fronts, as a name server does. The mount is our own."""
    lines = ["127.0.0.1 localhost", *(f"{address(host)} {hosts.NAME}" for host in FRONTS)]
    names = folder / "names"
    names.write_text("".join(f"{line}\n" for line in lines))
    subprocess.run(["mount", "--bind", names, "/etc/hosts"], check=True)


async def _start_stores(folder: Path, stack: AsyncExitStack, *, over_nats: bool) -> Cluster:
    """Starts what keeps data, and makes the database."""
    store = object_store(folder / "objects")
    stack.callback(store.server.end)
    cluster = Cluster(folder, stack, Installation(folder, _variables(store), over_nats=over_nats))
    for host in STORES:
        for make in (etcd, patroni, nats.nats):
            cluster.start(make(host, folder))
    for host in APPS:
        cluster.start(haproxy(host, folder))
    ready = asyncio.create_task(store.make_ready())
    cluster.installation.owner_url = await make_database()
    if over_nats:
        await nats.until_it_stores([cluster.pieces[f"{host} nats"] for host in STORES])
    await ready
    stack.callback(asyncio.create_task(store.part.keep()).cancel)
    return cluster


def _variables(store: Store) -> dict[str, str]:
    """The settings of the object store, as hosts reach it."""
    endpoint = store.variables["AWS_ENDPOINT"]
    port = int(endpoint.rpartition(":")[2])
    publish(port)
    return {**store.server.variables, "AWS_ENDPOINT": f"http://{OUTSIDE}:{port}"}


async def _start_product(cluster: Cluster) -> None:
    """Starts the product: the signers first, because one of them has no key yet."""
    for host in APPS:
        cluster.start_role(host, "signer")
    for host in APPS:
        for role in cluster.roles(host):
            if role not in ("signer", "worker"):
                cluster.start_role(host, role)
    await asyncio.to_thread(cluster.installation.activate_keys)
    for host in FRONTS:
        for role in cluster.roles(host):
            cluster.start_role(host, role)
        cluster.start(nginx(host, cluster.folder, cluster.installation.front_queue(host)))
    for host in APPS:
        cluster.start_role(host, "worker")
