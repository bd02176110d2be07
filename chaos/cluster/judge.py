"""Judges after each fault and at the end: the journal of people, the invariants, the places in line."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Final

import asyncpg

from chaos.checkers import broken_in
from chaos.cluster.cluster import Cluster
from chaos.cluster.database import leader, url_of
from chaos.cluster.hosts import FRONTS
from chaos.cluster.people import EVENT, ClusterCrowd
from chaos.journal import ServerView, differences, read_gateway, read_server, unfinished
from meterai.kernel.refusals import Refusal
from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource, Unreadable

_CHECK_SECONDS_MAX: Final = 300
_REST_SECONDS: Final = 90
_SAMPLE: Final = "20"


async def judge(cluster: Cluster, crowd: ClusterCrowd) -> tuple[int, list[str]]:
    """How much is lost so far, and what is wrong. People are at work meanwhile."""
    lost = differences(list(crowd.journal.values()), await _read())
    invariants = asyncio.to_thread(_check, cluster, "--sample", _SAMPLE)
    places = asyncio.to_thread(_places, cluster, list(crowd.tickets))
    broken, (without, audited) = await asyncio.gather(invariants, places)
    return len(lost) + len(without), [*lost[:5], *without[:5], *audited, *broken]


async def judge_at_rest(cluster: Cluster, crowd: ClusterCrowd) -> tuple[int, list[str]]:
    """The same when everybody has left: also, each payment is a stamp or a refund, and each file genuine."""
    deadline = time.monotonic() + _REST_SECONDS
    while True:
        server, gateway = await _read(), await read_gateway(crowd.service.gateway)
        left = unfinished(list(crowd.journal.values()), server, gateway)
        if not left or time.monotonic() > deadline:
            break
        await asyncio.sleep(1)
    lost = differences(list(crowd.journal.values()), server) + left
    broken = await asyncio.to_thread(_check, cluster, "--all")
    without, audited = await asyncio.to_thread(_places, cluster, list(crowd.tickets))
    count = len(lost) + len(without) + crowd.counts["lost"]
    return count, [*lost[:10], *without[:10], *audited, *broken]


async def _read() -> ServerView:
    connection = await asyncpg.connect(url_of(await leader()))
    try:
        return await read_server(connection)
    finally:
        await connection.close()


def _check(cluster: Cluster, *how: str) -> list[str]:
    """`meterai check`: the invariants that do not hold."""
    installation = cluster.installation
    words = installation.command("check", *how, "--json", "--data", str(installation.data("app-1")))
    told = subprocess.run(
        words,
        env=installation.settings("app-1"),
        capture_output=True,
        text=True,
        timeout=_CHECK_SECONDS_MAX,
        check=False,
    )
    return broken_in(told.stdout) if told.stdout else [f"check: {told.stderr.strip()[-300:]}"]


def _places(cluster: Cluster, tickets: list[str]) -> tuple[list[str], list[str]]:
    """`meterai queue audit` of what each front has, with every ticket that people hold.

    Returns the tickets that are nowhere, and what the audit found.
    """
    folders = {cluster.installation.front_queue(host): host for host in FRONTS}
    without, found = [], []
    for folder, host in folders.items():
        try:
            report = _audit(folder / EVENT, tickets)
        except (Unreadable, Refusal) as error:
            found.append(f"{host}: no audit: {error}")
            continue
        gone = [one for one in report.tickets if one.stands == "missing"]
        without += [f"{host}: place {one.sequence} of gate {one.gate} in window {one.window}" for one in gone]
        found += [f"{host}: {one.code}: {one.en}" for one in report.findings[:5]]
    return without, found


def _audit(folder: Path, tickets: list[str]) -> Report:
    return audit(FolderSource(folder), tickets=tickets)
