"""The faults, each with the seconds without a kind of service that it may cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chaos.cluster.cluster import Cluster
from chaos.cluster.database import leader, until_led
from chaos.cluster.hosts import APPS, FRONTS, OUTSIDE, POSTGRES, SITE, Cut, address, mend_after
from chaos.cluster.pieces import kill_on
from chaos.cluster.probes import CALL, JOBS, ORDER, PAGE, STAMP, TICKET
from chaos.hosts.pair import until

_AWAY_SECONDS: Final = 30
_DOWN_SECONDS: Final = 8
"""How long a killed process stays away: longer than a service manager would leave it."""
Strike = Callable[[Cluster], Awaitable[None]]
"""Does the damage, waits, and mends what does not mend itself."""
_QUICK: Final = {TICKET: 3.0, PAGE: 3.0, ORDER: 3.0}
_DATABASE: Final = {ORDER: 30.0, PAGE: 30.0, STAMP: 40.0, TICKET: 3.0}
"""Tickets need no database. A file that is stamped may have waited for it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`aims`: seconds without each kind of service; the first is what the fault is about."""

    name: str
    aims: Mapping[str, float]
    strike: Strike
    is_short: bool = False
    """Belongs to the short run."""


async def kill_leader(cluster: Cluster) -> None:
    """Kills PostgreSQL and Patroni of the leading host; they come back once another one leads."""
    host = await leader()
    cluster.pieces[f"{host} patroni"].is_held = True
    await asyncio.to_thread(kill_on, host, "patroni", "postgres")
    await until_led(without=host)
    cluster.pieces[f"{host} patroni"].release()


async def cut_leader(cluster: Cluster) -> None:
    """Cuts the leading host, with its etcd and its NATS, from all others."""
    host = await leader()
    cut = Cut(host)
    await asyncio.to_thread(cut.make)
    try:
        await until_led(without=host)
        await asyncio.sleep(5)
    finally:
        await asyncio.to_thread(cut.mend)


async def kill_front(cluster: Cluster) -> None:
    """Kills nginx and gate of a front."""
    await _kill(cluster, FRONTS[0], "nginx", "gate")


async def kill_site(cluster: Cluster) -> None:
    """Kills a site."""
    await _kill(cluster, APPS[0], "site")


async def kill_worker(cluster: Cluster) -> None:
    """Kills a worker at once, as a service manager would find it; its jobs are its successor's."""
    cluster.pieces[f"{APPS[0]} worker"].kill()
    await asyncio.sleep(_DOWN_SECONDS)


async def kill_signer(cluster: Cluster) -> None:
    """Kills a signer."""
    await _kill(cluster, APPS[0], "signer")


async def kill_controllers(cluster: Cluster) -> None:
    """Kills both controllers, one after the other: one of them leads."""
    for host in APPS:
        await _kill(cluster, host, "controller")
        await until(lambda host=host: cluster.is_ready(host, "controller"), f"{host}'s controller")  # type: ignore[misc]


async def kill_pgbouncer(cluster: Cluster) -> None:
    """Kills a host's PgBouncer."""
    await _kill(cluster, APPS[0], "pgbouncer", seconds=4)


async def _kill(cluster: Cluster, host: str, *names: str, seconds: float = _DOWN_SECONDS) -> None:
    for name in names:
        cluster.pieces[f"{host} {name}"].kill(hold=True)
    if "nginx" in names:  # its worker outlives it
        await asyncio.to_thread(kill_on, host, "nginx")
    await asyncio.sleep(seconds)
    for name in names:
        cluster.pieces[f"{host} {name}"].release()


async def cut_store(cluster: Cluster) -> None:
    """Takes the object store away from both hosts that use it."""
    port = int(cluster.installation.store["AWS_ENDPOINT"].rpartition(":")[2])
    cuts = [Cut(host, [OUTSIDE], port) for host in APPS]
    await asyncio.gather(*(mend_after(cut, _AWAY_SECONDS) for cut in cuts))


async def cut_database(cluster: Cluster) -> None:
    """Cuts a host's way to the leading PostgreSQL, and to it alone."""
    await mend_after(Cut(APPS[0], [address(await leader())], POSTGRES), 15)


async def cut_sites(cluster: Cluster) -> None:
    """Cuts a front's way to one of the sites."""
    await mend_after(Cut(FRONTS[0], [address(APPS[0])], SITE), 15)


FAULTS: Final = (
    Fault("postgresql-leader-killed", _DATABASE, kill_leader, is_short=True),
    Fault("postgresql-leader-partitioned", _DATABASE, cut_leader),
    Fault("front-killed", _QUICK, kill_front, is_short=True),
    Fault("site-killed", {ORDER: 3.0, PAGE: 3.0, TICKET: 3.0}, kill_site, is_short=True),
    Fault("worker-killed", {JOBS: 20.0, **_QUICK}, kill_worker, is_short=True),
    Fault("signer-killed", {STAMP: 6.0, **_QUICK}, kill_signer),
    Fault("controllers-killed", {TICKET: 3.0, CALL: 20.0}, kill_controllers),
    Fault("pgbouncer-killed", {ORDER: 5.0, PAGE: 5.0, TICKET: 3.0}, kill_pgbouncer, is_short=True),
    Fault("object-store-away", {STAMP: 45.0, TICKET: 3.0}, cut_store),
    Fault("link-to-database-cut", {ORDER: 5.0, PAGE: 5.0, TICKET: 3.0}, cut_database),
    Fault("link-to-site-cut", {ORDER: 3.0, PAGE: 3.0, TICKET: 3.0}, cut_sites),
)


def chosen(names: str, *, short: bool) -> list[Fault]:
    """The faults to play, in their order. `names`: with commas. Raises: ValueError for an unknown one."""
    wanted = names.split(",") if names else [one.name for one in FAULTS if one.is_short or not short]
    if unknown := set(wanted) - {one.name for one in FAULTS}:
        raise ValueError(
            f"no fault {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in FAULTS)}"
        )
    return [one for one in FAULTS if one.name in wanted]
