"""Orders on 1, 2, 3 ... small hosts until PostgreSQL is full. `python -m benchmarks.scale.run`, as root."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.scale.cgroups import Group, NoCgroups, find_roots
from benchmarks.scale.hosts import Cluster, group_name, readable, settings_for
from benchmarks.scale.profile import Profile, prepare, profiling
from chaos.hosts.pair import start_first, until
from chaos.hosts.stand import crowd_of, open_stand, stop_service
from chaos.people import ClosedCrowd
from simulator.crowd.report import NotMeasured, report

_FULL: Final = 0.93
"""Share of its limit from which on PostgreSQL is full."""
_WARM: Final = 60
"""Orders without limits, so that connections know their statements; then some within them."""
_SETTLES_S: Final = 10.0
_SECONDS_MAX: Final = 300


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One number of hosts."""

    hosts: int
    orders: int
    per_second: float
    lost: int
    refused: int
    seconds: float
    hosts_use: float
    """Of the CPU that they may use, on average; so is the next one."""
    postgres_use: float
    cpu_ms_per_order: dict[str, float]
    """By part: site and worker (both with their jails), signer, postgresql, pgbouncer, front."""
    p50_s: float
    """How long people took."""
    profile: Profile


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All steps."""

    host_cores: float
    postgres_cores: float
    steps: list[Step]
    is_full: bool
    """PostgreSQL used its limit in the last step."""
    lost: int
    problems: list[str]


async def measure(
    *, host_cores: float, postgres_cores: float, first: int, hosts: int, seconds: float
) -> Result:
    """Adds hosts until PostgreSQL is full, or there are so many. Measures from the `first` number on."""
    steps, problems = list[Step](), list[str]()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="meterai-scale-") as folder:
        async with _cluster(Path(folder), host_cores, postgres_cores) as cluster:
            while len(cluster.hosts) < hosts:
                cluster.limit(False)
                await cluster.add_host()
                if len(cluster.hosts) < first:
                    continue
                step, wrong = await _step(cluster, seconds)
                steps.append(step)
                print(_told(step), file=sys.stderr, flush=True)
                problems += wrong
                if step.postgres_use >= _FULL:
                    break
    return Result(
        host_cores=host_cores,
        postgres_cores=postgres_cores,
        steps=steps,
        is_full=steps[-1].postgres_use >= _FULL,
        lost=sum(step.lost for step in steps),
        problems=problems[:10],
    )


@asynccontextmanager
async def _cluster(folder: Path, host_cores: float, postgres_cores: float) -> AsyncIterator[Cluster]:
    try:
        roots = find_roots()
    except NoCgroups as error:
        raise NotMeasured(str(error)) from None
    async with AsyncExitStack() as stack:
        rest = Group(roots, group_name("rest"))  # people, twins, S3, controller and gate
        stack.callback(rest.remove)
        rest.take(os.getpid())
        stand = await stack.enter_async_context(open_stand(folder))
        settings_for(stand)
        admin_url = _admin_url(stand.place.owner_url)
        await prepare(admin_url)
        server = stand.parts["postgresql"]
        before = server.starts
        os.kill(server.pid, signal.SIGINT)
        await until(lambda: server.starts > before, "PostgreSQL to be started again")
        service = start_first(stand.place, stand.tls)
        stand.stack.callback(stop_service, service)
        await asyncio.to_thread(service.wait_until_ready)
        cluster = Cluster(stand, service, roots, host_cores, postgres_cores)
        cluster.group("postgresql", server.pid)
        cluster.group("pgbouncer", stand.parts["pgbouncer"].pid)
        cluster.group("front", stand.parts["nginx"].pid)
        cluster.group("signer", *cluster.of_first("signer"))
        yield cluster


async def _step(cluster: Cluster, seconds: float) -> tuple[Step, list[str]]:
    count, place = len(cluster.hosts), cluster.stand.place
    crowd = await crowd_of(place, cluster.service.addresses, 3 * count + 2)
    coming = asyncio.create_task(crowd.come())
    await until(lambda: len(crowd.finished) >= _WARM * count, "the first orders", _SECONDS_MAX)
    cluster.limit(True)
    await asyncio.sleep(_SETTLES_S)
    async with profiling(_admin_url(place.owner_url), place.folder / "postgresql.log") as profiler:
        with readable(cluster) as spent:
            first, began = len(crowd.finished), time.monotonic()
            await asyncio.sleep(seconds)
            orders, took = len(crowd.finished) - first, time.monotonic() - began
        profile = await profiler.profile(orders)
    cluster.limit(False)
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    await crowd.go_home(60)
    step = Step(
        hosts=count,
        orders=orders,
        per_second=round(orders / took, 2),
        lost=crowd.counts["lost"],
        refused=crowd.counts["refused"],
        seconds=round(took, 1),
        hosts_use=round(sum(spent[name] for name in cluster.hosts) / took / count / cluster.cores, 3),
        postgres_use=round(spent["postgresql"] / took / cluster.postgres_cores, 3),
        cpu_ms_per_order=_by_part(cluster, spent, orders),
        p50_s=_median(crowd, first),
        profile=profile,
    )
    return step, [f"{count} hosts: {words}" for words in crowd.problems]


def _told(step: Step) -> str:
    return (
        f"{step.hosts} hosts: {step.per_second} orders a second; hosts {step.hosts_use:.0%} busy, "
        f"PostgreSQL {step.postgres_use:.0%}"
    )


def _by_part(cluster: Cluster, spent: dict[str, float], orders: int) -> dict[str, float]:
    parts = {name: spent[name] for name in ("postgresql", "pgbouncer", "signer", "front")}
    for role in ("site", "worker"):
        parts[role] = sum(spent[f"{host} {role}"] for host in cluster.hosts)
    return {name: round(1e3 * used / max(orders, 1), 1) for name, used in parts.items()}


def _median(crowd: ClosedCrowd, first: int) -> float:
    took = sorted(done - came for came, done in crowd.finished[first:])
    return round(took[len(took) // 2], 2) if took else 0.0


def _admin_url(owner_url: str) -> str:
    return owner_url.replace("//meterai:", "//postgres:", 1)


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host-cores", type=float, default=0.1)
    parser.add_argument("--postgres-cores", type=float, default=0.2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    report(measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
