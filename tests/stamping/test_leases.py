"""A batch keeps its leases while it is at work, and does not wait for its slow documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.cycle import leases, steps
from meterai.stamping.cycle.batch import CycleSettings
from meterai.stamping.cycle.job_ends import RELEASED
from meterai.stamping.model import Intent
from meterai.stamping.placement import Placement
from meterai.stamping.store import jobs
from meterai.stamping.use_cases.run_cycle import run_accepted_jobs, run_due_jobs
from meterai.stamping.use_cases.start_stamping import Started, Worker, start_stampings
from tests.pdf.sealing import normalised
from tests.plans import believe_large, looks_of
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, StampingSetup, until

pytestmark = pytest.mark.storage


class HoldingJail:
    """Holds one file until `let_go`; then prepares or refuses it."""

    def __init__(self, setup: StampingSetup, held: bytes, refusal: Refusal | None = None) -> None:
        self._inner = setup.jail
        self._held = normalised(held)
        self._refusal = refusal
        self.let_go = asyncio.Event()

    async def run(self, task: str, request: Any, result: Any, **how: Any) -> Any:
        if task.endswith(":prepare_seal") and bytes(request.data) == self._held:
            await self.let_go.wait()
            if self._refusal is not None:
                raise self._refusal
        return await self._inner.run(task, request, result, **how)


def lasting(seconds: float) -> CycleSettings:
    return CycleSettings(base_url="https://meterai.test", specimen=True, lease_s=seconds)


async def order(setup: StampingSetup, letter: bytes, *places: Placement) -> UUID:
    return (await setup.order(await setup.accept(letter, places or [BOTTOM_LEFT]))).id


async def lease(setup: StampingSetup, job: UUID) -> Any:
    return await setup.row(
        "SELECT next_attempt_at, lease_token, lease_holder, state FROM stamping.job WHERE id = $1", job
    )


async def prolonged(setup: StampingSetup, job: UUID, first: datetime) -> bool:
    return bool((await lease(setup, job))["next_attempt_at"] > first)


async def test_nobody_takes_a_batch_whose_work_takes_longer_than_its_lease(setup: StampingSetup) -> None:
    letter = make_letter()
    job, jail = await order(setup, letter), HoldingJail(setup, letter)
    working = asyncio.create_task(
        run_due_jobs(setup.tools(jail=jail, settings=lasting(0.9)), worker="worker-1")
    )
    await until(lambda: claimed(setup, job), what="the claim")
    first = (await lease(setup, job))["next_attempt_at"]
    await until(lambda: prolonged(setup, job, first), seconds=10, what="a longer lease")
    after = setup.tools(clock=lambda: first + timedelta(seconds=0.001))
    assert await run_due_jobs(after, worker="worker-2") == 0
    jail.let_go.set()
    await working
    ended = await lease(setup, job)
    assert (ended["state"], ended["lease_token"]) == ("released", 2), "taken once"
    await setup.assert_sound()


async def claimed(setup: StampingSetup, job: UUID) -> bool:
    return (await lease(setup, job))["lease_holder"] == "worker-1"


async def test_a_batch_that_never_ends_is_given_up(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASES_MAX", 2)
    letter = make_letter()
    job, jail = await order(setup, letter), HoldingJail(setup, letter)
    working = asyncio.create_task(
        run_due_jobs(setup.tools(jail=jail, settings=lasting(0.3)), worker="worker-1")
    )
    await until(lambda: claimed(setup, job), what="the claim")
    await until(lambda: run_due_jobs(setup.tools(), worker="worker-2"), seconds=10, what="the lease's end")
    assert (await lease(setup, job))["state"] == "released"
    jail.let_go.set()
    await working
    await setup.assert_sound()


async def test_a_lease_is_prolonged_by_a_whole_one_each_third_of_it_and_two_times_that_may_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else gets the job before, and everybody may get it after `LEASES_MAX` leases."""
    now, fences, waited, tried = datetime.now(UTC), [jobs.Fence(uuid4(), 3)], [], []

    def at_once(seconds: float) -> Any:
        waited.append(seconds)
        return timeout(0)

    async def prolong(_: object, held: object, until: datetime) -> None:
        tried.append((held, until))
        if len(tried) % 3:
            raise OSError("the server went away")

    timeout = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", at_once)
    monkeypatch.setattr(jobs, "prolong", prolong)
    monkeypatch.setattr(leases, "LEASES_MAX", 3)
    nowhere = SimpleNamespace(connection=no_connection)
    tools: Any = SimpleNamespace(settings=lasting(90), clock=lambda: now, db=nowhere)
    async with leases.leased_meanwhile(tools, fences):
        for _ in range(1000):
            await asyncio.sleep(0)
    assert waited == [30.0] * 6, "for two leases: the first one came with the job"
    assert tried == [(fences, now + timedelta(seconds=90))] * 6


@asynccontextmanager
async def no_connection() -> AsyncIterator[None]:
    yield


async def test_a_usual_batch_does_not_touch_its_leases_again(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    prolongations: list[object] = []

    async def prolong(*args: object) -> None:
        prolongations.append(args)

    monkeypatch.setattr(jobs, "prolong", prolong)
    job = await order(setup, make_letter())
    await setup.work(settings=lasting(90))
    assert (await lease(setup, job))["state"] == "released"
    assert not prolongations


async def test_only_what_is_still_held_is_prolonged(front: StampingSetup) -> None:
    """Not jobs that somebody else took, nor postponed ones, which would not be tried again when due."""
    now = await front.value("SELECT now()")
    taken, put_off, held = [await order(front, make_letter(f"Surat {n}")) for n in range(3)]
    async with front.db.transaction() as tx:
        claims = await jobs.claim_due(
            tx, now + timedelta(hours=1), lease_until=now + timedelta(hours=2), limit=9, holder="worker-1"
        )
        fences = [jobs.Fence(id, token) for id, token in claims]
        await tx.execute("UPDATE stamping.job SET lease_token = 7 WHERE id = $1", taken)
        (fence,) = [fence for fence in fences if fence.job_id == put_off]
        await jobs.postpone(tx, [fence], ["jail.unavailable"], [1], [60.0], now)
    before = [(await lease(front, job))["next_attempt_at"] for job in (taken, put_off)]
    longer = now + timedelta(hours=9)
    async with front.db.connection() as connection:
        await jobs.prolong(connection, fences, longer)
    assert [(await lease(front, job))["next_attempt_at"] for job in (taken, put_off)] == before
    assert (await lease(front, held))["next_attempt_at"] == longer


async def test_nobody_takes_a_job_between_the_look_at_its_lease_and_the_write(front: StampingSetup) -> None:
    job = await order(front, make_letter())
    async with front.db.transaction() as tx:
        assert await jobs.hold(tx, [jobs.Fence(job, 1)]) == {job}
        later = datetime.now(UTC) + timedelta(hours=1)
        async with front.db.transaction() as other:
            await other.execute("SET LOCAL lock_timeout = '5s'")  # it has nothing to wait for
            assert not await jobs.claim_due(other, later, lease_until=later, limit=9, holder="worker-2")


async def test_leases_are_found_by_their_jobs_though_a_quiet_hour_s_statistics_know_of_none_to_do(
    front: StampingSetup,
) -> None:
    """Otherwise each step of each batch would read all waiting jobs."""
    now = await front.value("SELECT now()")
    ended = await order(front, make_letter())
    async with front.db.transaction() as tx:
        await jobs.refuse_jobs(tx, [(ended, "pdf.broken")], now)
    await believe_large(front.database, "stamping.job")
    fences = [jobs.Fence(await order(front, make_letter("lagi")), 1)]
    for work in (
        lambda tx: jobs.hold(tx, fences),
        lambda tx: jobs.postpone(tx, fences, ["jail.unavailable"], [1], [60.0], now),
    ):
        looks = await looks_of(front.db, work)
        assert looks == {"stamping.job_pkey"}


async def test_who_lost_some_of_a_batch_writes_nothing_of_them(front: StampingSetup) -> None:
    """Somebody else took one, and ended another."""
    now = await front.value("SELECT now()")
    taken, ended, kept = [await order(front, make_letter(f"Surat {n}")) for n in range(3)]
    async with front.db.transaction() as tx:
        claims = await jobs.claim_due(
            tx, now + timedelta(hours=1), lease_until=now + timedelta(hours=2), limit=9, holder="worker-1"
        )
        await tx.execute("UPDATE stamping.job SET lease_token = 7 WHERE id = $1", taken)
        await jobs.refuse_jobs(tx, [(ended, "pdf.broken")], now)
        before = await tx.fetch("SELECT * FROM stamping.job ORDER BY id")
    fences = [jobs.Fence(id, token) for id, token in claims]
    serials = {
        row["job_id"]: row["serial"]
        for row in await front.database.owner.fetch("SELECT job_id, serial FROM stamping.serial")
    }
    intents = [
        Intent(
            serial=serials[fence.job_id], digest=bytes(32), prepared_object="0" * 64, gap_start=1, gap_end=2
        )
        for fence in fences
    ]
    async with front.db.connection() as connection:
        held = await jobs.store_intents(
            connection, fences, intents, sealed=[], lease_until=now + timedelta(hours=9), now=now
        )
    assert held == {kept}
    assert await front.value("SELECT count(*) FROM stamping.intent") == 0
    assert await front.database.owner.fetch("SELECT * FROM stamping.job ORDER BY id") == before
    async with front.db.transaction() as tx:
        await jobs.postpone(tx, fences, ["jail.unavailable"] * 3, [1] * 3, [60.0] * 3, now)
    after = await front.database.owner.fetch("SELECT * FROM stamping.job ORDER BY id")
    assert {row["id"] for row, was in zip(after, before, strict=True) if row != was} == {kept}


@pytest.mark.parametrize("refusal", [None, Refusal(Kind.INVALID, "pdf.encrypted")])
async def test_who_loses_one_of_a_batch_goes_on_with_the_others_at_once(
    setup: StampingSetup, refusal: Refusal | None
) -> None:
    """The key is not used for the job that somebody else took, and its stamp stays where it is."""
    letter = make_letter("diambil")
    taken, kept = await order(setup, letter, BOTTOM_LEFT), await order(setup, make_letter("dipegang"))

    class TakingJail(HoldingJail):
        async def run(self, task: str, request: Any, result: Any, **how: Any) -> Any:
            if task.endswith(":prepare_seal") and bytes(request.data) == normalised(letter):
                await setup.database.owner.execute(
                    "UPDATE stamping.job SET lease_token = lease_token + 1 WHERE id = $1", taken
                )
            return await super().run(task, request, result, **how)

    jail = TakingJail(setup, letter if refusal else make_letter("lain"), refusal)
    jail.let_go.set()
    assert await run_due_jobs(setup.tools(jail=jail, settings=lasting(30)), worker="worker-1") == 2
    assert await released(setup, kept)
    assert (await lease(setup, taken))["state"] == "accepted"
    assert setup.key_uses() == 1
    async with setup.db.transaction() as tx:
        assert await jobs.free_leases(tx, "worker-1", datetime.now(UTC)) == 1
    await setup.work()
    assert await released(setup, taken)
    await setup.assert_sound()


@pytest.mark.parametrize("refusal", [None, Refusal(Kind.UNAVAILABLE, "jail.unavailable")])
async def test_the_others_of_a_batch_do_not_wait_for_a_slow_one(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch, refusal: Refusal | None
) -> None:
    monkeypatch.setattr(steps, "_PATIENCE_S", 0.05)
    letter = make_letter("lambat")
    slow = await order(setup, letter, BOTTOM_LEFT, BOTTOM_RIGHT)
    others = [await order(setup, make_letter(text)) for text in ("satu", "dua")]
    jail = HoldingJail(setup, letter, refusal)
    working = asyncio.create_task(run_due_jobs(setup.tools(jail=jail), worker="worker-1"))
    for job in others:
        await until(lambda job=job: released(setup, job), seconds=20, what="the release of the others")
    assert not working.done()
    jail.let_go.set()
    assert await working == 3
    row = await setup.row("SELECT state, trouble_code FROM stamping.job WHERE id = $1", slow)
    assert tuple(row) == (("released", None) if refusal is None else ("accepted", "jail.unavailable"))
    await setup.assert_sound()


async def test_the_news_of_the_others_is_not_kept_for_a_slow_one(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that keeps news passes them on when the whole batch has ended."""
    monkeypatch.setattr(steps, "_PATIENCE_S", 0.05)
    letter = make_letter("lambat")
    documents = [await setup.accept(data) for data in (letter, make_letter())]
    requests = [setup.wanted(document, key=str(document)) for document in documents]
    worker = Worker(name="worker-1", lease_s=600)
    outcomes = await start_stampings(setup.db, requests, now=datetime.now(UTC), worker=worker)
    started = [one for one in outcomes if isinstance(one, Started)]
    jail = HoldingJail(setup, letter)
    working = asyncio.create_task(run_accepted_jobs(setup.tools(jail=jail), started, keep_news_s=600))
    await until(lambda: released(setup, started[1].job.id), seconds=20, what="the release of the other")
    assert await setup.value("SELECT available_at <= now() FROM jobs.outbox WHERE topic = $1", RELEASED)
    jail.let_go.set()
    assert {one.reference_id for one in await working} == set(documents)
    await setup.assert_sound()


async def released(setup: StampingSetup, job: UUID) -> bool:
    return (await lease(setup, job))["state"] == "released"
