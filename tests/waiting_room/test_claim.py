"""The claim: a called person who proves the contact gets one pass, and nobody else gets any."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.log_facts import LateTicketFacts
from meterai.waiting_room.queries import Pass, queue_signs
from meterai.waiting_room.rules.model import Lane, QueueState
from meterai.waiting_room.rules.tickets import contact_id, event_number
from meterai.waiting_room.store import claims, lease_rows, log_rows, pass_rows, queues
from meterai.waiting_room.use_cases import claim_pass as claim_pass_module
from meterai.waiting_room.use_cases.claim_pass import Call, claim_pass, look_at_call
from meterai.waiting_room.use_cases.clean_up import clean_up_queues
from meterai.waiting_room.use_cases.use_pass import use_pass
from tests.waiting_room.line import ANI, BUDI, CITRA, OPENS, SCHEDULE, LineOfPeople, forged


async def claim(line: LineOfPeople, text: str, contact: str, **more: bool) -> Pass:
    return await claim_pass(line.database.app, line.published, text, contact=contact, now=line.now, **more)


async def refusal_of(line: LineOfPeople, text: str, contact: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await claim(line, text, contact)
    return caught.value


async def passes(line: LineOfPeople) -> int:
    return await line.database.owner.fetchval("SELECT count(*) FROM waiting_room.pass")


async def test_who_is_called_gets_a_pass_and_a_line_for_the_public_log(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    looked = await look_at_call(line.database.app, line.published, text, now=line.now)
    assert isinstance(looked, Call)
    assert looked.lane is Lane.NEW
    given = await claim(line, text, ANI)
    assert given.id == contact_id(line.keys.event, ANI)
    async with line.database.app.transaction() as tx:
        assert await pass_rows.take_claims(tx, line.number, 10) == [given]


async def test_the_second_claim_gives_the_same_pass_from_any_ticket_of_the_contact(
    line: LineOfPeople,
) -> None:
    first, second = line.join(ANI), line.join(ANI, window=2)
    await line.call_everybody()
    assert await claim(line, first, ANI) == await claim(line, second, ANI) == await claim(line, first, ANI)
    assert await passes(line) == 1


async def test_an_answer_that_got_lost_is_given_again_even_when_the_queue_is_halted(
    line: LineOfPeople,
) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    given = await claim(line, text, ANI)
    await line.set_state(QueueState.HALTED)
    assert await claim(line, text, ANI) == given
    assert await look_at_call(line.database.app, line.published, text, now=line.now) == given


async def test_a_ticket_opens_nothing_for_another_contact(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    assert (await refusal_of(line, text, BUDI)).code == "ticket.other_contact"


async def test_who_is_not_called_waits(line: LineOfPeople) -> None:
    texts = [line.join(contact) for contact in (ANI, BUDI, CITRA)]
    contacts = dict(zip(texts, (ANI, BUDI, CITRA), strict=True))
    line.close(1)
    first, second, third = line.in_order(texts)
    await line.call(1, line.place_of(second))
    await claim(line, first, contacts[first])
    for text in (second, third):
        refused = await refusal_of(line, text, contacts[text])
        assert (refused.kind, refused.code) == (Kind.CONFLICT, "queue.not_called")


async def test_nobody_is_called_before_the_seed_is_public(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call(2)
    assert (await refusal_of(line, text, ANI)).code == "queue.not_called"


async def test_a_forged_ticket_is_refused(line: LineOfPeople) -> None:
    text = line.join(ANI, window=3)
    line.join(BUDI)
    await line.call_everybody()
    assert (await refusal_of(line, forged(text), ANI)).code == "ticket.forged"
    assert (await refusal_of(line, text[:-1], ANI)).code == "ticket.unreadable"


async def test_a_ticket_of_another_event_is_refused(line: LineOfPeople) -> None:
    text = line.join(ANI, event=event_number("cpns"))
    await line.call_everybody()
    assert (await refusal_of(line, text, ANI)).code == "ticket.other_event"


async def test_a_backdated_ticket_of_a_dead_gate_is_refused(line: LineOfPeople) -> None:
    line.join(BUDI)
    text = line.join(ANI, window=1, joined_at=OPENS + 25, gate=7, is_listed=False)
    await line.call_everybody()
    await line.database.owner.execute("INSERT INTO waiting_room.dead_gate VALUES ($1, 1, 7)", line.number)
    assert (await refusal_of(line, text, ANI)).code == "ticket.backdated"


async def test_of_a_ticket_that_stands_in_the_list_the_time_is_not_asked(line: LineOfPeople) -> None:
    """A clock may have been ahead when it was made. Its list was published before its seed."""
    text = line.join(ANI, window=1, joined_at=OPENS + 25)
    await line.call_everybody()
    await claim(line, text, ANI)


async def test_a_ticket_made_in_the_last_moment_of_its_window_is_not_backdated(line: LineOfPeople) -> None:
    line.join(BUDI)
    late = {"gate": 7, "is_listed": False}
    text = line.join(ANI, window=1, joined_at=OPENS + 10, **late)  # the window ended in this very second
    await line.call_everybody()
    await line.database.owner.execute("INSERT INTO waiting_room.dead_gate VALUES ($1, 1, 7)", line.number)
    await claim(line, text, ANI)


async def test_a_minted_ticket_that_no_gate_listed_is_refused(line: LineOfPeople) -> None:
    line.join(BUDI, window=2)
    text = line.join(ANI, window=2, gate=7, is_listed=False)
    await line.call_everybody()
    await line.database.owner.execute(
        "INSERT INTO waiting_room.dead_gate VALUES ($1, 1, 7), ($1, 3, 7), ($1, 2, 8)", line.number
    )
    assert (await refusal_of(line, text, ANI)).code == "ticket.unlisted", "its gate was there in its window"
    assert await passes(line) == 0


async def test_a_ticket_of_a_dead_gate_is_honoured_and_logged(line: LineOfPeople) -> None:
    listed = line.join(BUDI)
    text = line.join(ANI, gate=7, is_listed=False)
    await line.call_everybody()
    await claim(line, listed, BUDI)
    await line.database.owner.execute("INSERT INTO waiting_room.dead_gate VALUES ($1, 1, 7)", line.number)
    given = await claim(line, text, ANI)
    async with line.database.app.transaction() as tx:
        said = await log_rows.take_to_log(tx, line.number, 10)
    told = [facts for _, facts in said]
    assert [(facts.id, facts.gate) for facts in told if isinstance(facts, LateTicketFacts)] == [
        (given.id.hex(), 7)
    ]
    assert len(told) == 1
    other = line.join(CITRA, gate=8, is_listed=False)
    assert (await refusal_of(line, other, CITRA)).code == "ticket.unlisted"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (QueueState.HALTED, "queue.halted"),
        (QueueState.OUT_OF_STOCK, "queue.out_of_stock"),
        (QueueState.CLOSED, "queue.closed"),
    ],
)
async def test_a_shut_door_says_why(line: LineOfPeople, state: QueueState, code: str) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    await line.set_state(state)
    assert (await refusal_of(line, text, ANI)).code == code
    assert await passes(line) == 0


async def test_the_closing_shuts_the_door_before_the_controller_has_seen_it(line: LineOfPeople) -> None:
    """People with a pass from then could buy nothing. They also got no certificate, because they had been
    let in."""
    text, in_time = line.join(ANI), line.join(BUDI)
    await line.call_everybody()
    line.now = datetime.fromtimestamp(SCHEDULE.closes_at - 1, UTC)
    await claim(line, in_time, BUDI)
    line.now = datetime.fromtimestamp(SCHEDULE.closes_at, UTC)
    assert (await refusal_of(line, text, ANI)).code == "queue.closed"
    assert await passes(line) == 1
    await line.database.owner.execute(
        "UPDATE waiting_room.queue SET policy = jsonb_set(policy, '{line_counts}', 'true')"
    )
    await claim(line, text, ANI)  # as long as the controller lets people in


async def test_an_operators_halt_holds_before_the_controller_has_seen_it(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    await line.database.owner.execute("UPDATE waiting_room.queue SET halted_because = 'a fire'")
    assert (await refusal_of(line, text, ANI)).code == "queue.halted"


async def test_fifty_tabs_of_one_person_are_one_pass(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    before = await level(line)
    given = await asyncio.gather(*(claim(line, text, ANI) for _ in range(50)))
    assert len({one.pass_id for one in given}) == 1
    assert await passes(line) == 1
    assert before - await level(line) == pytest.approx(1, abs=0.01), "the door counted one person"


async def test_a_claim_and_a_step_of_the_controller_do_not_wait_for_each_other(line: LineOfPeople) -> None:
    """The claim locks the admission, and its pass refers to the queue. The step locks the queue and sets
    the admission."""
    given = Pass(
        id=bytes(12), pass_id=uuid.uuid4(), order_id=None, claimed_at=line.now, window=1,
        lane=Lane.IN_FLIGHT, gate=1, sequence=1,
    )  # fmt: skip
    async with line.database.app.transaction() as step:
        epoch = await lease_rows.take_lease(step, "controller", 60)
        assert epoch is not None
        queue = await queues.lock_fenced(step, "casn", "controller", epoch)
        async with line.database.app.transaction() as claiming:
            level, _ = await pass_rows.lock_admission(claiming, line.number)
            setting = asyncio.create_task(queues.save_queue(step, queue, epoch=epoch, rate=1))
            await asyncio.sleep(0.1)
            async with asyncio.timeout(60):
                assert await pass_rows.admit(claiming, line.number, given, level)
        await setting
    assert await passes(line) == 1


async def level(line: LineOfPeople) -> float:
    """People who may enter at once."""
    async with line.database.app.transaction() as tx:
        door, rate = await pass_rows.lock_admission(tx, line.number)
    return door.filled(rate, line.policy.returners_percent, line.now.timestamp()).new


async def test_two_people_at_a_door_with_one_place_are_one_pass_and_one_polite_refusal(
    line: LineOfPeople,
) -> None:
    texts = [line.join(ANI), line.join(BUDI)]
    await line.call_everybody()
    await line.set_rate(60, new=1.0, returner=0.0)
    tried = await asyncio.gather(
        claim(line, texts[0], ANI), claim(line, texts[1], BUDI), return_exceptions=True
    )
    refused = [one for one in tried if isinstance(one, Refusal)]
    assert [(one.kind, one.code) for one in refused] == [(Kind.BUSY, "queue.door_full")]
    assert await passes(line) == 1
    line.pass_time(float(str(refused[0].facts["retry_after_s"])))
    await asyncio.gather(claim(line, texts[0], ANI), claim(line, texts[1], BUDI))
    assert await passes(line) == 2, "the place was kept"


async def test_a_claim_that_took_too_long_is_made_again_because_the_public_log_has_its_time(
    line: LineOfPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was frozen between the request and the admission has the time of the request."""
    text = line.join(ANI)
    await line.call_everybody()
    times = iter([0.0, claim_pass_module.ENTERED_WITHIN_S + 1])
    monkeypatch.setattr(claim_pass_module, "time", SimpleNamespace(monotonic=lambda: next(times, 99.0)))
    refusal = await refusal_of(line, text, ANI)
    assert (refusal.code, refusal.facts) == ("queue.door_full", {"retry_after_s": 2})
    assert await passes(line) == 0
    assert await claim(line, text, ANI)


async def test_a_crowd_at_the_door_enters_at_the_rate_and_everybody_enters(line: LineOfPeople) -> None:
    contacts = [f"email:tamu{n}@contoh.id" for n in range(60)]
    waiting = {line.join(contact): contact for contact in contacts}
    await line.call_everybody()
    await line.set_rate(300, new=0.0, returner=0.0)
    entered_by_second = []
    for _ in range(20):
        line.pass_time(1)
        for text, contact in list(waiting.items()):
            with suppress(Refusal):  # the door is full
                await claim(line, text, contact)
                del waiting[text]
        entered_by_second.append(await passes(line))
    assert not waiting, "nobody waits for ever"
    assert all(entered <= 300 / 60 * (n + 1) + 1 for n, entered in enumerate(entered_by_second))


async def test_the_more_people_knock_the_later_the_next_knock(line: LineOfPeople) -> None:
    contacts = [f"email:tamu{n}@contoh.id" for n in range(40)]
    texts = {contact: line.join(contact) for contact in contacts}
    await line.call_everybody()
    await line.set_rate(120, new=0.0, returner=0.0)
    told = [int(str((await refusal_of(line, texts[c], c)).facts["retry_after_s"])) for c in contacts]
    assert told == sorted(told)
    assert told[0] <= 3
    assert told[-1] >= 20
    assert await at_door(line) == 40
    line.now += timedelta(minutes=1)
    assert await at_door(line) == 0, "they have gone"


async def at_door(line: LineOfPeople) -> int:
    """The number of people at the full admission."""
    async with line.database.app.connection() as connection:
        return await claims.count_knocking(connection, line.number, line.now)


async def test_who_is_in_knocks_no_more(line: LineOfPeople) -> None:
    text, other = line.join(ANI), line.join(BUDI)
    await line.call_everybody()
    await line.set_rate(60, new=0.0, returner=0.0)
    for one, contact in ((text, ANI), (other, BUDI)):
        await refusal_of(line, one, contact)
    assert await at_door(line) == 2
    await line.set_rate(60, new=1.0, returner=0.0)
    await claim(line, text, ANI)
    assert await at_door(line) == 1
    left = await line.database.owner.fetch("SELECT id FROM waiting_room.knock")
    assert [row["id"] for row in left] == [line.published.id_of(BUDI)]


async def test_a_knock_costs_the_same_however_many_have_knocked_and_are_in(line: LineOfPeople) -> None:
    owner = line.database.owner
    await owner.execute(
        """INSERT INTO waiting_room.knock
           SELECT $1, decode(lpad(to_hex(n), 24, '0'), 'hex'), $2, $2 FROM generate_series(1, 6000) n""",
        line.number,
        line.now,
    )
    assert await at_door(line) == 5_000, "enough to tell the longest wait"
    await owner.execute(
        """UPDATE pg_class SET relpages = 1, reltuples = 100000
           WHERE oid = 'waiting_room.knock'::regclass"""
    )
    plan: list[str] = []
    async with line.database.app.connection() as connection:

        class Explaining:
            async def fetchval(self, statement: str, *values: object) -> int:
                await connection.execute(f"PREPARE it AS {statement}")
                nulls = ", ".join("NULL" for _ in values)
                plan.extend(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE it ({nulls})"))
                return 0

        await claims.count_knocking(Explaining(), line.number, line.now)  # type: ignore[arg-type]
    scans = [step for step in plan if "Scan" in step]
    assert len(scans) == 1, plan
    assert "Index Only Scan Backward using knock_lately" in scans[0]


async def test_who_comes_long_after_the_call_is_a_returner_with_a_share_of_the_door(
    line: LineOfPeople,
) -> None:
    text, other = line.join(ANI), line.join(BUDI)
    await line.call_everybody(ago_s=line.policy.claim_minutes * 60 + 1)
    await line.set_rate(60, new=10.0, returner=0.0)
    assert (await refusal_of(line, text, ANI)).code == "queue.door_full", "newcomers' places are theirs"
    await line.set_rate(60, new=0.0, returner=1.0)
    assert (await claim(line, other, BUDI)).lane is Lane.RETURNER


async def test_who_has_a_paid_order_in_flight_never_waits_at_the_door(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    await line.set_rate(60, new=0.0, returner=0.0)
    assert (await claim(line, text, ANI, is_in_flight=True)).lane is Lane.IN_FLIGHT


async def test_who_has_a_paid_order_in_flight_takes_no_place_at_an_open_door(line: LineOfPeople) -> None:
    text, other = line.join(ANI), line.join(BUDI)
    await line.call_everybody()
    await line.set_rate(60, new=1.0, returner=0.0)
    assert (await claim(line, text, ANI, is_in_flight=True)).lane is Lane.IN_FLIGHT
    assert (await claim(line, other, BUDI)).lane is Lane.NEW, "the one place is still there"


async def test_a_closed_tab_at_the_front_holds_nobody_up(line: LineOfPeople) -> None:
    texts = {line.join(contact): contact for contact in (ANI, BUDI, CITRA)}
    line.close(1)
    front, *others = line.in_order(list(texts))
    await line.call(2)
    await line.set_rate(60, new=2.0, returner=0.0)
    for text in others:
        await claim(line, text, texts[text])
    assert await passes(line) == 2
    assert front not in others


async def test_a_claim_that_fails_half_way_leaves_no_pass_and_takes_no_place(
    line: LineOfPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, other = line.join(ANI), line.join(BUDI)
    await line.call_everybody()
    await line.set_rate(60, new=1.0, returner=0.0)
    real = pass_rows.admit

    async def fail(*_: object) -> bool:
        raise ConnectionResetError

    monkeypatch.setattr(pass_rows, "admit", fail)
    with pytest.raises(ConnectionResetError):
        await claim(line, text, ANI)
    monkeypatch.setattr(pass_rows, "admit", real)
    assert await passes(line) == 0
    await claim(line, other, BUDI)
    assert await passes(line) == 1, "the one place was still there"


async def test_after_an_hour_of_darkness_the_door_lets_in_seconds_worth_of_people_not_an_hours(
    line: LineOfPeople,
) -> None:
    contacts = [f"email:tamu{n}@contoh.id" for n in range(40)]
    texts = {contact: line.join(contact) for contact in contacts}
    await line.call_everybody()
    await line.set_rate(120, new=0.0, returner=0.0)
    line.pass_time(3_600)
    await line.call_everybody()
    tried = await asyncio.gather(*(claim(line, texts[c], c) for c in contacts), return_exceptions=True)
    assert sum(isinstance(one, Pass) for one in tried) <= 120 / 60 * 3 + 1


async def test_a_pass_is_for_one_order(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    given = await claim(line, text, ANI)
    first, second = uuid.uuid4(), uuid.uuid4()
    db = line.database.app
    await use_pass(db, line.number, given.id, given.pass_id, order_id=first)
    await use_pass(db, line.number, given.id, given.pass_id, order_id=first)
    with pytest.raises(Refusal) as caught:
        await use_pass(db, line.number, given.id, given.pass_id, order_id=second)
    assert caught.value.code == "pass.used"
    await use_pass(db, line.number, given.id, given.pass_id, order_id=second, instead_of=first)
    with pytest.raises(Refusal):
        await use_pass(db, line.number, given.id, uuid.uuid4(), order_id=second)


async def test_of_many_orders_at_once_one_gets_the_pass(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    given = await claim(line, text, ANI)
    tried = await asyncio.gather(
        *(
            use_pass(line.database.app, line.number, given.id, given.pass_id, order_id=uuid.uuid4())
            for _ in range(20)
        ),
        return_exceptions=True,
    )
    assert sum(one is None for one in tried) == 1


async def test_knocks_are_forgotten_after_a_month(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    await line.set_rate(0, new=0.0, returner=0.0)
    await refusal_of(line, text, ANI)
    line.pass_time(29 * 86_400)
    assert await clean_up_queues(line.database.app, now=line.now) == 0
    line.pass_time(2 * 86_400)
    assert await clean_up_queues(line.database.app, now=line.now) == 1


async def test_a_queue_that_is_halted_only_because_no_site_was_heard_of_holds_nobody_who_need_not_wait(
    line: LineOfPeople,
) -> None:
    owner = line.database.owner
    await line.set_state(QueueState.HALTED)
    await owner.execute("UPDATE waiting_room.queue SET memory = '{\"is_direct\": true}'")
    assert (await queue_signs(line.database.app))["casn"].is_free
    await owner.execute("UPDATE waiting_room.queue SET halted_because = 'a fire'")
    assert not (await queue_signs(line.database.app))["casn"].is_free
    await owner.execute(
        "UPDATE waiting_room.queue SET halted_because = NULL, memory = '{\"is_direct\": false}'"
    )
    assert not (await queue_signs(line.database.app))["casn"].is_free
