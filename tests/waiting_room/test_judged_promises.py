"""Promises are judged by the state of people's orders, and the time that people need is measured."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterai.customers.organisations import ensure_organisations
from meterai.operations.use_cases.judge_promises import judge_due_promises, measure_done_after
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.store import pass_rows, promises
from meterai.waiting_room.store.pass_rows import Pass
from meterai.waiting_room.store.promises import PromiseFigures
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import LineOfPeople
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

pytestmark = pytest.mark.storage


async def buy(
    database: TestDatabase, queue: int, id: bytes, *, claimed: datetime,
    paid: datetime | None = None, done: datetime | None = None, is_charge_open: bool | None = None,
) -> None:  # fmt: skip
    """Makes a person with a pass whose order has come this far.

    `is_charge_open`: when a charge was requested, whether the gateway opened it or did not answer.
    """
    order_id = uuid.uuid4()
    one = Pass(
        id=id, pass_id=uuid.uuid4(), order_id=None, claimed_at=claimed, window=1, lane=Lane.IN_FLIGHT,
        gate=1, sequence=1,
    )  # fmt: skip
    async with database.app.transaction() as tx:
        level, _ = await pass_rows.lock_admission(tx, queue)
        assert await pass_rows.admit(tx, queue, one, level)
        assert await pass_rows.use_pass(tx, queue, id, one.pass_id, order_id=order_id, instead_of=None)
    seller = await database.owner.fetchval("SELECT id FROM customers.organisation LIMIT 1")
    state = "completed" if done else "paid" if paid else "awaiting_payment"
    await database.owner.execute(
        """INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
               language, created_at, paid_at, closed_at)
           VALUES ($1, $2, $2, $3, $4, 'stamp', $5, 'id', $6, $7, $8)""",
        order_id, order_id.hex, order_id.bytes, seller, state, claimed - timedelta(hours=1), paid, done,
    )  # fmt: skip
    if is_charge_open is not None:
        await database.owner.execute(
            """INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state,
                   transaction_id, created_at, expires_at)
               VALUES ($1, $1, 'fake', 'qris', $2, 12_500, $3, $4, $5::timestamptz, $5 + interval '1 h')""",
            order_id, order_id.hex, *(("pending", "tx") if is_charge_open else ("creating", None)), claimed,
        )  # fmt: skip


async def told(database: TestDatabase, queue: int) -> PromiseFigures:
    async with database.app.connection() as connection:
        return await promises.read_promise_figures(connection, queue)


async def promised(line: LineOfPeople, *people: tuple[bytes, bool]) -> int:
    """Promises that were due at noon; (id, had been called)."""
    due = int(line.now.timestamp())
    async with line.database.app.transaction() as tx:
        given = [Promise(id=id, window=1, given_at=due - 600, done_by=due) for id, _ in people]
        await promises.add_promises(tx, line.number, given)
        await promises.note_due(tx, line.number, people)
    return due


def person(number: int) -> bytes:
    return number.to_bytes(12, "big")


async def test_promises_are_judged_by_the_order_as_it_stood_when_they_were_due(line: LineOfPeople) -> None:
    await ensure_organisations(line.database.app, line.now)
    before, after = line.now - timedelta(minutes=1), line.now + timedelta(minutes=1)
    early = line.now - timedelta(minutes=9)
    await promised(line, *((person(number), number != 5) for number in range(9)))
    db = line.database
    await buy(db, line.number, person(0), claimed=early, paid=before, done=before)  # kept
    await buy(db, line.number, person(1), claimed=early, paid=before, done=after)  # stamped too late
    await buy(db, line.number, person(2), claimed=early, paid=before)  # paid, waits for us
    await buy(db, line.number, person(3), claimed=early, paid=after, done=after)  # took their time
    # 4 was called and did not come; 5 was not even called
    await buy(db, line.number, person(6), claimed=early, is_charge_open=False)  # wanted to pay and could not
    await buy(db, line.number, person(7), claimed=early, is_charge_open=True)  # did not pay
    await buy(db, line.number, person(8), claimed=after, is_charge_open=False)  # came too late
    assert await judge_due_promises(db.app, limit=5) == 5
    assert await judge_due_promises(db.app, limit=5) == 4
    assert await judge_due_promises(db.app, limit=5) == 0
    assert await told(db, line.number) == PromiseFigures(kept=1, given=5)


async def test_a_promise_that_is_not_due_is_left_alone(line: LineOfPeople) -> None:
    due = int(line.now.timestamp())
    async with line.database.app.transaction() as tx:
        await promises.add_promises(
            tx, line.number, [Promise(id=person(1), window=1, given_at=due - 600, done_by=due)]
        )
        assert await promises.due_promises(tx, line.number, due, limit=10) == []
        assert len(await promises.due_promises(tx, line.number, due + 1, limit=10)) == 1
    assert await judge_due_promises(line.database.app, limit=10) == 0


async def test_the_time_that_people_take_counts_from_the_claim(line: LineOfPeople) -> None:
    await ensure_organisations(line.database.app, line.now)
    for number in range(50):
        if number == 49:
            await measure_done_after(line.database.app, now=line.now)
            assert (await told(line.database, line.number)).done_after_s is None, "too few say nothing"
        claimed = line.now - timedelta(seconds=1_000 + number)
        done = claimed + timedelta(seconds=100 + number)
        await buy(line.database, line.number, person(number), claimed=claimed, paid=claimed, done=done)
    await measure_done_after(line.database.app, now=line.now)
    measured = (await told(line.database, line.number)).done_after_s
    assert measured is not None
    assert 145 <= measured <= 149, "their orders were begun an hour before the claim"


async def test_the_status_says_how_many_promises_were_kept(database: TestDatabase, tmp_path: Path) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await line.open(schedule_of(), always=True)
    await ensure_organisations(database.app, datetime.now(UTC))
    await line.wish("rate_cap", 0)
    ids = [line.join(f"email:{name}@contoh.id").id for name in ("ani", "budi")]
    _promise(line, ids)
    now = datetime.fromtimestamp(line.now, UTC)
    await buy(database, 1, ids[1], claimed=now, paid=now, done=now)
    await line.seconds(5)
    assert await judge_due_promises(database.app, limit=10) == 2
    status = await line.seconds(1)
    assert status.kept == (1, 2), "who was never called was let down"
    await line.close()


def _promise(line: MovedQueue, ids: list[bytes]) -> None:
    folder = line.folder.gate(7)
    folder.mkdir(parents=True)
    book = PromiseBook(folder)
    for id in ids:
        book.give(Promise(id=id, window=1, given_at=int(line.now), done_by=int(line.now) + 2))
    book.write()
