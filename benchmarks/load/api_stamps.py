"""Orders of people on the site and stamps of a partner through the API, at one service, one after the other.

`python -m benchmarks.load.api_stamps --data DIR`
"""

from __future__ import annotations

import argparse
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.load import orders as site_orders
from benchmarks.load.partner import make_partner
from meterai_sdk import Meterai
from meterai_sdk.problems import MeteraiError
from simulator.crowd.cpu_time import cpu_seconds
from simulator.crowd.figures import cpu_of_orders
from simulator.crowd.papers import make_letter, paper_of
from simulator.crowd.report import report
from simulator.crowd.service import find_service

_PLACES: Any = [{"by": "position", "position": "bottom-right", "may_cover": True}]
_FIRST_ORDERS = 60


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """CPU ms of the product's processes: of a stamp through the API, and of an order on the site."""

    stamps: int
    lost: int
    serials: int
    """Different serial numbers."""
    stamps_per_second: float
    api_cpu_ms: float
    api_cpu_ms_by_part: dict[str, float]
    order_cpu_ms: float
    order_cpu_ms_by_part: dict[str, float]
    ratio: float
    ratio_without_postgres: float
    orders: int
    orders_lost: int
    orders_per_second: float
    file_bytes: int
    problems: list[str]


async def measure(data: Path, *, stamps: int, at_once: int, size_bytes: int) -> Result:
    """Lets people buy, then a partner stamp as many documents of this size. Each warms up before.

    The first orders of a new service are not counted: it lets people wait until it knows what it bears.
    """
    await site_orders.measure(data, orders=_FIRST_ORDERS, people=at_once, size_bytes=size_bytes)
    bought = await site_orders.measure(data, orders=stamps, people=at_once, size_bytes=size_bytes)
    return await asyncio.to_thread(_stamp, data, bought, stamps, at_once, size_bytes)


def _stamp(data: Path, bought: site_orders.Result, stamps: int, at_once: int, size_bytes: int) -> Result:
    root, paper = find_service(data).pid, make_letter("PERJANJIAN", "PT Contoh", size_bytes=size_bytes)
    warm_up = max(at_once, stamps // 10)
    partner = make_partner(data, pieces=stamps + warm_up)
    stamp_many(partner, paper, range(warm_up), at_once)
    before, began = cpu_seconds(root), time.perf_counter()
    serials, problems = stamp_many(partner, paper, range(warm_up, warm_up + stamps), at_once)
    seconds = time.perf_counter() - began
    spent = cpu_of_orders(before, cpu_seconds(root), len(serials))
    apart = (
        bought.cpu_ms_per_order - bought.cpu_ms_by_part["postgres"],
        spent.cpu_ms_per_order - spent.cpu_ms_by_part["postgres"],
    )
    return Result(
        stamps=len(serials),
        lost=stamps - len(serials),
        serials=len(set(serials)),
        stamps_per_second=round(len(serials) / seconds, 1),
        api_cpu_ms=spent.cpu_ms_per_order,
        api_cpu_ms_by_part=spent.cpu_ms_by_part,
        order_cpu_ms=bought.cpu_ms_per_order,
        order_cpu_ms_by_part=bought.cpu_ms_by_part,
        ratio=round(spent.cpu_ms_per_order / bought.cpu_ms_per_order, 2),
        ratio_without_postgres=round(apart[1] / apart[0], 2),
        orders=bought.finished,
        orders_lost=bought.lost,
        orders_per_second=bought.finished_per_second,
        file_bytes=len(paper),
        problems=[*bought.problems, *problems][:10],
    )


def stamp_many(partner: Meterai, paper: bytes, numbers: range, at_once: int) -> tuple[list[str], list[str]]:
    """Stamps a document for each number. Returns the serial numbers, and what went wrong."""

    def one(number: int) -> tuple[str, str]:
        try:
            stamp = partner.stamps.create(paper_of(paper, number), places=_PLACES, name="surat.pdf")
            done = stamp if stamp["ended_at"] else partner.stamps.wait(stamp, within_s=60)
        except MeteraiError as error:
            return "", f"{type(error).__name__}: {error}"[:300]
        return (
            (done["serials"][0]["serial"], "") if done["state"] == "released" else ("", str(done["problem"]))
        )

    with ThreadPoolExecutor(at_once) as pool:
        ended = list(pool.map(one, numbers))
    return [serial for serial, _ in ended if serial], [problem for _, problem in ended if problem]


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stamps", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=12)
    parser.add_argument("--size-bytes", type=int, default=100_000)
    told = vars(parser.parse_args())
    report(measure(told.pop("data"), **told))


if __name__ == "__main__":
    main()
