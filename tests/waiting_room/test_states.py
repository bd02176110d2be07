"""Each change of the queue's state stands in the public log, with its cause."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from meterai.waiting_room.control.site_load import BacklogReport, report_backlog
from meterai.waiting_room.files.log_facts import ConfigFacts, StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES, Config, decode
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.use_cases.steer_queue import cap_rate, halt_queue, resume_queue, switch_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import CALM, MovedQueue, schedule_of

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    yield made
    await made.close()


def told(line: MovedQueue) -> list[tuple[str, str]]:
    return [(facts.state.value, facts.cause.value) for facts in line.facts(StateFacts)]


async def operate(line: MovedQueue, act: str) -> None:
    db, event = line.database.app, line.folder.slug
    moment = datetime.fromtimestamp(line.now, UTC)
    if act in ("on", "off"):
        await switch_queue(db, event, is_on=act == "on", reason="latihan", actor="rina", now=moment)
    elif act == "cap 0":
        await cap_rate(db, event, 0, reason="latihan", actor="rina", now=moment)
    else:
        work = halt_queue if act == "halt" else resume_queue
        await work(db, event, reason="latihan", actor="rina", now=moment)


async def test_a_planned_evening_is_told_state_by_state(line: MovedQueue) -> None:
    schedule = msgspec.structs.replace(schedule_of(open_s=30, lottery_s=5), last_call_at=int(line.now) + 20)
    await line.open(schedule, Policy(rate_floor=60, rate_cap=60))
    for person in range(40):
        line.join(f"email:{person}@contoh.id")
    await line.seconds(40)
    assert decode(line.folder.config.read_bytes(), Config).log == LOG_STATES
    assert told(line) == [
        ("lottery", "planned"),
        ("open", "planned"),
        ("open", "calling"),
        ("last_call", "planned"),
        ("last_call", "calling"),
        ("closed", "planned"),
    ]


async def test_operators_and_outages_are_told_as_causes(line: MovedQueue) -> None:
    await line.open(schedule_of())
    await line.seconds(2)
    for person in range(300):
        line.join(f"email:{person}@contoh.id")
    await line.seconds(8)
    for act in ("halt", "resume", "cap 0", "off", "on"):
        await operate(line, act)
        await line.seconds(3)
    assert told(line) == [
        ("direct", "nobody_waits"),
        ("open", "people_wait"),
        ("open", "calling"),
        ("halted", "operator"),
        ("open", "calling"),
        ("open", "operator"),
        ("off", "operator"),
        ("open", "operator"),
    ]


async def test_a_silent_site_a_site_without_stamps_and_one_at_which_nobody_can_buy_are_told(
    line: MovedQueue,
) -> None:
    await line.open(schedule_of(), always=True)
    line.load = None
    await line.seconds(10)
    line.load = CALM
    await line.seconds(2)
    for report in (BacklogReport(0.0, 0), BacklogReport(0.0, 9, can_buy=False), BacklogReport(0.0, 9)):
        await report_backlog(line.database.app, report)
        await line.seconds(2)
    assert told(line) == [
        ("open", "asked_for"),
        ("open", "calling"),
        ("halted", "site_silent"),
        ("open", "calling"),
        ("out_of_stock", "no_stamps"),
        ("open", "cannot_buy"),
        ("open", "calling"),
    ]


async def test_the_first_step_after_a_pause_tells_how_long_there_was_none(line: MovedQueue) -> None:
    await line.open(schedule_of())
    await line.seconds(2)
    line.now += 44
    await line.seconds(3)
    states = line.facts(StateFacts)
    assert [facts.cause for facts in states] == [
        StateCause.NOBODY_WAITS, StateCause.CONTROLLER_AWAY, StateCause.NOBODY_WAITS,
    ]  # fmt: skip
    assert states[1].value == "45"


async def test_rules_of_an_older_release_get_a_new_version_when_the_log_changes(line: MovedQueue) -> None:
    await line.open(schedule_of())
    await line.seconds(2)
    await line.database.owner.execute("UPDATE waiting_room.queue SET config_sha256 = repeat('0', 64)")
    await line.seconds(3)
    assert [facts.version for facts in line.facts(ConfigFacts)] == [1, 2]
