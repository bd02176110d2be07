"""The jail: code inside can't reach out, and a broken limit harms nobody else."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog.testing

from meterai.jail.fork_server import ForkServer
from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest, ProbeResult
from meterai.jail.process import Process
from meterai.jail.walls.kernel_calls import cpu_seconds_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.role_port import NotReady
from meterai.pdf.requests import Inspection, InspectRequest, RenderedPage, RenderRequest
from tests.pdf import samples

pytestmark = pytest.mark.hostile

PROBE = "meterai.jail.probe:probe"
INSPECT = "meterai.pdf.inspection:inspect"
RENDER = "meterai.pdf.rendering:render_page"


@pytest.fixture
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool([PROBE, INSPECT, RENDER], slots=1, cpu_seconds=1, wall_seconds=6.0, waiting_max=2)
    await pool.start()
    yield pool
    await pool.close()


async def ask(jail: JailPool, **what: object) -> ProbeResult:
    return await jail.run(PROBE, ProbeRequest(**what), ProbeResult, owner="me")  # type: ignore[arg-type]


async def worker(jail: JailPool) -> int:
    """The number of the process that works for us."""
    await ask(jail)
    (supply,) = jail._supplies
    return next(process.number for process in reversed(supply._kept))


async def test_nothing_of_our_environment_reaches_the_jail(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("METERAI_DATABASE_URL", "postgresql://secret")
    pool = JailPool([PROBE])
    await pool.start()
    seen = await ask(pool)
    await pool.close()
    assert not [name for name in seen.environment if name.startswith(("METERAI", "HOME", "PATH"))]


async def test_a_document_with_a_thousand_bookmarks_can_be_followed_and_one_without_end_is_refused() -> None:
    """pyHanko goes from each bookmark to the next by two nested calls."""
    pool = JailPool([PROBE], slots=1)
    await pool.start()
    await ask(pool, calls=2_000)
    with pytest.raises(Refusal, match=r"pdf\.too_complex"):
        await ask(pool, calls=100_000)
    await pool.close()


@pytest.mark.parametrize(
    "greed",
    [{"allocate_bytes": 3 << 30}, {"burn_seconds": 60.0}, {"abort": True}],
    ids=["memory", "cpu", "crash"],
)
async def test_breaking_a_limit_is_refused_and_the_next_job_runs(
    jail: JailPool, greed: dict[str, object]
) -> None:
    with pytest.raises(Refusal) as caught:
        await ask(jail, **greed)
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "pdf.too_heavy")
    assert len((await jail.run(INSPECT, InspectRequest(data=samples.two_pages()), Inspection)).pages) == 2


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[int]:
    """The numbers of the processes that got a job, in order."""
    numbers, exchange = asyncio.Queue[int](), Process.exchange

    async def told(process: Process, task: int, body: bytes) -> bytearray:
        numbers.put_nowait(process.number)
        return await exchange(process, task, body)

    monkeypatch.setattr(Process, "exchange", told)
    return numbers


async def test_a_job_whose_process_is_killed_by_others_is_done_by_another_one(
    jail: JailPool, begun: asyncio.Queue[int]
) -> None:
    work = asyncio.create_task(ask(jail, sleep_seconds=2.0))
    first = await begun.get()
    os.kill(first, signal.SIGKILL)
    await work
    assert begun.get_nowait() != first


async def test_a_job_over_which_two_processes_are_killed_is_refused_and_its_file_not_blamed(
    begun: asyncio.Queue[int],
) -> None:
    pool = JailPool([PROBE], slots=1, wall_seconds=200.0)
    await pool.start()
    work = asyncio.create_task(ask(pool, sleep_seconds=150))
    killed = []
    for _ in range(2):
        killed.append(await begun.get())
        os.kill(killed[-1], signal.SIGKILL)
    with pytest.raises(Refusal) as caught:
        await work
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "jail.killed")
    assert killed[0] != killed[1]
    assert begun.empty()
    await pool.close()


async def test_a_file_that_crashes_its_process_gets_no_second_one(jail: JailPool) -> None:
    both = await two_ready(jail)
    with pytest.raises(Refusal, match=r"pdf\.too_heavy"):
        await ask(jail, abort=True)
    assert len(both & confined()) == 1


@pytest.fixture
async def quick_jail() -> AsyncIterator[JailPool]:
    """A jail that reaches its wall limit soon, and its limit of CPU time never."""
    pool = JailPool([PROBE], slots=1, cpu_seconds=8, wall_seconds=1.0)
    await pool.start()
    yield pool
    await pool.close()


@pytest.mark.long
async def test_a_job_whose_process_stands_still_is_done_by_another_one(quick_jail: JailPool) -> None:
    first = await worker(quick_jail)
    os.kill(first, signal.SIGSTOP)
    assert await worker(quick_jail) != first


@pytest.mark.long
async def test_a_machine_that_stands_still_is_not_the_files_fault(quick_jail: JailPool) -> None:
    both = await two_ready(quick_jail)
    for process in both:
        os.kill(process, signal.SIGSTOP)
    with pytest.raises(Refusal) as caught:
        await ask(quick_jail)
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "jail.unavailable")
    assert await worker(quick_jail) not in both


@pytest.mark.long
async def test_a_file_that_is_worked_on_slowly_keeps_its_process() -> None:
    pool = JailPool([PROBE], slots=1, wall_seconds=3.0)
    await pool.start()
    first = await worker(pool)
    before = cpu_seconds_of(first)
    with structlog.testing.capture_logs() as logged:
        work = asyncio.create_task(ask(pool, burn_seconds=0.4))
        while cpu_seconds_of(first) < before + 0.2 and not work.done():
            await asyncio.sleep(0.01)
        os.kill(first, signal.SIGSTOP)
        while not any(line["event"] == "jail.slow" for line in logged) and not work.done():
            await asyncio.sleep(0.01)  # until the first stretch is over
        os.kill(first, signal.SIGCONT)
        await work
    assert [line["event"] for line in logged] == ["jail.slow"]
    assert await worker(pool) == first
    await pool.close()


@pytest.mark.long
async def test_a_machine_that_is_too_slow_is_not_the_files_fault(quick_jail: JailPool) -> None:
    with pytest.raises(Refusal) as caught:
        await ask(quick_jail, burn_seconds=6.0)
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "jail.unavailable")


@pytest.mark.long
async def test_an_answer_that_lies_there_after_a_standstill_of_ours_is_taken(quick_jail: JailPool) -> None:
    first = await worker(quick_jail)
    work = asyncio.create_task(ask(quick_jail, sleep_seconds=0.2))
    await asyncio.sleep(0.1)
    time.sleep(1.5)
    await work
    assert await worker(quick_jail) == first


async def two_ready(jail: JailPool) -> set[int]:
    """The processes that were made ahead and have read nothing."""
    (supply,) = jail._supplies
    while len(supply._ready) < 2:
        await asyncio.sleep(0.02)
    return {process.number for process in supply._ready}


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def confined() -> set[int]:
    """Living jail processes of this test: those with one seccomp filter more than the test itself."""
    return {int(pid) for pid in children() if filters_of(pid) > filters_of("self")}


def fork_server(jail: JailPool) -> int:
    """It imports and forks, and reads no uploaded file."""
    (supply,) = jail._supplies
    assert supply._fork_server is not None
    return supply._fork_server._child.pid


def filters_of(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Seccomp_filters:"))


async def test_a_process_is_made_ahead_for_the_next_owner() -> None:
    pool = JailPool([PROBE], spare=False)
    await pool.start()
    ready = await worker(pool)
    while len(confined()) < 2:
        await asyncio.sleep(0.02)
    assert await worker(pool) == ready
    os.kill(ready, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert await worker(pool) != ready
    await pool.close()


async def test_the_limit_on_cpu_time_is_per_job(jail: JailPool) -> None:
    first = await worker(jail)
    await ask(jail, burn_seconds=0.7)
    await ask(jail, burn_seconds=0.7)
    assert await worker(jail) == first


def test_cpu_time_is_counted_from_the_beginning_of_a_job_and_not_of_the_process() -> None:
    """RLIMIT_CPU counts in ticks. In a life of short jobs it went seconds ahead of the time used."""
    before, after, soft, hard = told_by(
        """
        timer.wind_up(5)
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        before = timer.left()
        timer.wind_up(5)
        print(before, timer.left(), *resource.getrlimit(resource.RLIMIT_CPU))
        """
    )
    assert before < 4.95 < after
    assert soft == hard == float(resource.RLIM_INFINITY)


def test_cpu_time_is_what_was_used_and_not_who_ran_when_the_kernel_looked() -> None:
    """Where it counts in ticks, a process pays for others: 0.7 s became a whole second."""
    used, left = told_by(
        """
        coarse = 6  # CLOCK_MONOTONIC_COARSE goes on with each tick (clock_gettime(2))
        tick = time.clock_getres(coarse)
        timer.wind_up(5)
        began = time.process_time()
        for _ in range(60):  # works between two ticks, and sleeps when one falls
            since_tick = time.monotonic() - time.clock_gettime(coarse)
            time.sleep(max(0, 1.1 * tick - since_tick))
            until = time.monotonic() + 0.7 * tick
            while time.monotonic() < until:
                pass
        print(time.process_time() - began, timer.left())
        """
    )
    assert used == pytest.approx(5 - left, rel=0.2)


def told_by(script: str) -> list[float]:
    """Output of a process that has a `timer` of its CPU time."""
    begin = """
        import resource, time
        from meterai.jail.walls.kernel_calls import CpuTimer
        timer = CpuTimer()
    """
    command = [sys.executable, "-c", textwrap.dedent(begin) + textwrap.dedent(script)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(number) for number in told.stdout.split()]


@pytest.mark.long
@pytest.mark.parametrize(("burnt", "refused"), [(0.4, False), (60.0, True)], ids=["answered", "refused"])
async def test_the_cpu_time_of_a_job_is_told_also_when_it_is_refused(
    jail: JailPool, burnt: float, refused: bool
) -> None:
    await ask(jail, burn_seconds=0.5)  # another job's time, which does not count
    told: list[float] = []
    job = jail.run(PROBE, ProbeRequest(burn_seconds=burnt), ProbeResult, spent=told.append, owner="me")
    if refused:
        with pytest.raises(Refusal, match=r"pdf\.too_heavy"):
            await job
    else:
        await job
    assert told == [pytest.approx(min(burnt, 1.0), abs=0.1)]


@pytest.mark.long
async def test_forms_in_forms_kill_the_renderer_and_not_us(jail: JailPool) -> None:
    request = RenderRequest(data=samples.nested_forms(), page=1)
    with pytest.raises(Refusal) as caught:
        await jail.run(RENDER, request, RenderedPage)
    assert caught.value.code in ("pdf.too_heavy", "pdf.broken")
    rendered = await jail.run(RENDER, RenderRequest(data=samples.letter(), page=1), RenderedPage)
    assert rendered.width_px == 720


async def test_refusals_cross_the_wall_with_their_facts(jail: JailPool) -> None:
    with pytest.raises(Refusal) as caught:
        await jail.run(INSPECT, InspectRequest(data=samples.tiny_page()), Inspection)
    assert (caught.value.code, caught.value.facts) == ("pdf.page_size", {"page": 1})


async def test_large_files_pass_the_wall(jail: JailPool) -> None:
    seen = await jail.run(INSPECT, InspectRequest(data=samples.scan(9_000_000)), Inspection)
    assert seen.size_bytes > 8_500_000


async def test_whoever_comes_when_too_many_wait_is_told_so(jail: JailPool, begun: asyncio.Queue[int]) -> None:
    jobs = [asyncio.create_task(ask(jail, sleep_seconds=0.4)) for _ in range(3)]
    await begun.get()  # the others wait
    with pytest.raises(Refusal) as caught:
        await ask(jail)
    assert (caught.value.kind, caught.value.code) == (Kind.BUSY, "jail.busy")
    assert len(await asyncio.gather(*jobs)) == 3


async def test_a_job_nobody_waits_for_any_more_frees_its_place() -> None:
    pool = JailPool([PROBE], slots=1, wall_seconds=200.0)
    await pool.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ask(pool, sleep_seconds=150)
    async with asyncio.timeout(60):
        assert await ask(pool)
    await pool.close()


async def test_a_task_that_cannot_be_imported_stops_the_start() -> None:
    with pytest.raises(RuntimeError, match="no_such_module"):
        await JailPool(["no_such_module:function"]).start()


async def test_a_process_that_died_while_idle_is_not_used(jail: JailPool) -> None:
    for _ in range(3):
        os.kill(await worker(jail), signal.SIGKILL)
        await asyncio.sleep(0.2)
    assert await ask(jail)


async def test_where_no_process_can_be_made_for_a_while_those_who_wait_get_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None of them gets the process of another."""
    pool, fork = JailPool([PROBE], slots=2, spare=False), ForkServer.fork
    forks = iter([True, False, True, True])

    async def not_always(server: ForkServer, wall: socket.socket) -> int:
        if not next(forks, True):
            raise OSError("no memory")
        return await fork(server, wall)

    monkeypatch.setattr(ForkServer, "fork", not_always)
    await pool.start()
    async with asyncio.timeout(60):
        mine, yours = await asyncio.gather(
            *(pool.run(PROBE, ProbeRequest(remember=name), ProbeResult, owner=name) for name in ("a", "b"))
        )
    assert mine.remembered == yours.remembered == []
    await pool.close()


async def test_a_large_parent_is_not_taken_for_a_swollen_jail() -> None:
    ballast = bytearray(os.urandom(1 << 20)) * 300  # 300 MB that are really there
    pool = JailPool([PROBE], slots=1, memory_bytes=512 << 20)
    await pool.start()
    processes = {await worker(pool) for _ in range(3)}
    await pool.close()
    assert len(ballast) == 300 << 20
    assert len(processes) == 1


async def test_a_pool_that_was_not_started_starts_with_its_first_job() -> None:
    pool = JailPool([PROBE], slots=1)
    assert pool.confinement is None
    assert await ask(pool)
    assert pool.confinement is not None
    await pool.close()


async def test_closing_leaves_no_process_behind() -> None:
    before = children()
    pool = JailPool([PROBE], slots=2)
    await pool.start()
    await ask(pool)
    await pool.close()
    assert children() <= before


async def test_processes_are_copies_of_one_that_imported_until_a_file_crashes_one(jail: JailPool) -> None:
    first = fork_server(jail)
    with pytest.raises(Refusal):
        await ask(jail, burn_seconds=60.0)
    assert fork_server(jail) == first
    await two_ready(jail)
    with pytest.raises(Refusal):
        await ask(jail, abort=True)
    old = {process.number for process in jail._supplies[0]._ready}
    for _ in range(3):
        await ask(jail)  # the old ones are there at once, and work on one file each
    assert old.isdisjoint({await worker(jail)}), "what the crash told of its memory is of no use"
    assert fork_server(jail) != first


async def test_the_pool_outlasts_the_process_of_which_its_processes_are_copies(jail: JailPool) -> None:
    both, first = await two_ready(jail), fork_server(jail)
    for process in {first} | both:
        os.kill(process, signal.SIGKILL)
    await asyncio.sleep(0.2)
    await ask(jail)
    assert (await two_ready(jail)).isdisjoint(both)
    assert fork_server(jail) != first


async def test_a_standstill_of_ours_while_a_process_is_forked_costs_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("meterai.jail.fork_server._FORK_SECONDS_MAX", 0.1)
    pool = JailPool([PROBE], slots=1)
    await pool.start()
    first = fork_server(pool)
    for _ in range(3):
        await asyncio.sleep(0)  # until the spare process is ordered
    time.sleep(0.3)
    await two_ready(pool)
    assert fork_server(pool) == first
    await pool.close()


async def test_monitors_are_told_of_trouble_with_new_processes_when_none_is_left(
    jail: JailPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(server: ForkServer, wall: socket.socket) -> int:
        raise OSError("no memory")

    await two_ready(jail)
    monkeypatch.setattr(ForkServer, "fork", never)
    (supply,) = jail._supplies
    with structlog.testing.capture_logs() as logged:
        await ask(jail)
        while not logged:
            await asyncio.sleep(0.01)
    await jail.ping()
    for process in supply._ready:
        os.kill(process.number, signal.SIGKILL)
    await asyncio.sleep(0.2)
    with pytest.raises(NotReady, match="no process can be started"):
        await jail.ping()


async def test_closing_ends_although_a_process_is_still_starting() -> None:
    pool = JailPool([PROBE], slots=1)
    await pool.start()
    await asyncio.sleep(0)  # the spare process begins
    async with asyncio.timeout(60):
        await pool.close()
