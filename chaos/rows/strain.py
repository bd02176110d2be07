"""Rows 18 to 22: hostile files, a frozen worker, wrong clocks."""

from __future__ import annotations

import asyncio
import os
import signal
from abc import abstractmethod
from datetime import UTC, datetime
from typing import ClassVar, Final

from chaos.hostile_files import endless_drawing, memory_bomb
from chaos.row import NotFired, Row
from chaos.rows.money import row_of
from chaos.stage import Part, Stage
from simulator.crowd.browser import Browser
from simulator.crowd.forms import form_with
from simulator.rehearsal.victims import is_frozen, is_module, processes_below, strike

_WORKS_WITHIN_S: Final = 40.0


class _HostileFiles(Row):
    """A few hostile files are uploaded at once, from networks of their own."""

    count: ClassVar[int] = 4

    @abstractmethod
    def make(self, number: int) -> bytes:
        """A file; each number gives other bytes."""

    async def strike(self, stage: Stage) -> str:
        before, finished = _broken_limits(stage), len(stage.crowd.finished)
        files = [await asyncio.to_thread(self.make, stage.dice.randrange(10**9)) for _ in range(self.count)]
        statuses = await asyncio.gather(*(_upload(stage, place, file) for place, file in enumerate(files, 1)))
        broken = _broken_limits(stage) - before
        if not broken and all(status != 422 for status in statuses):
            raise NotFired(f"no limit was broken; {statuses}")
        others = len(stage.crowd.finished) - finished
        return f"answers {statuses}, {broken} limits of a jail broken; {others} others finished meanwhile"


class MemoryBomb(_HostileFiles):
    """Row 18."""

    number, name, guards = 18, "memory pressure: a PDF bomb", "I18, others unaffected"
    short = False

    def make(self, number: int) -> bytes:
        return memory_bomb(number)


class ParserHang(_HostileFiles):
    """Row 19."""

    number, name, guards = 19, "parser hang", "I2"
    short = False

    def make(self, number: int) -> bytes:
        return endless_drawing(number)


class FrozenWorker(Row):
    """Row 20: the worker freezes when it has signed. Another ends the job after its lease; then it wakes."""

    number, name, guards = 20, "worker frozen past its lease, then resumed", "I1"
    short = False
    resumes_within_s = 120.0

    async def strike(self, stage: Stage) -> str:
        worker, lost = await stage.process(Part.WORKER), stage.log("worker").count("stamping.lease_lost")
        stage.arm("after_sign", "stop")
        try:
            await stage.until(lambda: is_frozen(worker), 60, "a worker frozen after its signature")
            async with stage.another_worker():
                held = await row_of(
                    stage, "SELECT id FROM stamping.job WHERE lease_holder LIKE '%/worker-1' LIMIT 1"
                )
                await row_of(
                    stage,
                    "SELECT state FROM stamping.job WHERE id = $1 AND ended_at IS NOT NULL",
                    held["id"],
                    seconds=150,
                )
        finally:
            stage.disarm("after_sign")
            strike(worker, signal.SIGCONT)
        await stage.until(
            lambda: stage.log("worker").count("stamping.lease_lost") > lost, 30, "the lost lease in the log"
        )
        return "frozen after its signature; another worker released the job; stamping.lease_lost when it woke"


class WrongClocks(Row):
    """Row 21: beside the worker, one whose clock is ten minutes ahead, then one a day behind."""

    number, name, guards = 21, "clock of a worker +10 min, -1 day", "I13 I19, tokens and holds"
    short = False

    async def strike(self, stage: Stage) -> str:
        seen = [await self._with(stage, shift) for shift in ("+10m", "-1d")]
        return "; ".join(seen)

    async def _with(self, stage: Stage, shift: str) -> str:
        own = await stage.process(Part.WORKER)
        before = stage.log("another-worker").count("worker.ready")
        async with stage.another_worker(prefix=("faketime", "--disable-shm", "-f", shift)) as other:
            await stage.until(
                lambda: stage.log("another-worker").count("worker.ready") > before,
                _WORKS_WITHIN_S,
                f"a worker at {shift}",
            )
            ahead = await self._ahead(stage, other.pid)
            strike(own, signal.SIGSTOP)
            try:
                await asyncio.sleep(6)
            finally:
                strike(own, signal.SIGCONT)
            if other.poll() is not None:
                raise NotFired(f"the worker at {shift} ended with {other.returncode}")
        return f"{shift}: alone for 6 s, its log is {ahead} ahead of the clock"

    async def _ahead(self, stage: Stage, wrapper: int) -> str:
        """How far the other worker's own times are from the machine's. `wrapper`: the pid of its parent."""
        shown = stage.data / "run" / "worker-2.json"
        pids = {worker.pid for worker in processes_below(wrapper, is_module(Part.WORKER))}
        await stage.until(
            lambda: shown.exists() and any(f'"pid":{pid},' in shown.read_text() for pid in pids),
            10,
            "its sign of life",
        )
        written = shown.read_text().partition('"at":"')[2].partition('"')[0]
        return f"{(datetime.fromisoformat(written) - datetime.now(UTC)).total_seconds():.0f} s"


class LeapOfMonotonicClock(Row):
    """Row 22: a worker whose monotonic clock stands weeks ahead, alone for some seconds."""

    number, name, guards = 22, "leap of the monotonic clock", "time-outs only"
    short = False
    leap_s: ClassVar[int] = 3_000_000

    async def strike(self, stage: Stage) -> str:
        own = await stage.process(Part.WORKER)
        prefix = ("unshare", "--time", "--monotonic", str(self.leap_s), "--fork", "--kill-child")
        before = stage.log("another-worker").count("worker.ready")
        async with stage.another_worker(prefix=prefix) as other:
            await stage.until(
                lambda: stage.log("another-worker").count("worker.ready") > before,
                _WORKS_WITHIN_S,
                "a worker in a time namespace",
            )
            namespaces = {os.readlink(f"/proc/{pid}/ns/time_for_children") for pid in (own.pid, other.pid)}
            if len(namespaces) != 2:
                raise NotFired("the worker has the clock of the others")
            strike(own, signal.SIGSTOP)
            try:
                held = await row_of(
                    stage,
                    "SELECT id FROM stamping.job WHERE lease_holder LIKE '%/worker-2' LIMIT 1",
                    seconds=30,
                )
                await row_of(
                    stage, "SELECT id FROM stamping.job WHERE id = $1 AND ended_at IS NOT NULL", held["id"]
                )
            finally:
                strike(own, signal.SIGCONT)
        return f"a worker {self.leap_s} s ahead of the others' monotonic clock released a job alone"


async def _upload(stage: Stage, place: int, file: bytes) -> int:
    """Sends a file from a network of its own. Returns the status."""
    browser = Browser(stage.service.addresses.site, source_address=f"127.240.{place}.1", timeout_seconds=90)
    try:
        form = form_with((await browser.get("/beli")).text, "kiriman")
        answer = await browser.post_files(form.action, form.fields, [(form.files[0], "surat.pdf", file)])
    finally:
        browser.close()
    return answer.status


def _broken_limits(stage: Stage) -> int:
    return stage.log("site").count("jail.limit_broken")


ROWS: Final[tuple[type[Row], ...]] = (
    MemoryBomb,
    ParserHang,
    WrongClocks,
    LeapOfMonotonicClock,
    FrozenWorker,
)
