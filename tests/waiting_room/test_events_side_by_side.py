"""Several queues, one controller: each has its own frontier, log and wishes. Queues of past events rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from meterai.kit.database import Connection
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.control import lease
from meterai.waiting_room.control.catching_up import LOG_KEPT_S
from meterai.waiting_room.control.checked_clock import CheckedClock
from meterai.waiting_room.control.lease import LeaseLoop
from meterai.waiting_room.control.site_load import BacklogReport, read_measured, report_backlog
from meterai.waiting_room.files.log_facts import FrontierFacts, OperatorFacts
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.queries import last_published, queue_views
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.store import queues
from meterai.waiting_room.use_cases.set_queue import set_queue
from meterai.waiting_room.use_cases.steer_queue import switch_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import CHAIN_LINKS, MovedQueue, schedule_of
from tests.waiting_room.running_queue import RunningQueue, running_queue, schedule_now

SHORT = schedule_of(open_s=20)
LATER = msgspec.structs.replace(SHORT, closes_at=SHORT.closes_at + 10 * queues.RESTS_AFTER_S)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The root of each chain of seeds that a controller made, in order."""
    roots: list[bytes] = []

    def made(root: bytes) -> SeedChains:
        roots.append(root)
        return SeedChains(root, CHAIN_LINKS)

    monkeypatch.setattr(lease, "SeedChains", made)
    return roots


class MovedClock(CheckedClock):
    """The test moves this clock, and with it the time that the database reports."""

    async def agrees_with_database(self, connection: Connection) -> bool:
        return True


@asynccontextmanager
async def leading(line: MovedQueue) -> AsyncIterator[None]:
    """Starts another controller, which leads."""
    await line.database.owner.execute("UPDATE waiting_room.lease SET until = 'epoch'")
    clock = MovedClock(wall=lambda: line.now, monotonic=lambda: line.now)
    one = LeaseLoop(line.database.controller, line.folder.path.parent, holder="next", clock=clock)
    stop = asyncio.Event()
    task = asyncio.create_task(one.run(stop))
    try:
        while not one._awake and not one.leads:
            await asyncio.sleep(0.01)
        yield
    finally:
        stop.set()
        await task


async def awake(line: MovedQueue) -> list[str]:
    async with line.database.app.connection() as connection:
        return await queues.events_awake(connection)


async def closed_queue(line: MovedQueue) -> None:
    await line.open(SHORT, always=True)
    line.join("email:ani@contoh.id")
    await line.until(lambda status: status.state is QueueState.CLOSED)
    await line.seconds(12)
    line.now += 3_600  # the last calls lapse, which is logged
    await line.seconds(1)


async def rule(line: MovedQueue, schedule: Schedule, policy: Policy) -> None:
    """Starts the service again with another events file."""
    moment = datetime.fromtimestamp(line.now, UTC)
    await set_queue(line.database.app, line.folder.slug, schedule, policy, is_on=True, now=moment)


@pytest.mark.storage
async def test_a_queue_that_closed_long_ago_rests_until_somebody_says_something(
    database: TestDatabase, tmp_path: Path, opened: list[bytes]
) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await closed_queue(line)
    assert await awake(line) == ["casn"], "certificates are asked for now"
    line.now += LOG_KEPT_S
    await line.seconds(1)
    assert await awake(line) == []
    (view,) = await queue_views(database.app, line.now)
    assert view.rests
    assert await last_published(database.app) is None, "nobody misses its steps"
    published = line.folder.status.read_bytes()
    async with leading(line):
        await asyncio.sleep(0.2)
        assert opened == []
        moment = datetime.fromtimestamp(line.now, UTC)
        await switch_queue(database.app, "casn", is_on=True, reason="selesai", actor="ani", now=moment)
        assert await last_published(database.app) is None, "it is not late: it rested until now"
        assert published == line.folder.status.read_bytes()
        while published == line.folder.status.read_bytes():
            await asyncio.sleep(0.02)
        assert [facts.reason for facts in line.facts(OperatorFacts)] == ["selesai"]
    line.gate.close()


@pytest.mark.storage
@pytest.mark.parametrize(
    ("schedule", "policy", "state"),
    [(LATER, Policy(), QueueState.OPEN), (SHORT, Policy(claim_minutes=20), QueueState.CLOSED)],
    ids=["its closing", "its policy"],
)
async def test_a_queue_that_rests_goes_on_when_its_rules_are_changed(
    database: TestDatabase, tmp_path: Path, schedule: Schedule, policy: Policy, state: QueueState
) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await closed_queue(line)
    line.now += LOG_KEPT_S
    await line.seconds(1)
    await rule(line, schedule, policy)
    assert await awake(line) == ["casn"]
    assert (await line.seconds(2)).state is state
    line.now += LOG_KEPT_S if state is QueueState.CLOSED else 60
    await line.seconds(1)
    assert (await awake(line) == []) is (state is QueueState.CLOSED)
    await line.close()


@pytest.mark.storage
async def test_who_takes_over_opens_the_queue_in_which_people_wait_first(
    database: TestDatabase, tmp_path: Path, opened: list[bytes]
) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await closed_queue(line)
    events = [msgspec.structs.replace(load_events()[0], slug=slug) for slug in ("casn", "pppk", "guru")]
    await set_events(database.app, events)
    for slug in ("pppk", "guru"):
        await rule(MovedQueue(database, QueueFolder(tmp_path / slug), now=line.now), LATER, Policy())
    await database.owner.execute("UPDATE waiting_room.queue SET state = 'open' WHERE event = 'guru'")
    async with leading(line):
        while len(opened) < 3:
            await asyncio.sleep(0.02)
    slugs = ("guru", "pppk", "casn")
    assert opened == [QueueFolder(tmp_path / slug).keys().chain for slug in slugs]
    await line.close()


@pytest.mark.storage
async def test_what_happens_in_one_queue_leaves_the_other_alone(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with running_queue(database, tmp_path) as first:
        await first.open(schedule_now())
        now = datetime.now(UTC)
        [casn, *_] = load_events()
        await set_events(database.app, [casn, msgspec.structs.replace(casn, slug="pppk")])
        await set_queue(database.app, "pppk", schedule_now(), Policy(), is_on=True, now=now)
        second = RunningQueue(database, tmp_path, "pppk")
        await second.wish("always_in_line", True)
        first.controller()
        await second.until(lambda status: status.state is QueueState.OPEN)
        await first.until(lambda status: status.state is QueueState.DIRECT)
        gate = first.gate()
        await second.join(gate, "ani@contoh.id")
        await second.until(lambda status: status.called == 1)
        await switch_queue(database.app, "pppk", is_on=False, reason="latihan", actor="ani", now=now)
        await second.until(lambda status: status.state is QueueState.OFF)
        await switch_queue(database.app, "pppk", is_on=True, reason="lagi", actor="ani", now=now)
        back = await second.until(lambda status: status.state is not QueueState.OFF)
        assert back.called == 1, "nobody is called twice, nobody loses a place"
        assert [facts.action for facts in second.facts(OperatorFacts)] == ["off", "on"]
        other = first.status()
        assert other is not None
        assert (other.state, other.called) == (QueueState.DIRECT, 0)
        assert first.facts(OperatorFacts) == []
        assert second.facts(FrontierFacts)
        assert first.folder.keys().event != second.folder.keys().event


@pytest.mark.storage
@pytest.mark.parametrize(("other", "part"), [("open", 6), ("direct", 11), ("closed", 11)])
async def test_events_for_which_people_are_called_share_what_is_left_of_the_stock(
    database: TestDatabase, other: str, part: int
) -> None:
    [casn, *_] = load_events()
    await set_events(database.app, [casn, msgspec.structs.replace(casn, slug="pppk")])
    for event in ("casn", "pppk"):
        await set_queue(database.app, event, schedule_now(), Policy(), is_on=True, now=datetime.now(UTC))
    await database.owner.execute(
        "UPDATE waiting_room.queue SET state = CASE event WHEN 'casn' THEN 'open' ELSE $1 END", other
    )
    await report_backlog(database.app, BacklogReport(backlog_s=0, stock=11))
    async with database.app.connection() as connection:
        assert (await read_measured(connection, "casn")).stock == part
