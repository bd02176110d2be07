"""Faults that kill programs. Each strike does the damage, waits, and mends what does not mend itself."""

from __future__ import annotations

import asyncio
import shutil
from typing import Final

from chaos.cluster import nats
from chaos.cluster.cluster import Cluster
from chaos.cluster.database import leader, until_led
from chaos.cluster.hosts import APPS, FRONTS, STORES
from chaos.cluster.pieces import kill_on
from chaos.hosts.pair import until

_DOWN_SECONDS: Final = 8
"""How long a killed process stays away: longer than a service manager would leave it."""
_NO_QUORUM_SECONDS: Final = 20


async def kill_leader(cluster: Cluster) -> None:
    """Kills PostgreSQL and Patroni of the leading host; they come back once another one leads."""
    host = await leader()
    piece = cluster.pieces[f"{host} patroni"]
    piece.is_held = True
    await asyncio.to_thread(kill_on, host, "patroni", "postgres")
    await until_led(without=host)
    piece.release()


async def kill_store(cluster: Cluster) -> None:
    """Kills everything on the host of the leading PostgreSQL: its etcd and its NATS, too."""
    host = await leader()
    pieces = [cluster.pieces[f"{host} {name}"] for name in ("patroni", "etcd", "nats")]
    for piece in pieces:
        piece.is_held = True
    await asyncio.to_thread(kill_on, host, "patroni", "postgres", "etcd", "nats-server")
    await until_led(without=host)
    for piece in pieces:
        piece.release()


async def kill_front(cluster: Cluster) -> None:
    """Kills everything on a front."""
    await _kill(cluster, FRONTS[0], "nginx", *cluster.roles(FRONTS[0]))


async def kill_site(cluster: Cluster) -> None:
    """Kills a site."""
    await _kill(cluster, APPS[0], "site")


async def kill_worker(cluster: Cluster) -> None:
    """Kills a worker, which a service manager starts again at once: its jobs are its successor's."""
    cluster.pieces[f"{APPS[0]} worker"].kill()
    await asyncio.sleep(_DOWN_SECONDS)


async def kill_signer(cluster: Cluster) -> None:
    """Kills a signer."""
    await _kill(cluster, APPS[1], "signer")


async def kill_controllers(cluster: Cluster) -> None:
    """Kills both controllers, one after the other: one of them leads."""
    for host in APPS:
        await _kill(cluster, host, "controller")

        async def is_back(host: str = host) -> bool:
            return await cluster.is_ready(host, "controller")

        await until(is_back, f"the controller of {host}")


async def kill_pgbouncer(cluster: Cluster) -> None:
    """Kills a host's PgBouncer."""
    await _kill(cluster, APPS[0], "pgbouncer", seconds=4)


async def kill_nats(cluster: Cluster) -> None:
    """Kills the NATS server that leads the stream of gates."""
    await _kill(cluster, await _line_leader(), "nats")


async def empty_nats(cluster: Cluster) -> None:
    """Kills the NATS server that leads the stream of gates; it comes back with an empty disk."""
    host = await _line_leader()
    piece = cluster.pieces[f"{host} nats"]
    piece.kill(hold=True)
    await asyncio.sleep(2)
    await asyncio.to_thread(shutil.rmtree, cluster.folder / host / "nats" / "store")
    piece.release()
    await asyncio.sleep(_DOWN_SECONDS)


async def kill_quorum(cluster: Cluster) -> None:
    """Kills two of three NATS servers: for so long nothing is stored."""
    pieces = [cluster.pieces[f"{host} nats"] for host in STORES[1:]]
    for piece in pieces:
        piece.kill(hold=True)
    await asyncio.sleep(_NO_QUORUM_SECONDS)
    for piece in pieces:
        piece.release()


async def replace_front(cluster: Cluster) -> None:
    """Loses a front with its disk; an empty host takes its place."""
    host, installation = FRONTS[0], cluster.installation
    pieces = [cluster.pieces[f"{host} {name}"] for name in ("nginx", *cluster.roles(host))]
    for piece in pieces:
        piece.kill(hold=True)
    await asyncio.to_thread(kill_on, host, "nginx")
    for folder in (installation.data(host), installation.front_queue(host)):
        if folder.is_relative_to(cluster.folder / host):  # a shared folder of queues is elsewhere
            await asyncio.to_thread(shutil.rmtree, folder)
    await asyncio.sleep(_DOWN_SECONDS)
    installation.give_front(host)
    for piece in pieces:
        piece.release()


async def _line_leader() -> str:
    return await asyncio.to_thread(nats.leader_of, "METERAI_LINE_GATES")


async def _kill(cluster: Cluster, host: str, *names: str, seconds: float = _DOWN_SECONDS) -> None:
    for name in names:
        cluster.pieces[f"{host} {name}"].kill(hold=True)
    if "nginx" in names:  # its worker outlives it
        await asyncio.to_thread(kill_on, host, "nginx")
    await asyncio.sleep(seconds)
    for name in names:
        cluster.pieces[f"{host} {name}"].release()
