"""Joins, status polls and wait pages of one gate on one processor. `python -m benchmarks.load.queue`.

The gate is a real process, pinned to one processor; the load comes from another. Each join is the form that a
phone sends, and is answered when its record is on the disk. Polls are loaded by `wrk`, which also loads nginx
with the shipped configuration and the same bytes, one worker on the gate's processor.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import uvloop

from benchmarks.load.hammer import Hammer
from benchmarks.load.wrk import WrkMissing, wrk
from meterai.waiting_room.files.published_documents import STATUS_BYTES_MAX, Announcement
from meterai.waiting_room.rules.model import Schedule
from simulator.crowd.cpu_time import cpu_seconds
from tests.players.nginx import Nginx, NginxMissing
from tests.players.queue_twin import GateProcess, Queue, schedule_from

PHONE = (
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Mobile Safari/537.36\r\nAccept-Language: id-ID,id;q=0.9\r\nSec-Fetch-Site: same-origin\r\n"
)
NOTE = Announcement(
    id="Pembayaran lewat VA BNI sedang lambat. Tempat Anda tidak berubah.",
    en="Payments by BNI virtual account are slow now. Your place does not change.",
)
TICKETS_KEPT = 2_000
SETTLED_WITHIN_S = 60.0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One step at one server. CPU is the server's own; `per_cpu_second` is what one core does."""

    step: str
    server: str
    finished: int
    refused: int
    lost: int
    seconds: float
    finished_per_second: float
    per_cpu_second: float
    cpu_ms_per_request: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory of a gate, MB of 1,000,000 bytes; everything counts, the interpreter too."""

    waiting: int
    started_mb: float
    joined_mb: float
    """After the last join."""
    ranked_mb: float
    """When exact places of the window are known and shown."""
    most_mb: float
    """At any moment, sorting included."""
    bytes_per_person: float
    """What the million adds, by the greatest moment."""
    status_bytes: int
    ranked_within_s: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the run showed."""

    results: list[Measured]
    joins_per_second: float
    """Places given by one gate on its processor; `meterai plan --capacity` reads it."""
    polls_per_second: float
    """Status polls answered by the gate itself; 0: not measured. `meterai plan` reads it too."""
    polls_of_nginx: float | None
    """Polls a core second of the gate, as a part of the better nginx's."""
    memory: Memory | None
    skipped: list[str]
    problems: list[str]


@dataclass(slots=True)
class Bench:
    """One run, in folders of its own under `place`."""

    place: Path
    server_processor: int
    seconds: float
    results: list[Measured] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    tickets: list[bytes] = field(default_factory=list)

    def joins(self, gate: GateProcess, count: int, *, first: int = 0, step: str = "join") -> Measured:
        """`count` people take a place."""
        statuses: dict[int, int] = {}

        def take(status: int, answer: bytes) -> None:
            statuses[status] = statuses.get(status, 0) + 1
            if status == 303 and len(self.tickets) < TICKETS_KEPT:
                start = answer.index(b"/t/") + 3
                self.tickets.append(answer[start : start + 128])

        head = (
            f"POST /antre/casn HTTP/1.1\r\nHost: 127.0.0.1:{gate.port}\r\n{PHONE}Origin: {gate.url}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )

        def ask(number: int) -> bytes:
            person = first + number
            body = f"kontak=08{10_000_000_000 - 1 - person}&altcha="
            network = f"X-Forwarded-For: 10.{person >> 8 & 255}.{person & 255}.7\r\n"
            return f"{head}{network}Content-Length: {len(body)}\r\n\r\n{body}".encode()

        measured = self._hammer(step, gate, Hammer(gate.port, count, ask, take), statuses, wanted=303)
        self._keep(measured)
        return measured

    def wait_pages(self, gate: GateProcess, count: int) -> None:
        """Wait pages of many tickets, each as a browser asks for it."""
        statuses: dict[int, int] = {}

        def take(status: int, answer: bytes) -> None:
            statuses[status] = statuses.get(status, 0) + 1

        def ask(number: int) -> bytes:
            ticket = self.tickets[number % len(self.tickets)].decode()
            cookie = f"Cookie: antre_casn={ticket}\r\n"
            path = f"/antre/casn/t/{ticket}"
            return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{gate.port}\r\n{PHONE}{cookie}\r\n".encode()

        hammer = Hammer(gate.port, count, ask, take)
        self._keep(self._hammer("wait page", gate, hammer, statuses, wanted=200))

    def polls(self, server: str, url: str, pid: int) -> Measured | None:
        """The status again and again, by wrk from the other processor."""
        path = "/antre/casn/d/status.json"
        before = _cpu(pid)
        try:
            told = wrk(f"{url}{path}", self.seconds, headers=PHONE, processor=self._other)
        except WrkMissing as missing:
            self.skipped.append(f"polls: {missing}")
            return None
        spent, right = max(_cpu(pid) - before, 1e-9), told.answered - told.refused
        measured = Measured(
            step="status poll", server=server, finished=right, refused=told.refused,
            lost=told.lost, seconds=told.seconds, finished_per_second=round(right / told.seconds, 1),
            per_cpu_second=round(right / spent, 1), cpu_ms_per_request=round(spent * 1000 / max(right, 1), 5),
            p50_ms=told.p50_ms, p95_ms=told.p95_ms, p99_ms=told.p99_ms,
        )  # fmt: skip
        self._keep(measured)
        return measured

    def rate_of(self, step: str) -> float:
        """What the gate finished of this step a second; 0: it was not measured."""
        found = (one.finished_per_second for one in self.results if (one.step, one.server) == (step, "gate"))
        return next(found, 0.0)

    @property
    def _other(self) -> int | None:
        others = sorted(os.sched_getaffinity(0))
        return others[0] if others else None

    def _hammer(
        self, step: str, gate: GateProcess, hammer: Hammer, statuses: dict[int, int], *, wanted: int
    ) -> Measured:
        before = _cpu(gate.process.pid)
        uvloop.run(hammer.run())
        spent = max(_cpu(gate.process.pid) - before, 1e-9)
        right = statuses.get(wanted, 0)
        return Measured(
            step=step, server="gate", finished=right, refused=hammer.answered - right, lost=hammer.lost,
            seconds=round(hammer.seconds, 2), finished_per_second=round(right / hammer.seconds, 1),
            per_cpu_second=round(right / spent, 1), cpu_ms_per_request=round(spent * 1000 / max(right, 1), 5),
            p50_ms=hammer.quantile_ms(0.5), p95_ms=hammer.quantile_ms(0.95), p99_ms=hammer.quantile_ms(0.99),
        )  # fmt: skip

    def _keep(self, measured: Measured) -> None:
        self.results.append(measured)
        if measured.lost or measured.refused:
            self.problems.append(f"{measured.step}: {measured.refused} refused, {measured.lost} lost")


def measure(*, joins: int, seconds: float, waiting: int) -> Result:
    """Everything, one after another. `waiting`: tickets for the measure of memory; 0: not measured."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(0, set(processors[:-1]))
    with tempfile.TemporaryDirectory(prefix="meterai-bench-queue-") as folder:
        bench = Bench(Path(folder), processors[-1], seconds)
        if len(processors) == 1:
            bench.skipped.append("one processor only: load and server share it, wall times say little")
        part = _speed(bench, joins)
        memory = _memory(bench, waiting) if waiting else None
    return Result(
        results=bench.results, joins_per_second=bench.rate_of("join"),
        polls_per_second=bench.rate_of("status poll"), polls_of_nginx=part, memory=memory,
        skipped=bench.skipped, problems=bench.problems,
    )  # fmt: skip


def _speed(bench: Bench, joins: int) -> float | None:
    root = bench.place / "speed"
    queue = Queue(root, schedule_from(time.time()))
    queue.status(note=NOTE)
    # Joins are counted as in production. None needs work, because people come from many networks.
    gate_work, busy = "auto", "1000000"
    with GateProcess(
        root, processor=bench.server_processor, gate_work=gate_work, gate_work_joins_per_second=busy
    ) as gate:
        bench.joins(gate, max(joins // 10, 1), step="join, warming")
        bench.results.clear()
        bench.tickets.clear()
        bench.joins(gate, joins, first=joins)
        ours = bench.polls("gate", gate.url, gate.process.pid)
        bench.wait_pages(gate, max(joins // 10, 1))
    if ours is None:
        return None
    theirs = [_polls_of_nginx(bench, root, is_bare=is_bare) for is_bare in (True, False)]
    best = max((one.per_cpu_second for one in theirs if one), default=None)
    return round(ours.per_cpu_second / best, 3) if best else None


def _polls_of_nginx(bench: Bench, root: Path, *, is_bare: bool) -> Measured | None:
    name = "nginx, one file" if is_bare else "nginx, as shipped"
    try:
        place = bench.place / name.replace(", ", "-").replace(" ", "-")
        with Nginx(place, root, processor=bench.server_processor, is_bare=is_bare) as nginx:
            return bench.polls(name, nginx.url, nginx.process.pid)
    except NginxMissing as missing:
        bench.skipped.append(f"{name}: {missing}")
        return None


def _memory(bench: Bench, waiting: int) -> Memory:
    """Everybody in one lottery window, the worst case: all their places are sorted when it is drawn."""
    root = bench.place / "memory"
    now = int(time.time())
    queue = Queue(root, schedule_from(now, lottery_s=7_200))
    queue.status(waiting=0)
    with GateProcess(root, processor=bench.server_processor) as gate:
        pid = gate.process.pid
        started = _resident(pid, "VmRSS")
        bench.tickets.clear()
        bench.joins(gate, waiting, step="join, lottery")
        joined = _resident(pid, "VmRSS")
        old = queue.schedule
        opens = int(time.time())
        queue.announce(Schedule(joins_from=old.joins_from, opens_at=opens, closes_at=old.closes_at))
        _until(lambda: queue.count_of(1, 0) is not None)
        queue.close(0, [1])
        status = queue.status(waiting=waiting, note=NOTE)
        begun = time.monotonic()
        _until(lambda: _is_ranked(gate, bench.tickets[0].decode()))
        ranked_within = time.monotonic() - begun
        bench.wait_pages(gate, min(len(bench.tickets), waiting))
        most = _resident(pid, "VmHWM")
        status_bytes = len(queue.folder.status.read_bytes())
        assert status.waiting == waiting
        if status_bytes > STATUS_BYTES_MAX:
            bench.problems.append(f"the status has {status_bytes} bytes")
        return Memory(
            waiting=waiting, started_mb=started, joined_mb=joined, ranked_mb=_resident(pid, "VmRSS"),
            most_mb=most, bytes_per_person=round((most - started) * 1e6 / waiting, 1),
            status_bytes=status_bytes, ranked_within_s=round(ranked_within, 1),
        )  # fmt: skip


def _is_ranked(gate: GateProcess, ticket: str) -> bool:
    connection = HTTPConnection("127.0.0.1", gate.port, timeout=10)
    connection.request("GET", f"/antre/casn/t/{ticket}")
    page = connection.getresponse().read()
    connection.close()
    return b'data-exact="1"' in page


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("the gate did not follow")
        time.sleep(0.1)


def _cpu(pid: int) -> float:
    return sum(cpu_seconds(pid).values())


def _resident(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return round(kilobytes * 1024 / 1e6, 1)


def main() -> None:
    """Prints the result as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=40_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--waiting", type=int, default=100_000)
    asked = parser.parse_args()
    result = measure(joins=asked.joins, seconds=asked.seconds, waiting=asked.waiting)
    print(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
