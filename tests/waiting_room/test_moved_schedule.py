"""An operator changes in the events file when a queue takes joins, opens and closes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.admission import check_ticket
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.store import queues
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import START, MovedQueue

pytestmark = pytest.mark.storage

PLAIN = Schedule(joins_from=START + 100, opens_at=START + 100, closes_at=START + 4_000)
WITH_LOTTERY = msgspec.structs.replace(PLAIN, joins_from=START + 30)


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    yield made
    await made.close()


async def change(line: MovedQueue, schedule: Schedule | None) -> Queue:
    """Starts the service again with another events file."""
    db, moment = line.database.app, datetime.fromtimestamp(line.now, UTC)
    await set_queue(db, line.folder.slug, schedule, Policy(), is_on=True, now=moment)
    async with db.connection() as connection:
        queue = await queues.read_queue(connection, line.folder.slug)
    assert queue is not None
    return queue


def start_gate_again(line: MovedQueue) -> None:
    def clock() -> float:
        return line.now

    line.gate.close()
    shelf = PublishedCache(line.folder, monotonic=clock)
    line.gate = TicketIssuer(shelf, line.keys, gate=1, wall=clock, monotonic=clock)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["the same gate", "started again"])
async def test_who_joins_a_lottery_that_was_added_later_is_drawn_and_called(
    line: MovedQueue, is_restarted: bool
) -> None:
    await line.open(PLAIN)
    await line.seconds(10)
    await change(line, WITH_LOTTERY)
    await line.seconds(10)
    if is_restarted:
        start_gate_again(line)
    await line.seconds(15)
    tickets = [line.join(f"email:orang{number}@contoh.id") for number in range(5)]
    assert (await line.seconds(1)).state is QueueState.LOTTERY
    await line.until(lambda status: status.state is QueueState.OPEN, seconds=70)
    later = line.join("email:nanti@contoh.id")
    assert later.window > tickets[0].window, "who came before the opening is before who comes now"
    assert len({ticket.window for ticket in tickets}) == 1, "and equal to all who did"
    await line.until(lambda status: status.called == 6, seconds=40)
    queue = await change(line, WITH_LOTTERY)
    assert queue.schedule.closes_at == WITH_LOTTERY.closes_at
    for ticket in (*tickets, later):
        check_ticket(queue.schedule, ticket)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
    line.assert_orderly()


async def test_a_lottery_that_was_taken_back_and_set_again_is_one_all_the_same(line: MovedQueue) -> None:
    await line.open(WITH_LOTTERY)
    for schedule in (PLAIN, WITH_LOTTERY, PLAIN, WITH_LOTTERY):
        await line.seconds(2)
        assert (await change(line, schedule)).schedule.joins_from == schedule.joins_from
    await line.seconds(25)
    first = line.join("email:ani@contoh.id")
    start_gate_again(line)
    await line.seconds(20)
    assert line.join("email:budi@contoh.id").window == first.window, (
        "whoever joins before the opening is equal"
    )
    await line.until(lambda status: status.called == 2, seconds=90)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_an_opening_that_is_moved_to_a_moment_that_is_over_is_now(line: MovedQueue) -> None:
    await line.open(PLAIN, always=True)
    await line.seconds(10)
    sooner = msgspec.structs.replace(PLAIN, joins_from=START - 60, opens_at=START - 60)
    moved = await change(line, sooner)
    assert line.now < moved.schedule.opens_at <= line.now + 30, "as soon as every gate knows it"
    assert (await change(line, sooner)).schedule == moved.schedule, "started once more"
    await line.until(lambda status: status.state is QueueState.OPEN, seconds=35)
    line.join("email:ani@contoh.id")
    await line.until(lambda status: status.called == 1, seconds=20)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_a_closing_that_is_moved_before_the_last_call_that_was_closes_the_queue(
    line: MovedQueue,
) -> None:
    """The evening is broken off. The service must start with that."""
    with_call = msgspec.structs.replace(PLAIN, joins_from=START, opens_at=START, last_call_at=START + 40)
    await line.open(with_call, always=True)
    await line.seconds(60)
    broken_off = msgspec.structs.replace(with_call, last_call_at=START + 20, closes_at=START + 30)
    queue = await change(line, broken_off)
    assert queue.schedule.closes_at == line.now + 30, "as soon as every gate knows it"
    assert (await line.seconds(31)).state is QueueState.CLOSED


@pytest.mark.parametrize("closes_at", [None, START - 500, START + 15], ids=["over", "before", "in a moment"])
async def test_a_line_whose_closing_was_moved_to_a_moment_that_is_over_closes(
    line: MovedQueue, closes_at: int | None
) -> None:
    """Nobody is called any more, and nobody gets a ticket, because nothing can be bought."""
    opened = msgspec.structs.replace(PLAIN, joins_from=START, opens_at=START, last_call_at=START + 900)
    await line.open(opened, always=True)
    await line.wish("halted_because", "uji coba")
    await line.seconds(12)
    line.join("email:ani@contoh.id")
    over = None if closes_at is None else Schedule(joins_from=0, opens_at=0, closes_at=closes_at)
    queue = await change(line, over)
    assert queue.schedule.closes_at == line.now + 30
    await line.seconds(20)
    assert await change(line, over) == await change(line, None), "started once more"
    assert (await line.seconds(11)).state is QueueState.CLOSED
    assert line.gate.window() is None
    closed = await change(line, over)
    assert closed.schedule == queue.schedule
    assert closed.config_version == queue.config_version
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_a_lottery_whose_event_is_over_closes_right_after_its_opening(line: MovedQueue) -> None:
    """People have joined, so only the closing may change."""
    await line.open(WITH_LOTTERY)
    await line.seconds(50)
    line.join("email:ani@contoh.id")
    queue = await change(line, None)
    assert queue.schedule == msgspec.structs.replace(WITH_LOTTERY, closes_at=WITH_LOTTERY.opens_at + 1)
    assert (await line.seconds(55)).state is QueueState.CLOSED
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


@pytest.mark.parametrize("schedule", [PLAIN, WITH_LOTTERY], ids=["plain", "lottery"])
async def test_a_queue_that_was_to_open_after_the_end_of_its_event_closes(
    line: MovedQueue, schedule: Schedule
) -> None:
    await line.open(schedule)
    await line.seconds(10)
    queue = await change(line, None)
    assert queue.schedule.closes_at == line.now + 30
    await line.seconds(5)
    assert (await change(line, None)).schedule == queue.schedule
    assert (await line.seconds(26)).state is QueueState.CLOSED
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


@pytest.mark.parametrize("moved_s", [-700, 700], ids=["sooner", "later"])
async def test_an_opening_that_people_had_joined_before_anybody_could_read_of_its_move_stays(
    line: MovedQueue, moved_s: int
) -> None:
    """No controller ran when the events file was changed, nor when the first person could join."""
    planned = Schedule(joins_from=START + 30, opens_at=START + 1_000, closes_at=START + 4_000)
    opens_at = planned.opens_at + moved_s
    await line.open(planned, always=True)
    start_gate_again(line)
    await line.seconds(10)
    moved = msgspec.structs.replace(planned, opens_at=opens_at, closes_at=START + 5_000)
    assert (await change(line, moved)).schedule.opens_at == opens_at
    line.gate.published.look()
    for second in (60, 400):
        line.now = START + second
        line.join(f"email:orang{second}@contoh.id")
    await line.take_over()
    assert (await line.seconds(1)).state is QueueState.LOTTERY
    kept = await change(line, moved)
    assert kept.schedule == msgspec.structs.replace(planned, closes_at=START + 5_000)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
    line.now = START + 1_000
    await line.until(lambda status: status.called == 2, seconds=30)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
