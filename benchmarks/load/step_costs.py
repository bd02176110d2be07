"""What each step of a purchase costs each process. `python -m benchmarks.load.step_costs --data DIR`.

One applicant after the other, so that what is spent between two readings belongs to one step. What the
service spends while nobody is there is measured first and taken off. Alone on the machine a step finds its
caches warmer than in a crowd: the sum is less than `order_load` shows, the shares tell where it goes.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from simulator.crowd.browser import Response
from simulator.crowd.cpu_time import cpu_nanoseconds
from simulator.crowd.papers import make_letter, paper_of
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.report import NotMeasured, report
from simulator.crowd.service import Service, find_service, see_reachable

_SETTLE_SECONDS = 0.03
"""After a step the service ends what it does behind the answer: logs, wake-ups, a closed connection."""
_WARM_UP_JOURNEYS = 5


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """CPU ms, the twins beside the product's processes as `sandbox`."""

    journeys: int
    steps: dict[str, dict[str, float]]
    """CPU ms of one journey by step, then by process."""
    cpu_ms_per_order: float
    """Of the product's processes."""
    cpu_ms_by_part: dict[str, float]
    idle_ms_per_second: dict[str, float]
    """What was taken off: CPU ms a second while nobody is there."""
    file_bytes: int


def _nothing() -> dict[str, dict[str, float]]:
    return defaultdict(lambda: defaultdict(float))


@dataclass(slots=True)
class CostBook:
    """Books what was spent since the last reading to the step that just ended."""

    root_pid: int
    idle: dict[str, float]
    """CPU seconds a second."""
    spent: dict[str, dict[str, float]] = field(default_factory=_nothing)
    _last: dict[str, int] = field(default_factory=dict)
    _at: float = 0

    def begin(self) -> None:
        """What was spent so far belongs to no step."""
        self._last, self._at = cpu_nanoseconds(self.root_pid), time.monotonic()

    def on_step(self, name: str, _milliseconds: float) -> None:
        """Books to `name`. Blocks a moment on purpose: the only applicant waits too."""
        time.sleep(_SETTLE_SECONDS)
        before, began = self._last, self._at
        self.begin()
        for part, now in self._last.items():
            used = (now - before.get(part, now)) / 1e9 - self.idle.get(part, 0) * (self._at - began)
            self.spent[name][part] += used


def idle_of(root_pid: int, seconds: float) -> dict[str, float]:
    """CPU seconds a second of each part while nothing is asked."""
    before, began = cpu_nanoseconds(root_pid), time.monotonic()
    time.sleep(seconds)
    after, took = cpu_nanoseconds(root_pid), time.monotonic() - began
    return {part: (after[part] - before.get(part, after[part])) / 1e9 / took for part in after}


class _Alone(QueuedApplicant):
    async def _stand_in_line(self, page: Response) -> None:
        raise NotMeasured(
            f"the queue of {self.event} is on, and waiting is no step: turn it off first (meterai queue off "
            f"--event {self.event} --because bench), or let nobody wait"
        )


async def _journey(service: Service, book: CostBook, paper: bytes, number: int) -> None:
    person = _Alone(
        service,
        gate=service.gate,
        only_if_asked=True,
        contact=f"langkah{time.time_ns() // 1_000_000 % 10**9}x{number}@contoh{number % 997}.test",
        source_address=f"127.{1 + number % 200}.7.1",
        on_step=book.on_step,
    )
    book.begin()
    await person.buy_and_stamp([("surat.pdf", paper_of(paper, number))], then_check=True)


async def measure(data: Path, *, journeys: int, size_bytes: int, idle_seconds: float) -> Result:
    """Lets a number of applicants buy, one after the other. `data`: the running service's directory.

    Raises: StepRefused, TooLate, ConnectionLost; NotMeasured when people wait in line.
    """
    service = find_service(data)
    await see_reachable(service, by_line=False)
    paper = make_letter("SURAT LAMARAN", "Pelamar Contoh", size_bytes=size_bytes)
    warm_up = CostBook(service.pid, {})
    for number in range(_WARM_UP_JOURNEYS):
        await _journey(service, warm_up, paper, 100_000 + number)
    book = CostBook(service.pid, await asyncio.to_thread(idle_of, service.pid, idle_seconds))
    for number in range(journeys):
        await _journey(service, book, paper, number)
    steps = {
        step: {part: round(used * 1000 / journeys, 2) for part, used in sorted(spent.items())}
        for step, spent in book.spent.items()
    }
    parts: dict[str, float] = defaultdict(float)
    for spent in steps.values():
        for part, used in spent.items():
            parts[part] += used
    return Result(
        journeys=journeys,
        steps=steps,
        cpu_ms_per_order=round(sum(used for part, used in parts.items() if part != "sandbox"), 2),
        cpu_ms_by_part={part: round(used, 2) for part, used in sorted(parts.items())},
        idle_ms_per_second={part: round(used * 1000, 1) for part, used in sorted(book.idle.items())},
        file_bytes=len(paper),
    )


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--journeys", type=int, default=60)
    parser.add_argument("--size-bytes", type=int, default=150_000)
    parser.add_argument("--idle-seconds", type=float, default=5)
    told = vars(parser.parse_args())
    report(measure(told.pop("data"), **told))


if __name__ == "__main__":
    main()
