"""What an order costs on two hosts, beside one machine on the same PostgreSQL: CPU, in pairs.

`python -m chaos.hosts.cost`. Clients, twins and nginx stand apart; PostgreSQL and PgBouncer are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

import msgspec
import uvloop

from chaos.hosts.pair import start_first, start_second, until
from chaos.hosts.parts import answers
from chaos.hosts.stand import crowd_of, open_stand, stop_service
from simulator.crowd.cpu_time import cpu_seconds
from simulator.crowd.report import ended_by_signals

_SIDE_BY_SIDE: Final = 8
_WARM: Final = 40
_SECONDS_MAX: Final = 600


class Cost(msgspec.Struct, kw_only=True):
    """CPU milliseconds an order."""

    one_machine: list[float] = []
    two_hosts: list[float] = []
    ratios: list[float] = []


async def measure(orders: int, *, hosts: int) -> float:
    """CPU milliseconds an order with this many hosts, over `orders` of them."""
    async with AsyncExitStack() as stack:
        stand = await stack.enter_async_context(open_stand(None))
        if hosts == 1:
            stand.place.pooler = ""
        service = start_first(stand.place, stand.tls)
        stack.callback(stop_service, service)
        await asyncio.to_thread(service.wait_until_ready)
        counted = [stand.parts["postgresql"].pid]
        if hosts == 2:
            counted.append(stand.parts["pgbouncer"].pid)
            for part in (await start_second(stand.place, stand.tls, service)).values():
                stand.keep(part)
                counted.append(part.pid)
        await until(lambda: answers(f"{stand.place.site}/"), "the front")
        crowd = await crowd_of(stand.place, service.addresses, _SIDE_BY_SIDE)
        coming = asyncio.create_task(crowd.come())
        await until(lambda: len(crowd.finished) >= _WARM, "the first orders", _SECONDS_MAX)
        began, spent = len(crowd.finished), _spent([service.launcher.pid, *counted])
        await until(lambda: len(crowd.finished) >= began + orders, f"{orders} orders", _SECONDS_MAX)
        spent = _spent([service.launcher.pid, *counted]) - spent
        done = len(crowd.finished) - began
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await crowd.go_home(30)
    return round(1_000 * spent / done, 1)


def _spent(roots: list[int]) -> float:
    """CPU seconds of these processes and all below them, without the twins."""
    return sum(seconds for root in roots for part, seconds in cpu_seconds(root).items() if part != "sandbox")


async def compare(orders: int, pairs: int) -> Cost:
    """Measures one machine and two hosts in turns."""
    cost = Cost()
    for _ in range(pairs):
        cost.one_machine.append(await measure(orders, hosts=1))
        cost.two_hosts.append(await measure(orders, hosts=2))
        cost.ratios.append(round(cost.two_hosts[-1] / cost.one_machine[-1], 2))
    return cost


def main() -> None:
    """Prints the cost as JSON."""
    parser = argparse.ArgumentParser(prog="python -m chaos.hosts.cost", description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=2)
    asked = parser.parse_args()
    began = time.monotonic()
    cost = uvloop.run(ended_by_signals(compare(asked.orders, asked.pairs)))
    print(
        msgspec.json.encode(
            {**msgspec.to_builtins(cost), "seconds": round(time.monotonic() - began)}
        ).decode()
    )


if __name__ == "__main__":
    main()
