"""Claims that an honest controller logs late, and people called or let in by somebody with the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.waiting_room.files.log_facts import StateFacts
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.rules.tickets import Ticket
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.insider import Insider
from tests.waiting_room.moved_queue import START, MovedQueue, schedule_of

pytestmark = pytest.mark.storage

CALM_PACE = Policy(rate_floor=60, rate_cap=60)


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    yield made
    await made.close()


def codes(line: MovedQueue) -> set[str]:
    return {finding.code for finding in line.audited().findings}


def contact(person: int) -> str:
    return f"email:orang{person}@contoh.id"


async def people_called(line: MovedQueue, count: int, *, open_s: int = 3_600) -> list[Ticket]:
    """People who stand in line, and are called."""
    await line.open(schedule_of(open_s=open_s), Policy(rate_floor=600, rate_cap=600), always=True)
    tickets = [line.join(contact(person)) for person in range(count)]
    await line.until(lambda status: status.called == count)
    return tickets


async def insert_pass(line: MovedQueue, ticket: Ticket, claimed_at: float) -> None:
    """As somebody with the database does it."""
    await Insider(line.database, line.folder).lets_in(ticket, claimed_at)


# ------------------------------------------------------------------------------------------- honest


def no_room(what: str) -> None:
    """A fail point of a controller that decides and can't publish."""
    if what == "queue_decided":
        raise OSError("no space left on device")


async def test_a_full_disk_is_told_as_an_outage_and_the_claims_of_that_time_are_good(
    line: MovedQueue,
) -> None:
    tickets = await people_called(line, 10)
    for person, ticket in enumerate(tickets):
        await line.take_over(no_room)
        line.now += 1
        await line.enter(ticket, contact(person))
        with pytest.raises(OSError, match="no space"):
            await line.seconds(1)
    await line.take_over()
    await line.seconds(2)
    assert codes(line) == set()
    told = [facts for facts in line.facts(StateFacts) if facts.cause is StateCause.CONTROLLER_AWAY]
    assert 15 <= sum(int(facts.value) for facts in told) <= 22


async def test_a_controller_that_dies_at_the_closing_logs_the_last_claim_when_it_is_back(
    line: MovedQueue,
) -> None:
    [ticket] = await people_called(line, 1, open_s=60)
    while line.now < START + 60:
        await line.seconds(1)
    await insert_pass(line, ticket, START + 59.9)  # its transaction ended after the step
    line.now += 500
    await line.take_over()
    await line.seconds(2)
    assert codes(line) == set()


async def test_a_controller_that_is_replaced_within_two_seconds_was_not_away(line: MovedQueue) -> None:
    await people_called(line, 1)
    for _ in range(5):
        await line.take_over()
        line.now += 1
        await line.seconds(2)
    assert StateCause.CONTROLLER_AWAY not in {facts.cause for facts in line.facts(StateFacts)}


# --------------------------------------------------------------------------------------- not honest


async def test_calling_everybody_with_one_update_is_found(line: MovedQueue) -> None:
    await line.open(schedule_of(window_s=10), CALM_PACE, always=True)
    for person in range(87):
        line.join(contact(person))
    await line.until(lambda status: status.called > 0)
    assert codes(line) == set()
    await line.database.owner.execute(
        "UPDATE waiting_room.queue SET frontier_window = revealed_through + 1, frontier_x = 0"
    )
    await line.seconds(15)
    report = line.audited()
    assert "frontier.too_many" in {finding.code for finding in report.findings}
    assert (report.called, sum(report.claims.values())) == (87, 0)
    assert report.called_in_a_minute == 87


@pytest.mark.parametrize(
    ("claimed_at", "code"),
    [
        (START - 3_600, "claim.before_rules"),
        (START + 1, "claim.logged_late"),
        (START + 99, "claim.in_future"),
    ],
)
async def test_a_person_let_in_with_any_time_is_found(line: MovedQueue, claimed_at: int, code: str) -> None:
    [ticket] = await people_called(line, 1)
    await line.seconds(START + 30 - int(line.now))
    await insert_pass(line, ticket, claimed_at)
    await line.seconds(2)
    assert codes(line) == {code}


async def test_a_person_let_in_after_the_closing_with_an_earlier_time_is_found(line: MovedQueue) -> None:
    [ticket] = await people_called(line, 1, open_s=30)
    await line.seconds(50)
    await insert_pass(line, ticket, START + 28)
    await line.seconds(2)
    assert codes(line) == {"claim.past_closing"}
