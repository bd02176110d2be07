"""People come at a set rate, stand in line, buy, get a stamp, check it. `python -m benchmarks.load.journey`.

An open load: people do not wait for those who came before. Overload therefore shows as people in line, not as
a slower crowd. Between their steps people think. While nobody has to wait they go straight in, unless
everybody has to stand in line (`meterai queue on --always`, which the benchmark sees to).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import time
from collections import Counter, defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from meterai.cli.data_folder import data_folder
from simulator.crowd.applicant import Outcome
from simulator.crowd.browser import Browser
from simulator.crowd.cpu_time import cpu_seconds, set_apart
from simulator.crowd.figures import SAMPLE_EVERY, CrowdFigures, cpu_of_orders, quantiles, verify_sample
from simulator.crowd.papers import make_letter, paper_of
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.report import report
from simulator.crowd.service import Service, find_service, see_reachable

BEHIND_THE_GATE = (
    "claim", "ask_code", "give_code", "upload", "page_image", "place", "order", "download", "check",
)  # fmt: skip
"""Steps of somebody who was let in, each one request or two; their p95 has a goal."""
PROBLEMS_MAX = 20
OVERDUE_S = 30.0
"""A person who paid this long before the end of the run, and has no file, counts as lost."""


class Result(CrowdFigures, frozen=True, kw_only=True):
    """Of an open load. Times of steps that ended since the measuring began; CPU of the measured time.

    `finished_per_second`: during the measured time, whenever its people had come. `lost`: of all who came.
    """

    offered_per_second: float
    came: int
    unfinished: int
    """Still under way when the measured time was over, and `drain_seconds` after it."""
    driver_cpu_ms_per_order: float
    p95_ms_behind_the_gate: float
    """The worst of the steps of those who were let in."""
    waited_s: dict[str, float]
    """In line: p50, p95, most. People who were not called have waited at least until the end."""
    shed: int
    """Doors found full; their people came back."""
    sampled: int
    """Files that the driver judged; `verified` of them are genuine."""


@dataclass(slots=True)
class Crowd:
    """Everybody of one run."""

    service: Service
    paper: bytes
    rate: float
    think_seconds: float
    dice: random.Random
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waited: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    sample: list[bytes] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    people: set[asyncio.Task[None]] = field(default_factory=set)
    elsewhere: Browser = field(default_factory=lambda: Browser(""))
    """Everybody's mail and bank."""

    async def come(self, seconds: float) -> None:
        """Lets people come for this time, by a Poisson process."""
        until = due = time.monotonic()
        until += seconds
        while True:
            due += self.dice.expovariate(self.rate)
            if due >= until:
                await asyncio.sleep(max(0.0, until - time.monotonic()))
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.counts["came"] += 1
            person = asyncio.create_task(self._journey(self.counts["came"]))
            self.people.add(person)
            person.add_done_callback(self.people.discard)

    def forget(self) -> None:
        """Begins to measure: what was seen before was the warming up. A loss is none the less one."""
        came, lost = self.counts["came"], self.counts["lost"]
        for seen in (self.times, self.waited, self.sample, self.ends):
            seen.clear()
        if not lost:
            self.problems.clear()
        self.counts = Counter(came=came, before=came, lost=lost)

    async def _journey(self, number: int) -> None:
        paid_at: float | None = None

        def on_step(name: str, milliseconds: float) -> None:
            nonlocal paid_at
            if name == "pay":
                paid_at = time.monotonic()
            self.times[name].append(milliseconds)

        person = QueuedApplicant(
            self.service,
            contact=f"antre{int(time.time()) % 10**7}x{number}@contoh{number % 997}.test",
            source_address=f"127.{1 + number % 200}.{number // 200 % 250}.{1 + number // 50_000}",
            on_step=on_step,
            gate=self.service.gate,
            think_seconds=self.think_seconds,
            dice=random.Random(number),  # noqa: S311 - how long somebody thinks
            wait_seconds_max=240,
            elsewhere=self.elsewhere,
        )
        try:
            paper = paper_of(self.paper, number)
            outcome = await person.buy_and_stamp([("surat.pdf", paper)], then_check=True)
            self._finished(number, person, outcome)
        except Exception as error:  # whatever it was, its person is counted
            self.counts["refused" if paid_at is None else "lost"] += 1
            if len(self.problems) < PROBLEMS_MAX:
                self.problems.append(f"{type(error).__name__}: {error}"[:300])
        except asyncio.CancelledError:
            if paid_at is not None and time.monotonic() - paid_at > OVERDUE_S:
                self.counts["lost"] += 1
            raise
        finally:
            self.counts["shed"] += person.shed
            if person.ticket:
                self.waited.append(person.waited_s)

    def _finished(self, number: int, person: QueuedApplicant, outcome: Outcome) -> None:
        [file] = outcome.files
        if file.sha256 in self.digests:
            self.counts["lost"] += 1
            self.problems.append(f"order {outcome.number}: a file twice")
            return
        self.digests.add(file.sha256)
        if not person.ticket:
            self.waited.append(0.0)
        self.ends.append(time.monotonic())
        if number % SAMPLE_EVERY == 1 and len(self.sample) < 200:
            self.sample.append(file.content)


async def measure(
    data: Path,
    *,
    rate: float,
    seconds: float,
    warm_up_seconds: float,
    drain_seconds: float,
    think_seconds: float,
    size_bytes: int,
    seed: int,
    apart: bool,
) -> Result:
    """Plays the crowd. `data`: the running service's directory; `apart`: a CPU for it, one for the crowd.

    Raises: ServiceMissing.
    """
    service = find_service(data)
    await see_reachable(service)
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))  # everybody in line has a connection
    paper = make_letter("SURAT LAMARAN", "Pelamar Contoh", size_bytes=size_bytes)
    dice = random.Random(seed)  # noqa: S311 - decides when simulated people come
    crowd = Crowd(service, paper, rate, think_seconds, dice)
    with set_apart(service.pid) if apart else nullcontext():
        await crowd.come(warm_up_seconds)
        crowd.forget()
        before, own, began = cpu_seconds(service.pid), time.process_time(), time.monotonic()
        await crowd.come(seconds)
        took, after, own = time.monotonic() - began, cpu_seconds(service.pid), time.process_time() - own
        in_time = len(crowd.ends)
        if crowd.people:
            await asyncio.wait(crowd.people, timeout=drain_seconds)
    left = list(crowd.people)
    for person in left:
        person.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    crowd.elsewhere.close()
    verified = await asyncio.to_thread(verify_sample, crowd.sample, data)
    if verified != len(crowd.sample):
        crowd.problems.append(f"{len(crowd.sample) - verified} of {len(crowd.sample)} files not genuine")
    steps = {name: quantiles(values) for name, values in crowd.times.items()}
    return Result(
        offered_per_second=rate,
        came=crowd.counts["came"] - crowd.counts["before"],
        finished=len(crowd.ends),
        finished_per_second=round(in_time / took, 2),
        unfinished=len(left),
        **msgspec.structs.asdict(cpu_of_orders(before, after, in_time)),
        driver_cpu_ms_per_order=round(own * 1000 / max(in_time, 1), 2),
        steps=steps,
        p95_ms_behind_the_gate=max(
            (steps[name].p95_ms for name in BEHIND_THE_GATE if name in steps), default=0
        ),
        waited_s=_waits(crowd.waited),
        shed=crowd.counts["shed"],
        refused=crowd.counts["refused"],
        lost=crowd.counts["lost"],
        verified=verified,
        sampled=len(crowd.sample),
        seconds=round(took, 1),
        file_bytes=len(paper),
        problems=crowd.problems,
    )


def _waits(waited: list[float]) -> dict[str, float]:
    if not waited:
        return {}
    ranked = sorted(waited)
    middle, high = ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, len(ranked) * 95 // 100)]
    return {"p50": round(middle, 1), "p95": round(high, 1), "most": round(ranked[-1], 1)}


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder(None))
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up-seconds", type=float, default=60)
    parser.add_argument("--drain-seconds", type=float, default=120)
    parser.add_argument("--think-seconds", type=float, default=2)
    parser.add_argument("--size-bytes", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--apart", action="store_true", help="product on CPU 0, crowd and twins on CPU 1")
    asked = parser.parse_args()
    told = vars(asked)
    report(measure(told.pop("data"), **told))


if __name__ == "__main__":
    main()
