"""What a person with the database does in a running queue, and what the audit says about states then."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts, PromiseFacts
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Lane, Policy, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.use_cases.steer_queue import halt_queue, resume_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.insider import Insider
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

pytestmark = pytest.mark.storage


@dataclass
class Crowd(MovedQueue):
    """A queue, and the tickets of everybody in it."""

    tickets: list[Ticket] = field(default_factory=list)


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[Crowd]:
    """A hundred people wait, and a few are called each second."""
    made = Crowd(database, QueueFolder(tmp_path / "casn"))
    await made.open(schedule_of(), Policy(rate_floor=180, rate_cap=180))
    await made.seconds(2)
    for person in range(400):
        made.tickets.append(made.join(f"email:{person}@contoh.id"))
    await made.seconds(16)
    assert codes(made) == set(), "nothing is wrong before"
    yield made
    await made.close()


def codes(line: Crowd) -> set[str]:
    """The findings about the log itself; the status may lie besides."""
    found = {finding.code for finding in line.audited().findings}
    return {code for code in found if not code.startswith("status.")}


async def tamper(line: Crowd, sql: str) -> None:
    await line.database.owner.execute(sql)


async def enter_by_hand(line: Crowd, people: int) -> None:
    """Writes passes for people who were called, as if they had a paid order."""
    published, frontier = Published(line.folder), tuple(line.seen[-1].frontiers[Lane.NEW])
    called = [one for one in line.tickets if (one.window, published.place_of(one) or 0) < frontier]
    assert len(called) >= people
    for ticket in called[:people]:
        await Insider(line.database, line.folder).lets_in(ticket, line.now, lane=Lane.IN_FLIGHT)


async def test_a_halt_in_the_row_that_no_operator_gave_is_found(line: Crowd) -> None:
    await tamper(line, "UPDATE waiting_room.queue SET halted_because = 'sst'")
    await line.seconds(25)
    await tamper(line, "UPDATE waiting_room.queue SET halted_because = NULL")
    await line.seconds(3)
    assert codes(line) == {"state.no_act"}


async def test_a_halt_that_only_the_row_takes_back_is_found(line: Crowd) -> None:
    moment = datetime.fromtimestamp(line.now, UTC)
    await halt_queue(line.database.app, "casn", reason="api", actor="rina", now=moment)
    await line.seconds(3)
    assert codes(line) == set()
    await tamper(line, "UPDATE waiting_room.queue SET halted_because = NULL")
    await line.seconds(3)
    assert codes(line) == {"state.against_act"}


async def test_a_frontier_that_stands_for_no_stated_cause_is_found(line: Crowd) -> None:
    await tamper(line, "UPDATE waiting_room.queue SET called = joined + 1000, always_in_line = true")
    await line.seconds(20)
    assert codes(line) == {"frontier.stands"}


async def test_a_line_that_ends_while_people_wait_is_found(line: Crowd) -> None:
    await tamper(line, "UPDATE waiting_room.queue SET called = joined")
    await line.until(lambda status: status.state is QueueState.DIRECT)
    await line.seconds(1)
    assert codes(line) == {"frontier.stands", "state.people_wait"}


async def test_a_cap_of_nobody_in_the_row_is_found(line: Crowd) -> None:
    await tamper(line, "UPDATE waiting_room.queue SET rate_cap = 0")
    await line.seconds(20)
    assert codes(line) == {"state.no_act"}


async def test_states_that_are_kept_out_of_the_log_leave_a_standstill(line: Crowd) -> None:
    said = json.dumps(["halted", "operator"])
    await tamper(line, f"UPDATE waiting_room.queue SET halted_because = 'sst', "
                       f"memory = jsonb_set(memory, '{{said}}', '{said}')")  # fmt: skip
    await line.seconds(25)
    assert codes(line) == {"frontier.stands"}


async def test_nobody_enters_during_a_halt_in_any_lane(line: Crowd) -> None:
    """The honest site lets nobody in. The database does what it is told, and the controller logs it."""
    moment = datetime.fromtimestamp(line.now, UTC)
    await halt_queue(line.database.app, "casn", reason="api", actor="rina", now=moment)
    await line.seconds(8)
    await enter_by_hand(line, 10)
    await line.seconds(5)
    moment = datetime.fromtimestamp(line.now, UTC)
    await resume_queue(line.database.app, "casn", reason="padam", actor="rina", now=moment)
    await line.seconds(5)
    report = line.audited()
    assert "rate.halted" in {finding.code for finding in report.findings}
    assert [warning.code for warning in report.warnings] == ["claim.in_flight"]


async def test_what_only_the_controller_may_say_is_refused_and_else_dropped(line: Crowd) -> None:
    add = "INSERT INTO waiting_room.to_log (queue, at, what, facts) VALUES (1, now(), $1, $2)"
    owner, before = line.database.owner, len(line.entries())
    promise = {"id": "00" * 12, "done_by": 1, "probability": 0.5}
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(add, "promise", json.dumps(promise))
    await owner.execute("ALTER TABLE waiting_room.to_log DROP CONSTRAINT said_by_others")
    for what, facts in (
        ("promise", promise),
        ("nonsense", {}),
        ("operator", {"action": CLOCK_SET_RIGHT, "value": "60", "reason": "x"}),
        ("bypass", {"unreadable": True}),
    ):
        await owner.execute(add, what, json.dumps(facts))
    await line.seconds(3)
    assert len(line.entries()) > before, "steps go on"
    assert line.facts(PromiseFacts) == []
    assert line.facts(OperatorFacts) == []
    assert await owner.fetchval("SELECT count(*) FROM waiting_room.to_log") == 0
    assert codes(line) == set()
