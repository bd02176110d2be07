"""Faults of links and clocks: cut, slow, and a minute ahead."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from pathlib import Path
from typing import Final

from chaos.cluster.cluster import Cluster
from chaos.cluster.database import is_whole, leader, until_led
from chaos.cluster.hosts import (
    APPS,
    BALANCER,
    FRONTS,
    OUTSIDE,
    PATRONI,
    POSTGRES,
    SITE,
    SLOW_BALANCER,
    STORES,
    Cut,
    address,
    inside,
    mend_after,
)
from chaos.hosts.pair import until
from chaos.hosts.parts import Part, path_only

_STORE_AWAY_SECONDS: Final = 30
_CUT_SECONDS: Final = 15
_SLOW_SECONDS: Final = 20
_APART_SECONDS: Final = 15


async def cut_leader(cluster: Cluster) -> None:
    """Cuts the host of the leading PostgreSQL, with its etcd and its NATS, from all others."""
    host = await leader()
    cut = Cut(host)
    await asyncio.to_thread(cut.make)
    try:
        await until_led(without=host)
        await asyncio.sleep(5)
    finally:
        await asyncio.to_thread(cut.mend)


async def cut_store(cluster: Cluster) -> None:
    """Takes the object store away from both hosts that use it."""
    port = int(cluster.installation.store["AWS_ENDPOINT"].rpartition(":")[2])
    cuts = [Cut(host, [OUTSIDE], port) for host in APPS]
    await asyncio.gather(*(mend_after(cut, _STORE_AWAY_SECONDS) for cut in cuts))


async def cut_database(cluster: Cluster) -> None:
    """Cuts a host's way to the leading PostgreSQL, and to it alone."""
    await mend_after(Cut(APPS[0], [address(await leader())], POSTGRES), _CUT_SECONDS)


async def cut_site(cluster: Cluster) -> None:
    """Cuts a front's way to one of the sites."""
    await mend_after(Cut(FRONTS[0], [address(APPS[0])], SITE), _CUT_SECONDS)


async def slow_database(cluster: Cluster) -> None:
    """Makes a host's way to the database slow, by a proxy behind its PgBouncer, which starts anew for it."""
    host = APPS[1]
    words = inside(host, sys.executable, "-m", "chaos.cluster.slow", str(BALANCER), str(SLOW_BALANCER))
    link = Part("slow", words, cluster.folder / "logs" / "slow.log", env=path_only())
    link.start()
    try:
        await asyncio.sleep(1.5)  # until it listens
        cluster.pieces[f"{host} pgbouncer"].kill()
        await asyncio.sleep(_SLOW_SECONDS)
    finally:
        await asyncio.to_thread(link.stop)
        await asyncio.to_thread(Cut(host, table="ip slow").mend)


async def set_clocks_apart(cluster: Cluster) -> None:
    """Starts half of the hosts with a clock that is a minute ahead, the leading PostgreSQL among them."""
    ahead = cluster.folder / "ahead"
    ahead.mkdir(exist_ok=True)
    (ahead / "sitecustomize.py").write_text(_AGAIN.replace("ENV", repr(_faked())))
    roles = [*((APPS[1], role) for role in ("worker", "site", "controller")), (FRONTS[1], "gate")]
    pieces = [cluster.pieces[f"{host} {role}"] for host, role in roles]
    leading = await leader()
    databases = [cluster.pieces[f"{store} patroni"] for store in STORES if store != leading]
    await asyncio.gather(*(one.restart({"PYTHONPATH": str(ahead)}) for one in pieces))
    for database in databases:  # the leader can only hand over to the standby that is synchronous then
        await database.restart(_faked())
        await until(is_whole, "a standby with the other clock", 60)
    await _switch_over(leading)
    await asyncio.sleep(_APART_SECONDS)
    await asyncio.gather(*(one.restart() for one in (*databases, *pieces)))


async def _switch_over(leading: str) -> None:
    request = urllib.request.Request(
        f"http://{address(leading)}:{PATRONI}/switchover", data=json.dumps({"leader": leading}).encode()
    )
    await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=30).close())  # noqa: S310
    await until_led(without=leading)


_AGAIN: Final = """# Starts this Python once more with another clock: `meterai run` passes on no LD_PRELOAD.
import os, sys
if "FAKETIME" not in os.environ:
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **ENV})
"""


def _faked() -> dict[str, str]:
    """The variables of a program whose clock is ahead. Time that only passes stays as it is."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME": "+60s",
        "FAKETIME_DISABLE_SHM": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
