"""Stamps of a partner through the API, then hashes signed for its adapter, at one service.

`python -m benchmarks.load.wire_hashes --data DIR`
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import time
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.load.api_stamps import stamp_many
from benchmarks.load.partner import acting_for, make_client, make_login
from simulator.crowd.cpu_time import cpu_seconds
from simulator.crowd.figures import cpu_of_orders
from simulator.crowd.papers import make_letter
from simulator.crowd.report import report
from simulator.crowd.service import find_service
from simulator.crowd.wire.adapter_calls import AdapterCalls, signed_attributes
from simulator.crowd.wire.field_client import Addresses, FieldClient, Refused
from simulator.crowd.wire.orders import facts_of


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """CPU ms of the product's processes: of a stamp through the API, and of a hash with all around it:
    serial number, picture, chain, time stamp."""

    hashes: int
    lost: int
    serials: int
    """Different serial numbers."""
    hashes_per_second: float
    hash_cpu_ms: float
    hash_cpu_ms_by_part: dict[str, float]
    api_cpu_ms: float
    api_cpu_ms_by_part: dict[str, float]
    ratio: float
    ratio_without_postgres: float
    stamps: int
    file_bytes: int
    problems: list[str]


async def measure(data: Path, *, hashes: int, at_once: int, size_bytes: int) -> Result:
    """Stamps as many documents of this size through the API, then has hashes signed. Each warms up before."""
    root, warm_up = find_service(data).pid, max(at_once, hashes // 10)
    paper = make_letter("PERJANJIAN", "PT Contoh", size_bytes=size_bytes)
    made = await asyncio.to_thread(make_client, data, pieces=2 * (hashes + warm_up))
    partner = acting_for(data, made)
    numbers = range(warm_up + hashes)
    await asyncio.to_thread(stamp_many, partner, paper, numbers[:warm_up], at_once)
    before = cpu_seconds(root)
    stamped, refused = await asyncio.to_thread(stamp_many, partner, paper, numbers[warm_up:], at_once)
    api = cpu_of_orders(before, cpu_seconds(root), len(stamped))
    user, password = await asyncio.to_thread(make_login, data, made)
    async with aiohttp.ClientSession() as session:
        client = FieldClient(session, Addresses.at(find_service(data).site))
        await client.login(user, password)
        adapter = AdapterCalls(session, client.at.stampservice, client.token)
        await _many(client, adapter, warm_up, at_once)
        before, began = cpu_seconds(root), time.perf_counter()
        serials, problems = await _many(client, adapter, hashes, at_once)
        seconds = time.perf_counter() - began
        spent = cpu_of_orders(before, cpu_seconds(root), len(serials))
    apart = [one.cpu_ms_per_order - one.cpu_ms_by_part["postgres"] for one in (api, spent)]
    return Result(
        hashes=len(serials),
        lost=hashes - len(serials),
        serials=len(set(serials)),
        hashes_per_second=round(len(serials) / seconds, 1),
        hash_cpu_ms=spent.cpu_ms_per_order,
        hash_cpu_ms_by_part=spent.cpu_ms_by_part,
        api_cpu_ms=api.cpu_ms_per_order,
        api_cpu_ms_by_part=api.cpu_ms_by_part,
        ratio=round(spent.cpu_ms_per_order / api.cpu_ms_per_order, 2),
        ratio_without_postgres=round(apart[1] / apart[0], 2),
        stamps=len(stamped),
        file_bytes=len(paper),
        problems=[*refused, *problems][:10],
    )


async def _many(
    client: FieldClient, adapter: AdapterCalls, pieces: int, at_once: int
) -> tuple[list[str], list[str]]:
    """Has hashes signed, some side by side. Returns their serial numbers, and what went wrong."""
    turns = asyncio.Semaphore(at_once)
    serials: list[str] = []
    problems: list[str] = []

    async def one() -> None:
        async with turns:
            try:
                serials.append(await sign_one(client, adapter))
            except (Refused, aiohttp.ClientError, TimeoutError) as error:
                problems.append(f"{type(error).__name__}: {error}"[:300])

    await asyncio.gather(*(one() for _ in range(pieces)))
    return serials, problems


async def sign_one(client: FieldClient, adapter: AdapterCalls) -> str:
    """What a client and its adapter ask for one document. Returns its serial number."""
    taken = await client.take_serial(facts_of("surat.pdf"))
    chain = await adapter.chain(taken.sn)
    source = hashlib.sha256(os.urandom(16))
    attributes = signed_attributes(chain.certificates[0], source.digest())
    signature = await adapter.sign(taken.sn, attributes, checksum=source.hexdigest())
    await adapter.time_stamp(chain.time_stamps, signature)
    return taken.sn


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--hashes", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=12)
    parser.add_argument("--size-bytes", type=int, default=100_000)
    told = vars(parser.parse_args())
    report(measure(told.pop("data"), **told))


if __name__ == "__main__":
    main()
