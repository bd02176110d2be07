"""What an order costs on two hosts, beside one machine on the same kind of PostgreSQL: CPU, in pairs.

`python -m chaos.hosts.cost`. Both run all the time, and people order at one of them in turns, so a busy
machine changes both alike. Clients, twins, nginx and S3 stand apart; PostgreSQL and PgBouncer are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

import msgspec
import uvloop

from chaos.hosts.pair import start_first, start_second, until
from chaos.hosts.parts import answers
from chaos.hosts.stand import crowd_of, open_stand, stop_service
from chaos.people import ClosedCrowd
from simulator.crowd.cpu_time import cpu_seconds
from simulator.crowd.report import ended_by_signals

_SIDE_BY_SIDE: Final = 8
_WARM: Final = 40
_SECONDS_MAX: Final = 600


class Cost(msgspec.Struct, kw_only=True):
    """CPU milliseconds an order, in each pair."""

    one_machine: list[float] = []
    several_hosts: list[float] = []
    ratios: list[float] = []
    ratio: float = 0.0
    """The median."""


@dataclass(slots=True)
class Installation:
    """An installation that runs, with its people."""

    spent: Callable[[], float]
    """CPU seconds so far of what is counted."""
    crowd: ClosedCrowd

    async def cost(self, orders: int) -> float:
        """CPU milliseconds an order, over at least so many. Nobody is inside before and afterwards."""
        began, spent = len(self.crowd.finished), self.spent()
        coming = asyncio.create_task(self.crowd.come())
        await until(lambda: len(self.crowd.finished) >= began + orders, f"{orders} orders", _SECONDS_MAX)
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await until(lambda: not self.crowd.people, "the last orders", _SECONDS_MAX)
        return round(1_000 * (self.spent() - spent) / (len(self.crowd.finished) - began), 1)


def spent_below(roots: Sequence[int]) -> float:
    """CPU seconds so far of these processes and all below them, without the twins."""
    return sum(seconds for root in roots for part, seconds in cpu_seconds(root).items() if part != "sandbox")


@asynccontextmanager
async def installation(hosts: int) -> AsyncIterator[Installation]:
    """An installation on so many hosts: one or two. One is what README describes, with its files in S3."""
    async with open_stand(None) as stand:
        if hosts == 1:
            stand.place.pooler = ""
        service = start_first(stand.place, stand.tls)
        stand.stack.callback(stop_service, service)
        await asyncio.to_thread(service.wait_until_ready)
        roots = [service.launcher.pid, stand.parts["postgresql"].pid]
        if hosts == 2:
            roots.append(stand.parts["pgbouncer"].pid)
            for part in (await start_second(stand.place, stand.tls, service)).values():
                stand.keep(part)
                roots.append(part.pid)
        await until(lambda: answers(f"{stand.place.site}/"), "the front")
        yield Installation(
            lambda: spent_below(roots), await crowd_of(stand.place, service.addresses, _SIDE_BY_SIDE)
        )


async def compare(one: Installation, several: Installation, *, orders: int, pairs: int) -> Cost:
    """Measures both in turns; in every second pair the several hosts come first."""
    cost = Cost()
    for each in (one, several):
        await each.cost(_WARM)
    for pair in range(pairs):
        spent = {}
        for each in (one, several) if pair % 2 == 0 else (several, one):
            spent[id(each)] = await each.cost(orders)
        cost.one_machine.append(spent[id(one)])
        cost.several_hosts.append(spent[id(several)])
        cost.ratios.append(round(spent[id(several)] / spent[id(one)], 2))
    cost.ratio = round(median(cost.ratios), 2)
    return cost


async def _two_hosts(orders: int, pairs: int) -> Cost:
    async with installation(1) as one, installation(2) as two:
        return await compare(one, two, orders=orders, pairs=pairs)


def main() -> None:
    """Prints the cost as JSON."""
    parser = argparse.ArgumentParser(prog="python -m chaos.hosts.cost", description=__doc__)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=5)
    asked = parser.parse_args()
    began = time.monotonic()
    cost = uvloop.run(ended_by_signals(_two_hosts(asked.orders, asked.pairs)))
    print(
        msgspec.json.encode(
            {**msgspec.to_builtins(cost), "seconds": round(time.monotonic() - began)}
        ).decode()
    )


if __name__ == "__main__":
    main()
