"""Generated tickets are like tickets of a gate: drawn, called, and accepted by every audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.growth.line import hand_out_tickets
from meterai.kernel.clock import system_clock
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.rules.model import Policy, QueueState
from meterai.waiting_room.store.queues import read_queues
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.running_queue import running_queue, schedule_now

pytestmark = pytest.mark.storage

TICKETS = 3_000


async def test_tickets_are_called_and_the_audit_passes(database: TestDatabase, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with running_queue(database, tmp_path) as running:
        schedule = schedule_now()
        await running.open(schedule)
        running.controller()
        await running.until(lambda status: status.state is QueueState.DIRECT)
        asked: list[datetime] = []
        handed_out: list[datetime] = []

        def clock() -> datetime:
            asked.append(system_clock())
            return asked[-1]

        await hand_out_tickets(
            database.app,
            running.root,
            "casn",
            count=TICKETS,
            clock=clock,
            progress=lambda what, done, total: handed_out.append(system_clock()),
        )
        status = await running.until(lambda status: status.waiting == 0)
        async with database.app.connection() as connection:
            (queue,) = await read_queues(connection)
        report = audit(FolderSource(running.folder.public), pause=lambda seconds: None)
        results = await run_invariants(database.reader, now=now, queues=running.root)
    assert status.called == TICKETS
    late = [moment for moment in asked if moment > handed_out[-1]]
    assert len(late) == 2, "rules are changed as of then: by an earlier clock nobody could have joined yet"
    assert status.admitted == 0
    assert queue.policy == Policy(), "the rate is what it was"
    assert queue.schedule.closes_at == schedule.closes_at, "and so is the closing"
    assert (report.verdict, report.findings) == ("passes", [])
    assert [(found.id, found.violations) for found in results if not found.ok] == []


async def test_an_event_without_a_queue_has_no_tickets(database: TestDatabase, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no queue"):
        await hand_out_tickets(
            database.app,
            tmp_path,
            "casn",
            count=1,
            clock=system_clock,
            progress=lambda what, done, total: None,
        )
