"""Two queues, one controller: each has its own frontier, log and wishes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_house import QueueHouse, queue_house, schedule_now

from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.log_facts import FrontierFacts, OperatorFacts
from meterai.waiting_room.model import Policy, QueueState
from meterai.waiting_room.use_cases.set_queue import set_queue
from meterai.waiting_room.use_cases.steer_queue import switch_queue


@pytest.mark.storage
async def test_what_happens_in_one_queue_leaves_the_other_alone(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with queue_house(database, tmp_path) as first:
        await first.open(schedule_now())
        now = datetime.now(UTC)
        [casn, *_] = load_events()
        await set_events(database.app, [casn, msgspec.structs.replace(casn, slug="pppk")])
        await set_queue(database.app, "pppk", schedule_now(), Policy(), is_on=True, now=now)
        second = QueueHouse(database, tmp_path, "pppk")
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
