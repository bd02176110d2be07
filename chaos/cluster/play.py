"""Lets people order at both fronts, plays one fault after another, and judges each."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.cluster.cluster import Cluster, Tell, open_cluster
from chaos.cluster.faults import Fault
from chaos.cluster.judge import judge, judge_at_rest
from chaos.cluster.outcome import ClusterOutcome, FaultOutcome
from chaos.cluster.people import EVENT, ClusterCrowd
from chaos.cluster.probes import JOBS, STAMP, Moments, longest_gap, probes_for
from chaos.hosts.pair import until

_SIDE_BY_SIDE: Final = 8
_AFTERWARDS: Final = 4
"""People who came after a fault and have their file before it is over."""
_AT_WORK: Final = 2
"""People who have paid and have no file yet, when a fault begins that is about them."""
_RESUMES_SECONDS_MAX: Final = 90.0
_STEERED: Final = (("on", "--always"), ("expect", "600"))


@dataclass(slots=True)
class Run:
    """The cluster, and the people at it."""

    cluster: Cluster
    crowd: ClusterCrowd
    moments: Moments
    paid_until: dict[asyncio.Task[None], float] = field(default_factory=dict)
    """When each of those who had paid at a fault was finished."""


async def play(faults: Sequence[Fault], *, keep: Path | None, tell: Tell, over_nats: bool) -> ClusterOutcome:
    """Plays them. Raises: RuntimeError, TimeoutError, OSError when they can't be played."""
    outcome, began = ClusterOutcome(), time.monotonic()
    async with open_cluster(keep, tell, over_nats=over_nats) as cluster:
        outcome.ready_s = round(time.monotonic() - began, 1)
        await asyncio.to_thread(_steer, cluster)
        crowd = await asyncio.to_thread(ClusterCrowd.at, cluster.installation.outside, _SIDE_BY_SIDE)
        async with _people(cluster, crowd) as run:
            for fault in faults:
                one = await _play_one(run, fault)
                outcome.faults.append(one)
                tell(_words(one, crowd))
        await crowd.look_after()
        lost, outcome.wrong = await judge_at_rest(cluster, crowd)
        outcome.faults[-1].lost += lost
        outcome.faults[-1].settle()
        outcome.wrong += [f"refused {count} times: {words}" for words, count in crowd.problems.most_common(5)]
        outcome.orders, outcome.tickets = len(crowd.finished), len(crowd.tickets)
        outcome.reloads = crowd.counts["reloads"]
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.settle()
    return outcome


def _words(one: FaultOutcome, crowd: ClusterCrowd) -> str:
    how = "held" if one.held else f"NOT HELD {one.wrong}"
    return (
        f"{one.name}: {how}; {one.seconds:.1f} s without {one.kind} (aim {one.aim:g}), lost {one.lost}, "
        f"whole after {one.took:.0f} s; {one.kinds}; {len(crowd.finished)} orders"
    )


def _steer(cluster: Cluster) -> None:
    """Lets everybody stand in line, as in a rehearsal."""
    installation = cluster.installation
    for words in _STEERED:
        command = installation.command("queue", *words, "--event", EVENT, "--because", "latihan")
        done = subprocess.run(
            [*command, "--data", str(installation.data("app-1"))],
            env=installation.settings("app-1"),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"meterai queue {words[0]}: {done.stderr.strip() or done.stdout.strip()}")


@asynccontextmanager
async def _people(cluster: Cluster, crowd: ClusterCrowd) -> AsyncIterator[Run]:
    """People at work, and everything that asks; at the end they go home."""
    moments = Moments()
    asking = [asyncio.create_task(probe.run()) for probe in await probes_for(crowd, moments)]
    coming = asyncio.create_task(crowd.come())
    try:
        await until(lambda: len(crowd.finished) >= _SIDE_BY_SIDE, "the first orders", 120)
        yield Run(cluster, crowd, moments)
    finally:
        for task in (*asking, coming):
            task.cancel()
        await asyncio.gather(*asking, coming, return_exceptions=True)
        await crowd.go_home(60)


async def _play_one(run: Run, fault: Fault) -> FaultOutcome:
    """Plays one fault until everything is whole again, and judges it."""
    outcome = FaultOutcome(name=fault.name, aims=dict(fault.aims))
    if JOBS in fault.aims:
        await until(lambda: len(run.crowd.paid) >= _AT_WORK, "paid orders that are not finished", 60)
    began = time.monotonic()
    paid = _watch_paid(run)
    try:
        await fault.strike(run.cluster)
        mended = time.monotonic()
        await run.cluster.until_whole()
        await until(
            lambda: run.crowd.finished_since(mended) >= _AFTERWARDS,
            "orders of people who came afterwards",
            _RESUMES_SECONDS_MAX,
        )
    except TimeoutError as error:
        outcome.wrong.append(str(error))
    ended = time.monotonic()
    outcome.took = round(ended - began, 1)
    outcome.kinds = {kind: run.moments.longest(kind, began, ended) for kind in sorted(run.moments.seen)}
    outcome.kinds[STAMP] = longest_gap([at for _, at in run.crowd.finished], began, ended)
    outcome.kinds[JOBS] = round(
        max((run.paid_until.get(task, ended) for task in paid), default=began) - began, 2
    )
    outcome.lost, wrong = await judge(run.cluster, run.crowd)
    outcome.wrong += wrong
    outcome.settle()
    return outcome


def _watch_paid(run: Run) -> list[asyncio.Task[None]]:
    """Notes when each of those who have paid now is finished."""
    paid = list(run.crowd.paid)

    def note(task: asyncio.Task[None]) -> None:
        run.paid_until[task] = time.monotonic()

    for task in paid:
        task.add_done_callback(note)
    return paid
