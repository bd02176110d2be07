"""Lets people order at both hosts, kills each process once, and judges what is left."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from chaos.hosts.judge import HostsOutcome, judge
from chaos.hosts.pair import Pair, start_first, start_second, until
from chaos.hosts.parts import Part, answers
from chaos.hosts.stand import Stand, crowd_of, open_stand, stop_service
from chaos.people import SteadyCrowd
from chaos.running_service import without_settings

VICTIMS: Final = (
    *(("satu", role) for role in ("site", "gate", "worker", "signer", "controller")),
    *(("dua", role) for role in ("site", "gate", "worker", "signer")),
    ("between", "pgbouncer"),
    ("between", "objects"),
    ("between", "postgresql"),
)
_SIDE_BY_SIDE: Final = 8
_BETWEEN: Final = 8
"""Orders that are finished between two faults."""
_ORDERS_SECONDS_MAX: Final = 900
Tell = Callable[[str], None]


async def play(orders: int, *, keep: Path | None, tell: Tell) -> HostsOutcome:
    """Plays it in a folder of its own. `keep`: this one, which stays. `tell` hears of each step."""
    outcome, began = HostsOutcome(), time.monotonic()
    async with open_stand(keep) as stand, _hosts(stand, tell) as pair:
        crowd = await crowd_of(stand.place, pair.service.addresses, _SIDE_BY_SIDE)
        coming = asyncio.create_task(crowd.come())
        try:
            await _strike_each(pair, stand.parts, crowd, outcome=outcome, tell=tell)
            await until(lambda: len(crowd.finished) >= orders, f"{orders} orders", _ORDERS_SECONDS_MAX)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await crowd.go_home(60)
            await crowd.look_after()
        outcome.orders, outcome.reloads = len(crowd.finished), crowd.counts["reloads"]
        tell(f"{outcome.orders} orders are finished; looking at what is left")
        place = pair.place
        env = {**without_settings(), **place.variables, "METERAI_DATABASE_POOLER_URL": place.pooler}
        await judge(place, crowd, pair.service.addresses.gateway, env, outcome=outcome)
        if set(outcome.by_host) != {"satu", "dua"}:
            outcome.wrong.append("a signer made no stamp")
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.settle()
    return outcome


async def _strike_each(
    pair: Pair, parts: dict[str, Part], crowd: SteadyCrowd, *, outcome: HostsOutcome, tell: Tell
) -> None:
    """Kills each process once. Between two, some people who came afterwards have their file."""
    await until(lambda: len(crowd.finished) >= _BETWEEN, "the first orders", 120)
    for host, role in VICTIMS:
        since = time.monotonic()
        if host != "between":
            await pair.kill(host, role)
        elif role in parts:
            part = parts[role]
            before = part.starts
            os.kill(part.pid, signal.SIGKILL)
            await until(partial(_was_started, part, before), role)
        else:
            continue
        await until(partial(_go_on, crowd, since), f"orders after {host} {role}", 120)
        outcome.killed.append(f"{host} {role}")
        tell(f"{host} {role} was killed; orders go on after {time.monotonic() - since:.1f} s")


def _was_started(part: Part, before: int) -> bool:
    return part.starts > before


def _go_on(crowd: SteadyCrowd, since: float) -> bool:
    return crowd.finished_since(since) >= _BETWEEN


@asynccontextmanager
async def _hosts(stand: Stand, tell: Tell) -> AsyncIterator[Pair]:
    """Both hosts, ready; gone at the end."""
    tell("starting the first host")
    service = start_first(stand.place, stand.tls)
    try:
        await asyncio.to_thread(service.wait_until_ready)
        tell("starting the second host")
        pair = Pair(stand.place, service)
        pair.roles = await start_second(stand.place, stand.tls, service)
        for part in pair.roles.values():
            stand.keep(part)
        await until(lambda: answers(f"{stand.place.site}/"), "the front")
        yield pair
    finally:
        await asyncio.to_thread(stop_service, service)
