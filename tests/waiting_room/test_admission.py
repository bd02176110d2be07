"""The rate follows what the site bears: a real controller and a real measured site that is slowed meanwhile;
and step by step, without processes: floor, cap, halt, stock, people who do not come."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_house import QueueHouse, queue_house, schedule_now

from meterai.waiting_room import controller
from meterai.waiting_room.controller import Line, Measured, Memory, Wishes
from meterai.waiting_room.journal import Journal
from meterai.waiting_room.model import Lane, Policy, QueueState, Schedule
from meterai.waiting_room.queue_folder import KEY_ID
from meterai.waiting_room.tickets import Ticket, event_number
from meterai.web.load_meter import LoadMeter

OPEN = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
LINE = Line(waiting=10_000, called=0, claimed=0)
ON = Wishes(is_on=True)
CALM = Measured(heard_s=0.5, p95_ms=50, requests=100)


def run(
    seconds: int,
    measured: Measured = CALM,
    *,
    memory: Memory | None = None,
    policy: Policy | None = None,
    wishes: Wishes = ON,
    line: Line = LINE,
    start: int = 1_000,
) -> controller.Step:
    """So many steps, one each second."""
    step = None
    memory = memory or Memory(is_direct=False)
    for second in range(seconds):
        step = controller.step(
            memory, schedule=OPEN, policy=policy or Policy(), wishes=wishes, measured=measured, line=line,
            now=start + second, elapsed_s=1.0,
        )  # fmt: skip
        memory = step.memory
    assert step is not None
    return step


def test_a_site_in_trouble_is_never_left_below_the_floor_and_a_silent_one_gets_nobody() -> None:
    trouble = Measured(heard_s=0.5, p95_ms=5_000, requests=100)
    assert run(60, trouble, memory=Memory(rate=3_000, is_direct=False)).rate == 60
    silent = run(1, Measured(heard_s=30), memory=Memory(rate=3_000, is_direct=False))
    assert (silent.rate, silent.state) == (0, QueueState.HALTED)


def test_the_rate_grows_to_the_cap_and_never_above_it() -> None:
    assert run(600, policy=Policy(rate_cap=900)).rate == 900
    assert run(600, policy=Policy(rate_cap=900), wishes=Wishes(is_on=True, rate_cap=100)).rate == 100
    above = run(600, policy=Policy(rate_cap=900), wishes=Wishes(is_on=True, rate_cap=2_000))
    assert above.rate == 900, "a cap from before the policy was lowered"
    assert run(5, wishes=Wishes(is_on=True, rate_cap=0)).calls == 0


def test_a_halt_calls_nobody_and_is_over_at_once_when_it_ends() -> None:
    before = run(30)
    halted = run(5, memory=before.memory, wishes=Wishes(is_on=True, halted=True))
    assert (halted.state, halted.rate, halted.calls) == (QueueState.HALTED, 0, 0)
    after = run(1, memory=halted.memory)
    assert after.state is QueueState.OPEN
    assert after.rate >= before.rate


def test_without_stamps_nobody_is_called() -> None:
    empty = run(1, Measured(heard_s=0.5, p95_ms=50, requests=100, stock=0))
    assert (empty.state, empty.calls) == (QueueState.OUT_OF_STOCK, 0)


def test_when_half_of_those_called_do_not_come_about_twice_as_many_are_called() -> None:
    step = run(300, line=Line(waiting=10_000, called=20, claimed=10), policy=Policy(rate_cap=600))
    assert step.rate == 600
    assert 1_050 < step.calls < 1_250


@pytest.mark.parametrize(
    "measured",
    [
        Measured(heard_s=0.5, p95_ms=1_400, requests=100),
        Measured(heard_s=0.5, in_flight=48, requests=0),
        Measured(heard_s=0.5, backlog_s=40, requests=100),
        Measured(heard_s=0.5, fault_share=0.2, requests=100),
    ],
)
def test_each_kind_of_trouble_halves_the_rate_within_ten_seconds(measured: Measured) -> None:
    assert run(10, measured, memory=Memory(rate=2_000, is_direct=False)).rate < 1_000


# ------------------------------------------------------------------------ with a controller and a site


@dataclass
class Site:
    """An ASGI application with two places and a service time that a test changes while it runs."""

    service_s: float = 0.2
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        async with self.places:
            await asyncio.sleep(self.service_s)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Crowd:
    """Those who are called come in as quickly as the door lets them, and each asks the site once."""

    house: QueueHouse
    meter: LoadMeter
    came: int = 0
    times: list[tuple[float, float]] = field(default_factory=list)
    """(when it was asked, seconds until the answer)."""
    rates: list[tuple[float, int]] = field(default_factory=list)

    async def run(self) -> None:
        owed, tasks = 0.0, set()
        while True:
            await asyncio.sleep(0.1)
            status = self.house.seen[-1]
            self.rates.append((time.monotonic(), status.rate))
            owed = min(owed + status.rate / 60 * 0.1, 5.0)
            while owed >= 1 and self.came < status.called:
                owed, self.came = owed - 1, self.came + 1
                task = asyncio.create_task(self._ask())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def _ask(self) -> None:
        async with self.house.database.app.transaction() as tx:
            await tx.execute(
                """INSERT INTO waiting_room.pass
                       (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
                   SELECT $1, $2, $3, 1, number, 0, 1, $4 FROM waiting_room.queue""",
                os.urandom(12), uuid.uuid4(), datetime.now(UTC), self.came,
            )  # fmt: skip
        began = time.monotonic()
        await self.meter({"type": "http", "method": "POST", "path": "/beli"}, _read, _ignore)
        self.times.append((began, time.monotonic() - began))

    async def measure(self) -> None:
        while True:
            self.house.load = self.meter.tick(lag_s=0.0, monotonic=time.monotonic())
            await asyncio.sleep(1)


async def _read() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(message: Any) -> None:
    pass


@pytest.mark.storage
async def test_the_rate_falls_with_a_slowed_site_and_recovers_and_nobody_inside_waits_long(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with queue_house(database, tmp_path) as house:
        await house.open(schedule_now(), Policy(rate_floor=60, rate_cap=400))
        _line_up(house, 3_000)
        await database.owner.execute("UPDATE waiting_room.queue SET memory = '{\"rate\": 400.0}'")
        house.controller()
        site = Site()
        crowd = Crowd(house, LoadMeter(site, dict))
        tasks = [asyncio.create_task(crowd.measure())]
        await house.until(lambda status: status.called > 0)
        tasks.append(asyncio.create_task(crowd.run()))
        await asyncio.sleep(4)
        before = house.seen[-1].rate
        site.service_s, slowed_at = 0.4, time.monotonic()  # it bears 300 a minute now, not 600
        await house.until(lambda status: status.rate < 300, seconds=10)
        fell_s = time.monotonic() - slowed_at
        await asyncio.sleep(8)
        site.service_s = 0.2
        low = house.seen[-1].rate
        await house.until(lambda status: status.rate > low + 30, seconds=30)
        for task in tasks:
            task.cancel()
    times = sorted(seconds for _, seconds in crowd.times)
    p95 = times[len(times) * 95 // 100]
    told = f"rate {before} -> {low} after {fell_s:.1f} s, p95 {p95:.2f} s of {len(times)}"
    assert before > 300, told
    assert p95 < 2, told
    assert len(times) > 60, told


def _line_up(house: QueueHouse, people: int) -> None:
    """So many people in the first window, as a gate would have written them."""
    journal = Journal(house.folder.gate(1), 1)
    event = event_number(house.event)
    for number in range(people):
        ticket = Ticket(
            key_id=KEY_ID, event=event, window=1, joined_at=int(time.time()), lane=Lane.NEW, gate=1,
            sequence=journal.take_sequence(), id=number.to_bytes(12, "big"),
        )  # fmt: skip
        journal.append(1, ticket.data())
    journal.close_through(1, empty_from=1)
    journal.close()
