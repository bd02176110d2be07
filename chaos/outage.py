"""kill -9 of everything at the highest sustained rate: `python -m chaos.outage --seed 7`.

A closed crowd keeps the service at the highest rate that it sustains. Then every process, the database and
the twins included, gets SIGKILL, and the service is started again. Prints how long it took from that start
until every order that had been paid was stamped, and in which order the classes of work ended.

Exit codes: 0 within 60 s and in the order, 1 not, 2 not played.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from signal import SIGSTOP
from typing import Final

import msgspec
import uvloop

from chaos.checkers import check_invariants, check_journal, check_rest, check_resumes
from chaos.people import ClosedCrowd
from chaos.restart import kill_all, settings_of, start_again
from chaos.stage import Part, Stage, open_stage
from chaos.twin import Twin
from chaos.work_left import CLASSES, Left, is_in_order, read_left, read_new
from simulator.crowd.report import ended_by_signals
from simulator.rehearsal.victims import strike

STAMPED_WITHIN_S: Final = 60.0
_WAITED_S: Final = 180.0
_SETTINGS: Final = {"METERAI_JAIL_SLOTS": "2"}


class ClassEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A class of work. Seconds are counted from the second start; None: nobody was in it."""

    name: str
    orders: int
    first_s: float | None
    """When the first was credited, or stamped if it had been credited before."""
    last_s: float | None
    """When the last was stamped."""


class OutageOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome."""

    ok: bool
    seed: int
    people: int
    orders_per_second: float
    """Stamped orders a second before the outage, with `people` side by side."""
    killed: int
    """Processes that were seen gone."""
    ready_s: float
    stamped_s: float
    """From the start until every order paid before the outage was stamped."""
    in_order: bool
    classes: list[ClassEnd]
    wrong: list[str]


async def play_outage(seed: int, *, people: int, warm_s: float) -> OutageOutcome:
    """Plays it. Raises: TimeoutError when the service does not come up, or a paid order is not stamped."""
    async with open_stage(seed, per_second=1.0, short=False, env=_SETTINGS) as stage:
        stage.crowd = ClosedCrowd.like(stage.crowd, people)
        stage.begin()
        await stage.until(lambda: len(stage.crowd.finished) >= people, 90, "the warm crowd")
        rate = await _rate(stage, warm_s)
        await _leave_work_behind(stage)
        settings = settings_of(stage.service)
        killed_at, killed = datetime.now(UTC), await kill_all(stage.service.launcher)
        started_at = datetime.now(UTC)
        service = stage.service = start_again(stage.service, settings)
        try:
            await asyncio.to_thread(service.wait_until_ready)
            ready_s = (datetime.now(UTC) - started_at).total_seconds()
            resumed, left = time.monotonic(), await _until_stamped(stage, killed_at, started_at)
            wrong = (await check_resumes(stage, resumed, STAMPED_WITHIN_S))[1]
            await stage.end()
            async with stage.owner() as connection:
                new = await read_new(connection, started_at)
            wrong += await check_rest(stage) + await check_journal(stage) + await check_invariants(stage)
        finally:
            service.stop()
    stamped_s = max((one.stamped_at - started_at).total_seconds() for one in left if one.stamped_at)
    in_order = is_in_order(left, new)
    return OutageOutcome(
        ok=stamped_s <= STAMPED_WITHIN_S and in_order and not wrong,
        seed=seed,
        people=people,
        orders_per_second=rate,
        killed=killed,
        ready_s=round(ready_s, 1),
        stamped_s=round(stamped_s, 1),
        in_order=in_order,
        classes=[_end_of(name, [*left, *new], started_at) for name in CLASSES],
        wrong=wrong,
    )


async def _rate(stage: Stage, seconds: float) -> float:
    began = time.monotonic()
    await asyncio.sleep(seconds)
    done = sum(at > began for _, at in stage.crowd.finished)
    return round(done / (time.monotonic() - began), 1)


async def _leave_work_behind(stage: Stage) -> None:
    """Sees that each class has somebody. For half a second each: no signature is given; notices are lost
    too; notices come, and no worker works."""
    twin = Twin(stage.service.addresses.gateway)
    for signer in stage.processes(Part.SIGNER):
        strike(signer, SIGSTOP)
    await asyncio.sleep(stage.dice.uniform(0.4, 0.6))
    await twin.script(notice_lost=True)
    await asyncio.sleep(stage.dice.uniform(0.4, 0.6))
    await twin.script()
    for worker in stage.processes(Part.WORKER):
        strike(worker, SIGSTOP)
    await asyncio.sleep(stage.dice.uniform(0.4, 0.6))
    twin.close()


async def _until_stamped(stage: Stage, killed_at: datetime, started_at: datetime) -> list[Left]:
    """Waits until everything that was paid before the outage is stamped."""
    deadline = time.monotonic() + _WAITED_S
    paid = await Twin(stage.service.addresses.gateway).paid_until(killed_at)
    while True:
        async with stage.owner() as connection:
            left = await read_left(connection, paid, killed_at=killed_at, started_at=started_at)
        unstamped = [one for one in left if one.stamped_at is None]
        if not unstamped:
            return left
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(unstamped)} paid orders are not stamped: {unstamped[:3]}")
        await asyncio.sleep(0.5)


def _end_of(name: str, work: list[Left], started_at: datetime) -> ClassEnd:
    own = [one for one in work if one.name == name]
    firsts = [one.begun_at for one in own if one.begun_at]
    lasts = [one.stamped_at for one in own if one.stamped_at]
    return ClassEnd(
        name=name,
        orders=len(own),
        first_s=_since(min(firsts, default=None), started_at),
        last_s=_since(max(lasts, default=None), started_at),
    )


def _since(at: datetime | None, started_at: datetime) -> float | None:
    return None if at is None else round((at - started_at).total_seconds(), 1)


def main() -> None:
    """Plays it and prints one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m chaos.outage", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--people", type=int, default=48, help="at work side by side")
    parser.add_argument("--warm-seconds", type=float, default=20, help="how long the rate is measured")
    asked = parser.parse_args()
    try:
        outcome = uvloop.run(
            ended_by_signals(play_outage(asked.seed, people=asked.people, warm_s=asked.warm_seconds))
        )
    except (AssertionError, TimeoutError, OSError) as error:
        print(f"not played: {error}", file=sys.stderr)
        sys.exit(2)
    print(msgspec.json.encode(outcome).decode())
    sys.exit(0 if outcome.ok else 1)


if __name__ == "__main__":
    main()
