"""Planted bugs (`script/chaos --planted NAME`): each must turn the checker red that guards against it.

All of them share one service. A plant counts as caught only if its checker was content right before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from chaos.checkers import check_invariants, check_journal, check_rest, check_resumes
from chaos.play import play_row
from chaos.row import Row
from chaos.rows.files import flip
from chaos.stage import Part, Stage, open_stage
from simulator.rehearsal.victims import strike

_PEOPLE: Final = 4
_SECONDS: Final = 15.0


class PlantOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A planted bug, and whether its checker found it."""

    name: str
    checker: str
    caught: bool
    found: list[str]


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug, and the checker that must find it."""

    name: str
    checker: str
    story: str
    plant: Callable[[Stage], AbstractAsyncContextManager[None]]


class _NeverReached(Row):
    """A fault whose fail point nobody reaches."""

    number, name, guards = 0, "never reached", ""

    async def strike(self, stage: Stage) -> str:
        await stage.freeze_at("nowhere", 2)
        return "reached"


async def run_plants(plants: Sequence[Plant], *, seed: int) -> list[PlantOutcome]:
    """Lets a few people buy, then plants one bug after the other."""
    async with open_stage(seed, per_second=1.0, short=True) as stage:
        stage.begin()
        await stage.until(lambda: len(stage.crowd.finished) >= _PEOPLE, 120, "the first people")
        live = [await _run_live(stage, plant) for plant in plants if plant in LIVE]
        await stage.end()
        return live + [await _run_at_rest(stage, plant) for plant in plants if plant in AT_REST]


async def _run_live(stage: Stage, plant: Plant) -> PlantOutcome:
    async with plant.plant(stage):
        if plant.checker == "fired":
            told = await play_row(stage, _NeverReached())
            return _outcome(plant, [] if told.fired else [f"fired: {told.seen}"], before=[])
        _, found = await check_resumes(stage, time.monotonic(), _SECONDS)
    _, after = await check_resumes(stage, time.monotonic(), 90)
    return _outcome(plant, found, before=after)


async def _run_at_rest(stage: Stage, plant: Plant) -> PlantOutcome:
    before = await _judge(stage)
    async with plant.plant(stage):
        return _outcome(plant, await _judge(stage), before=before)


async def _judge(stage: Stage) -> list[str]:
    found = await check_rest(stage, seconds=0)
    return found + await check_journal(stage) + await check_invariants(stage, every_file=True)


def _outcome(plant: Plant, found: list[str], *, before: list[str]) -> PlantOutcome:
    named = [words for words in found if words.startswith(f"{plant.checker}:")]
    was_content = not any(words.startswith(f"{plant.checker}:") for words in before)
    return PlantOutcome(
        name=plant.name, checker=plant.checker, caught=bool(named) and was_content, found=named
    )


def _by_sql(statement: str) -> Callable[[Stage], AbstractAsyncContextManager[None]]:
    """A change that only the owner can make, without triggers and foreign keys. It stays."""

    @asynccontextmanager
    async def plant(stage: Stage) -> AsyncIterator[None]:
        async with stage.owner() as owner:
            await owner.execute(f"SET session_replication_role = replica; {statement}")
        yield

    return plant


@asynccontextmanager
async def _nothing(stage: Stage) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _frozen_worker(stage: Stage) -> AsyncIterator[None]:
    workers = stage.processes(Part.WORKER)
    for worker in workers:
        strike(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            strike(worker, signal.SIGCONT)


@asynccontextmanager
async def _false_entry(stage: Stage) -> AsyncIterator[None]:
    contact, entry = next(item for item in stage.crowd.journal.items() if item[1].digests)
    stage.crowd.journal[contact] = replace(entry, digests=("0" * 64,))
    try:
        yield
    finally:
        stage.crowd.journal[contact] = entry


@asynccontextmanager
async def _changed_file(stage: Stage) -> AsyncIterator[None]:
    stored = _some_file(stage)
    flip(stored, 1000)
    try:
        yield
    finally:
        flip(stored, 1000)


@asynccontextmanager
async def _longer_file(stage: Stage) -> AsyncIterator[None]:
    """A released file that is longer than what its signature covers, under its right digest."""
    old = _some_file(stage)
    content = old.read_bytes() + b"\n% more\n"
    digest = hashlib.sha256(content).hexdigest()
    new = stage.objects / digest[:2] / digest[2:]
    new.parent.mkdir(exist_ok=True)
    await asyncio.to_thread(new.write_bytes, content)
    async with stage.owner() as owner:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(
            "UPDATE stamping.release SET sha256 = $1, bytes = $2 WHERE sha256 = $3",
            digest,
            len(content),
            old.parent.name + old.name,
        )
    yield


def _some_file(stage: Stage) -> Path:
    digest = next(entry.digests[0] for entry in stage.crowd.journal.values() if entry.digests)
    return stage.objects / digest[:2] / digest[2:]


LIVE: Final = (
    Plant("silent_fault", "fired", "a fault that never happens", _nothing),
    Plant("frozen_worker", "resumes", "the worker never goes on", _frozen_worker),
)
AT_REST: Final = (
    Plant("false_entry", "journal", "a person downloaded another file than was released", _false_entry),
    Plant(
        "free_credit",
        "rest",
        "a payment was booked that the gateway never had",
        _by_sql(
            "UPDATE sales.payment SET reference = 'nobody' WHERE id = "
            "(SELECT id FROM sales.payment WHERE settled_at IS NOT NULL LIMIT 1)"
        ),
    ),
    Plant("bit_flip", "I9", "a byte of a released file changed", _changed_file),
    Plant("no_coverage", "I12", "a file is longer than its signature covers", _longer_file),
    Plant(
        "no_unique_serial",
        "I1",
        "the unique index was dropped, and a serial was allocated twice",
        _by_sql(
            "ALTER TABLE stamping.serial DROP CONSTRAINT serial_pkey CASCADE; INSERT INTO stamping.serial "
            "SELECT (jsonb_populate_record(s, jsonb_build_object('ordinal', 2, 'reservation_id', "
            "gen_random_uuid()))).* FROM stamping.serial s LIMIT 1"
        ),
    ),
    Plant(
        "no_intent",
        "I8",
        "signatures without an intent",
        _by_sql("DELETE FROM stamping.intent"),
    ),
    Plant(
        "no_history_trigger",
        "I23",
        "the trigger was dropped that keeps history, and a transfer is gone",
        _by_sql(
            "DELETE FROM ledger.transfer WHERE id = "
            "(SELECT id FROM ledger.transfer WHERE code = 'sale_fee' LIMIT 1)"
        ),
    ),
    Plant(
        "credit_twice",
        "I5",
        "a notice credited its lot again",
        _by_sql(
            "UPDATE ledger.account SET credits_posted = credits_posted + 1 WHERE id = "
            "(SELECT id FROM ledger.account WHERE kind = 'lot' AND credits_posted > 0 LIMIT 1)"
        ),
    ),
)
PLANTS: Final = {plant.name: plant for plant in (*LIVE, *AT_REST)}
