"""Many people buy, pay and get one stamp each, over HTTP. `python -m benchmarks.load.orders --data DIR`.

A closed load: `people` applicants work side by side, each starting its next order when one is finished.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from simulator.crowd.applicant import StepRefused, TooLate
from simulator.crowd.browser import Browser, ConnectionLost
from simulator.crowd.cpu_time import cpu_seconds
from simulator.crowd.figures import SAMPLE_EVERY, CrowdFigures, cpu_of_orders, quantiles, verify_sample
from simulator.crowd.papers import make_letter, paper_of
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.report import report
from simulator.crowd.service import Service, find_service, see_reachable


class Result(CrowdFigures, frozen=True, kw_only=True):
    """A closed load: a fixed number of people at work side by side."""

    people: int


@dataclass(slots=True)
class Load:
    """One run."""

    service: Service
    orders: int
    people: int
    paper: bytes
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sample: list[bytes] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    finished: int = 0
    refused: int = 0
    lost: int = 0
    problems: list[str] = field(default_factory=list)
    elsewhere: Browser = field(default_factory=lambda: Browser(""))
    """Everybody's mail and bank."""
    _next: int = 0

    async def run(self) -> None:
        """Lets the people work until every order has ended."""
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.people, self.orders)):
                group.create_task(self._person())
        self.elsewhere.close()

    async def _person(self) -> None:
        while self._next < self.orders:
            self._next += 1
            await self._one(self._next)

    async def _one(self, number: int) -> None:
        paid = False

        def on_step(name: str, milliseconds: float) -> None:
            nonlocal paid
            paid = paid or name == "pay"
            self.times[name].append(milliseconds)

        stamp = int(time.time() * 1000) % 10**9
        applicant = QueuedApplicant(
            self.service,
            gate=self.service.gate,
            only_if_asked=True,
            contact=f"beban{stamp}x{number}@contoh{number % 997}.test",
            source_address=f"127.{1 + number % 200}.{number // 200 % 250}.{1 + number // 50_000}",
            on_step=on_step,
            elsewhere=self.elsewhere,
        )
        try:
            outcome = await applicant.buy_and_stamp([("surat.pdf", paper_of(self.paper, number))])
        except (StepRefused, TooLate, ConnectionLost, TimeoutError, OSError, LookupError) as error:
            self.lost += paid
            self.refused += not paid
            self.problems.append(f"{type(error).__name__}: {error}"[:300])
            return
        if len(outcome.files) != 1 or outcome.files[0].sha256 in self.digests:
            self.lost += 1
            self.problems.append(f"order {outcome.number}: no file, or a file twice")
            return
        self.finished += 1
        self.digests.add(outcome.files[0].sha256)
        if number % SAMPLE_EVERY == 1:
            self.sample.append(outcome.files[0].content)


async def measure(data: Path, *, orders: int, people: int, size_bytes: int) -> Result:
    """Warms up with a tenth of the orders, then measures. `data`: the running service's directory."""
    service = find_service(data)
    await see_reachable(service, by_line=False)
    paper = make_letter("SURAT LAMARAN", "Pelamar Contoh", size_bytes=size_bytes)
    warm_up = Load(service, max(people, orders // 10), people, paper)
    await warm_up.run()
    load = Load(service, orders, people, paper)
    before, began = cpu_seconds(service.pid), time.perf_counter()
    await load.run()
    seconds, after = time.perf_counter() - began, cpu_seconds(service.pid)
    verified = await asyncio.to_thread(verify_sample, load.sample, data)
    if verified != len(load.sample):
        load.problems.append(f"{len(load.sample) - verified} of {len(load.sample)} files judged not genuine")
    return Result(
        finished=load.finished,
        finished_per_second=round(load.finished / seconds, 2),
        **msgspec.structs.asdict(cpu_of_orders(before, after, load.finished)),
        steps={name: quantiles(values) for name, values in load.times.items()},
        refused=load.refused,
        lost=warm_up.lost + load.lost,
        verified=verified,
        seconds=round(seconds, 1),
        people=people,
        file_bytes=len(paper),
        problems=[*(warm_up.problems if warm_up.lost else ()), *load.problems][:10],
    )


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--size-bytes", type=int, default=100_000)
    told = vars(parser.parse_args())
    report(measure(told.pop("data"), **told))


if __name__ == "__main__":
    main()
