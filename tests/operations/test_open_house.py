"""What a start puts in place, and what it leaves although the events file does not say it any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.storage_fixtures import TestDatabase

from meterai.operations.use_cases.open_house import open_house
from meterai.sales.events import EXAMPLE
from meterai.sales.queries import events
from meterai.waiting_room.model import QueueState

pytestmark = pytest.mark.storage

NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
YEARS = timedelta(days=365 * 10)


@pytest.mark.parametrize(
    ("state", "after", "stays"),
    [
        (QueueState.OPEN, timedelta(), True),
        (QueueState.LOTTERY, timedelta(), True),
        (QueueState.HALTED, timedelta(), True),
        (QueueState.DIRECT, timedelta(), False),
        (QueueState.CLOSED, timedelta(), False),
        (QueueState.OPEN, YEARS, False),
    ],
    ids=["line", "lottery", "halted", "nobody waits", "closed", "ended while it was open"],
)
async def test_an_event_that_was_renamed_keeps_its_door_while_people_stand_in_its_line(
    database: TestDatabase, tmp_path: Path, state: QueueState, after: timedelta, stays: bool
) -> None:
    file = tmp_path / "events.toml"
    file.write_text(EXAMPLE.read_text())
    await open_house(database.app, events_file=str(file), development=False, now=NOW)
    assert [event.slug for event in await events(database.app)] == ["casn"]
    await database.owner.execute(
        "UPDATE waiting_room.queue SET state = $1, memory = jsonb_set(memory, '{is_direct}', 'false')", state
    )
    file.write_text(EXAMPLE.read_text().replace('"casn"', '"casn-2026"'))
    await open_house(database.app, events_file=str(file), development=False, now=NOW + after)
    assert ("casn" in {event.slug for event in await events(database.app)}) is stays
    assert "casn-2026" in {event.slug for event in await events(database.app)}
