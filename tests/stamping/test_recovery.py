"""Every process of the stamping cycle is killed at every step; the same serial numbers are released, once."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.kit.fail_points import FailPoint
from meterai.kit.files.object_store import FolderStore
from meterai.kit.stop_switches import SEALING_STOPPED, set_switch
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from meterai.stamping.signer.switch_watch import SWITCH_SECONDS_MAX
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from meterai.stamping.use_cases.start_stamping import Started, Worker, start_stampings
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import (
    BOTTOM_LEFT,
    BOTTOM_RIGHT,
    JAIL_TASKS,
    Process,
    StampingSetup,
    TimeStampAuthority,
    until,
)

pytestmark = pytest.mark.storage
TWO = [BOTTOM_LEFT, BOTTOM_RIGHT]
STEPS = ["after_prepare", "after_intent", "after_sign", "after_put", "after_commit"]


async def order_letter(setup: StampingSetup, stamps: int = 1, text: str = "Surat") -> Job:
    document = await setup.accept(make_letter(text), TWO[-stamps:])
    return await setup.order(document)


async def assert_released_once(setup: StampingSetup, job: Job) -> Job:
    """The same serials, one release each, all on the same bytes, and every invariant."""
    found = await until(lambda: released(setup, job.id), what="the release")
    assert found.serials == job.serials
    rows = await setup.database.owner.fetch(
        "SELECT serial, version, sha256 FROM stamping.release WHERE document_id = $1", job.document_id
    )
    assert sorted(row["serial"] for row in rows) == sorted(job.serials)
    assert {row["version"] for row in rows} == {1}
    assert len({row["sha256"] for row in rows}) == 1
    assert await setup.value(
        "SELECT count(*) FROM jobs.outbox WHERE topic = 'stamping.released' AND payload ->> 'job_id' = $1",
        str(job.id),
    ) == 1  # fmt: skip
    await setup.assert_sound()
    return found


async def released(setup: StampingSetup, job_id: UUID) -> Job | None:
    found = await find_job(setup.db, job_id)
    assert found is not None
    assert found.state != "refused", found
    return found if found.state == "released" else None


@pytest.mark.everyday("after_intent-one_stamp", "after_put-two_stamps", "after_commit-one_stamp")
@pytest.mark.parametrize("stamps", [1, 2], ids=["one_stamp", "two_stamps"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_killed_at_any_step_is_replaced(setup: StampingSetup, step: str, stamps: int) -> None:
    job = await order_letter(setup, stamps)
    killed = setup.start_worker(fail_point=step)
    assert killed.wait() == 137, "the fail point was reached"
    setup.start_worker()
    await assert_released_once(setup, job)


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "key_uses", "files"),
    [("after_prepare", 3, 3), ("after_intent", 2, 2), ("after_sign", 3, 2), ("after_put", 3, 3)],
)
async def test_who_ends_at_the_second_stamp_is_replaced_by_who_goes_on_there(
    setup: StampingSetup, step: str, key_uses: int, files: int
) -> None:
    """It goes on from the newest intent, in one attempt. Only work without an intent is repeated.

    Three files remain: the upload, the released one, and one that no row names.
    """
    job = await order_letter(setup, 2)
    with pytest.raises(EndedWorker):
        await run_due_jobs(setup.tools(fail_point=ending_at_the_second(step)), worker="worker-1")
    states = await setup.database.owner.fetch("SELECT state FROM stamping.serial ORDER BY ordinal")
    first = "allocated" if step == "after_prepare" else "sealed"
    assert [row["state"] for row in states] == [first, "allocated"]
    await free_leases(setup.tools(), worker="worker-1")
    assert await run_due_jobs(setup.tools(), worker="worker-2") == 1
    assert await released(setup, job.id)
    await assert_released_once(setup, job)
    assert setup.key_uses() == key_uses
    stored = [path for path in (setup.data / "objects").glob("*/*") if path.is_file()]
    assert len(stored) == files


class EndedWorker(Exception):
    """An end of the worker itself, not of a job."""


def ending_at_the_second(step: str) -> FailPoint:
    seen = 0

    def fail_point(name: str) -> None:
        nonlocal seen
        seen += name == step
        if seen == 2:
            raise EndedWorker

    return fail_point


@pytest.mark.long
async def test_a_worker_killed_after_the_reservation_is_replaced(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    request = setup.wanted(document)
    worker = Worker(name="worker-1", lease_s=600)  # which now dies before it does anything
    (started,) = await start_stampings(setup.db, [request], now=datetime.now(UTC), worker=worker)
    assert isinstance(started, Started)
    assert await run_due_jobs(setup.tools(), worker="worker-2") == 0, "leased to worker-1"
    setup.start_worker("worker-1")
    await assert_released_once(setup, started.job)


async def test_who_is_accepted_beside_a_refused_one_leaves_the_others_rows_to_them(
    front: StampingSetup,
) -> None:
    """A crash between the two would have left a paid document that is neither stamped nor refunded."""
    good, bad = await front.accept(make_letter("Surat")), uuid4()
    rows = [await row_that_asks(front) for _ in range(2)]
    requests = [front.wanted(document, key=f"item-{document}") for document in (good, bad)]
    worker = Worker(name="worker-1", lease_s=600, asked_by=rows)
    accepted, refused = await start_stampings(front.db, requests, now=datetime.now(UTC), worker=worker)
    assert isinstance(accepted, Started)
    assert isinstance(refused, Refusal)
    left = await front.database.owner.fetch(
        "SELECT id FROM jobs.outbox WHERE topic = 'sales.stamp_item_paid'"
    )
    assert [row["id"] for row in left] == rows[1:]


async def row_that_asks(setup: StampingSetup) -> int:
    return int(
        await setup.value(
            "INSERT INTO jobs.outbox (topic, payload, available_at, created_at)"
            " VALUES ('sales.stamp_item_paid', '{}', now(), now()) RETURNING id"
        )
    )


@pytest.mark.parametrize("step", ["signer_after_count", "signer_after_sign"])
async def test_a_signer_killed_at_any_step_is_replaced(setup: StampingSetup, step: str) -> None:
    assert setup.signer_process is not None
    setup.signer_process.kill()
    killed = await setup.start_signer(fail_point=step)
    job = await order_letter(setup)
    setup.start_worker()
    assert killed.wait() == 137, "the fail point was reached"
    await setup.start_signer()
    await assert_released_once(setup, job)
    abandoned = await setup.value("SELECT count(*) FROM stamping.sign_attempt WHERE abandoned_at IS NOT NULL")
    used = await setup.value("SELECT count(*) FROM stamping.sign_attempt WHERE abandoned_at IS NULL")
    assert (abandoned, used) == ((1, 1) if step == "signer_after_count" else (0, 2))
    assert setup.key_uses() == used


async def test_a_job_waits_for_a_signer_that_is_away(setup: StampingSetup) -> None:
    assert setup.signer_process is not None
    setup.signer_process.kill()
    job = await order_letter(setup)
    setup.start_worker()
    await until(
        lambda: "stamping.no_signer" in (setup.data / "worker-1.log").read_text(), what="the worker to ask"
    )
    waiting = await find_job(setup.db, job.id)
    assert waiting is not None
    assert (waiting.state, waiting.attempts, waiting.trouble_code) == ("accepted", job.attempts, None)
    assert (await setup.lot_now()).reserved == 1
    await setup.start_signer()
    await assert_released_once(setup, job)


@pytest.mark.parametrize("killed", [1, 2])
async def test_a_killed_jail_costs_nothing_and_two_an_attempt(setup: StampingSetup, killed: int) -> None:
    job = await order_letter(setup)
    jail = JailPool(JAIL_TASKS, slots=1)
    await jail.start()
    jails = await ready_in_the_order_of_use(jail)
    for pid in jails:
        os.kill(pid, signal.SIGSTOP)  # so that the kill comes in the middle of the work
    under_way = asyncio.create_task(run_due_jobs(setup.tools(jail=jail), worker="test"))
    for pid in jails[:killed]:
        await asyncio.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
    for pid in jails[killed:]:
        os.kill(pid, signal.SIGCONT)
    await under_way
    await jail.close()
    felt = await find_job(setup.db, job.id)
    assert felt is not None
    expected = ("released", None) if killed == 1 else ("accepted", "jail.killed")
    assert (felt.state, felt.trouble_code) == expected
    await setup.work()
    assert (await assert_released_once(setup, job)).attempts >= killed


@pytest.mark.long
async def test_a_job_waits_while_the_jails_stand_still(setup: StampingSetup) -> None:
    """However long that lasts.

    Later it is tried less often, because each attempt takes a turn from others.
    """
    job = await order_letter(setup)
    slow = JailPool(JAIL_TASKS, slots=1, wall_seconds=0.5)
    await slow.start()
    for attempts, pause_s_min, pause_s_max in ((0, 0, 20), (40, 60, 300)):
        await setup.database.owner.execute(
            "UPDATE stamping.job SET attempts = $1, next_attempt_at = now()", attempts
        )
        for pid in await ready_in_the_order_of_use(slow):
            os.kill(pid, signal.SIGSTOP)
        await run_due_jobs(setup.tools(jail=slow), worker="test")
        waiting = await find_job(setup.db, job.id)
        assert waiting is not None
        assert (waiting.state, waiting.trouble_code) == ("accepted", "jail.unavailable")
        pause = await setup.value("SELECT next_attempt_at - now() FROM stamping.job")
        assert pause_s_min <= pause.total_seconds() + 10 <= pause_s_max
    await slow.close()
    await setup.database.owner.execute("UPDATE stamping.job SET next_attempt_at = now()")
    await setup.work()
    await assert_released_once(setup, job)


async def ready_in_the_order_of_use(jail: JailPool) -> list[int]:
    """The processes that get the next two files."""
    (supply,) = jail._supplies
    while len(supply._ready) < 2:
        await asyncio.sleep(0.05)
    return [process.number for process in reversed(supply._ready)]


@pytest_asyncio.fixture
async def own_tsa(setup: StampingSetup) -> AsyncIterator[TimeStampAuthority]:
    """An authority that this test may stop. The signer uses it."""
    assert setup.signer_process is not None
    setup.signer_process.kill()
    setup.tsa = TimeStampAuthority(setup.data / "pki")
    await setup.tsa.start()
    await setup.start_signer()
    yield setup.tsa
    setup.tsa.stop()


async def test_a_job_waits_for_a_time_stamp_authority_that_is_down(
    setup: StampingSetup, own_tsa: TimeStampAuthority
) -> None:
    own_tsa.stop()
    job = await order_letter(setup)
    setup.start_worker()
    waiting = await until(lambda: trouble(setup, job), what="the trouble")
    assert (waiting.state, waiting.trouble_code) == ("sealing", "tsa.unavailable")
    await until(lambda: attempted(setup, job, 6), what="some attempts")
    assert (await setup.lot_now()).reserved == 1, "nothing is consumed, nothing is lost"
    assert setup.key_uses() < 6, "the key is not used in vain at each attempt"
    await own_tsa.start()
    await assert_released_once(setup, job)


async def test_a_worker_that_wakes_up_after_its_lease_can_not_write(setup: StampingSetup) -> None:
    job = await order_letter(setup)
    zombie = setup.start_worker("worker-1", fail_point="after_put:stop", lease_s=1)
    await until(lambda: stopped(zombie), what="the worker to freeze")
    other = setup.start_worker("worker-2")
    await assert_released_once(setup, job)
    before = await setup.row("SELECT * FROM stamping.release")
    other.kill()
    zombie.child.send_signal(signal.SIGCONT)
    await until(lambda: "stamping.lease_lost" in log_of(setup, "worker-1"), what="the zombie to notice")
    assert await setup.row("SELECT * FROM stamping.release") == before
    await assert_released_once(setup, job)


async def test_two_workers_at_once_do_each_job_once(setup: StampingSetup) -> None:
    setup.lot = await setup.give_lot(setup.alice, 20)
    jobs = [await order_letter(setup, text=f"Surat {n}") for n in range(12)]
    for name in ("worker-1", "worker-2"):
        setup.start_worker(name)
    for job in jobs:
        await until(lambda job=job: released(setup, job.id), what="the release")
    assert await setup.value("SELECT count(*) FROM stamping.release") == 12
    assert setup.key_uses() == 12, "nothing was signed twice"
    await setup.assert_sound()


async def test_an_input_that_can_not_be_read_holds_up_no_other_document(setup: StampingSetup) -> None:
    class BadSector(FolderStore):
        async def get(self, key: str) -> bytes:
            if key == unreadable:
                raise PermissionError(errno.EACCES, "Permission denied")
            return await super().get(key)

    jobs = [await order_letter(setup, text=text) for text in ("Surat", "Surat lain")]
    unreadable = await setup.value(
        "SELECT input_object FROM stamping.document WHERE id = $1", jobs[0].document_id
    )
    await run_due_jobs(setup.tools(objects=BadSector(setup.data / "objects")), worker="test")
    assert await released(setup, jobs[1].id)
    waiting = await trouble(setup, jobs[0])
    assert waiting is not None
    assert (waiting.state, waiting.trouble_code) == ("accepted", "stamping.fault")
    await setup.work()
    await assert_released_once(setup, jobs[0])


async def test_after_the_stop_switch_nothing_is_signed_and_nothing_is_lost(setup: StampingSetup) -> None:
    await assert_released_once(setup, await order_first(setup))
    await throw(setup, thrown=True)
    thrown_at = await setup.value("SELECT clock_timestamp()")
    await asyncio.sleep(SWITCH_SECONDS_MAX + 0.2)
    jobs = [await order_letter(setup, text=f"Surat {n}") for n in range(3)]
    for job in jobs:
        await until(lambda job=job: trouble(setup, job, "sealing.stopped"), what="the stop to be felt")
    signed_late = await setup.value(
        "SELECT count(*) FROM stamping.sign_attempt WHERE attempted_at > $1::timestamptz + interval '1.2 s'",
        thrown_at,
    )
    assert signed_late == 0
    uses = setup.key_uses()
    await until(lambda: attempted(setup, jobs[0], 5), what="some attempts")
    assert setup.key_uses() == uses
    await throw(setup, thrown=False)
    for job in jobs:
        await assert_released_once(setup, job)


async def order_first(setup: StampingSetup) -> Job:
    job = await order_letter(setup, text="Surat pertama")
    setup.start_worker()
    return job


async def throw(setup: StampingSetup, *, thrown: bool) -> None:
    async with setup.db.transaction() as tx:
        await set_switch(tx, SEALING_STOPPED, thrown=thrown, reason="test", now=datetime.now(UTC))


async def trouble(setup: StampingSetup, job: Job, code: str | None = None) -> Job | None:
    found = await find_job(setup.db, job.id)
    assert found is not None
    return found if found.trouble_code and code in (None, found.trouble_code) else None


async def attempted(setup: StampingSetup, job: Job, times: int) -> bool:
    found = await find_job(setup.db, job.id)
    return found is not None and found.attempts >= times


def stopped(process: Process) -> bool:
    return Path(f"/proc/{process.child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def log_of(setup: StampingSetup, name: str) -> str:
    return (setup.data / f"{name}.log").read_text()
