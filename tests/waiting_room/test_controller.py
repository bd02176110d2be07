"""The controller: windows are closed and revealed, the frontier moves, and the log shows all of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import msgspec
import pytest
import pytest_asyncio
import structlog

from meterai.customers.codes import Asker
from meterai.customers.contacts import canonical_contact
from meterai.customers.use_cases.request_code import request_code
from meterai.gate.published_cache import PublishedCache
from meterai.kernel.refusals import Refusal
from meterai.operations.use_cases.report_backlog import BacklogReporter
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.control.lease import LeaseLoop
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.site_load import BacklogReport, SiteLoad, report_backlog
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import (
    CloseFacts,
    ConfigFacts,
    OperatorFacts,
    PromiseFacts,
    RevealFacts,
)
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.public_log import HEADS
from meterai.waiting_room.files.published_documents import Close, Config, Head, Reveal
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import Superseded, digest
from meterai.waiting_room.queries import last_published, queue_views
from meterai.waiting_room.rules import merkle, seeds
from meterai.waiting_room.rules.admission import check_ticket
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.model import U_MAX, Lane, Policy, QueueState
from meterai.waiting_room.rules.rate_control import CALLS_FACTOR_MAX
from meterai.waiting_room.rules.tickets import sign_ticket
from meterai.waiting_room.store import lease_rows, queues
from meterai.waiting_room.use_cases.check_certificate import read_certificate
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.issue_certificate import issue_certificate
from meterai.waiting_room.use_cases.rewind_queues import rewind_queues
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import CALM, CHAIN_LINKS, START, MovedQueue, schedule_of

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    yield made
    await made.close()


async def test_who_joins_is_called_within_seconds_and_everything_stands_in_the_log(line: MovedQueue) -> None:
    await line.open(schedule_of(), always=True)
    await line.seconds(1)
    ticket = line.join("email:ani@contoh.id")
    called = await line.until(lambda status: status.called == 1, seconds=6)
    assert called.waiting == 0
    assert tuple(called.frontiers[Lane.NEW]) > (ticket.window, 0)

    key = line.keys.controller.public_key()
    config = published_documents.read(line.folder.config.read_bytes(), Config, key)
    close = published_documents.read(line.folder.window_close(ticket.window).read_bytes(), Close, key)
    reveal = published_documents.read(line.folder.window_reveal(ticket.window).read_bytes(), Reveal, key)
    ids = line.folder.window_ids(ticket.window).read_bytes()
    assert close.count == 1
    assert merkle.root_of([ids]).hex() == close.root
    link = bytes.fromhex(reveal.link)
    assert config.chain_length == CHAIN_LINKS
    assert seeds.follows(bytes.fromhex(config.commitment), link, ticket.window + 1)
    assert window_seed(link, bytes.fromhex(close.root)).hex() == reveal.seed

    closes = {facts.window: facts for facts in line.facts(CloseFacts)}
    assert closes[ticket.window].sha256 == digest(line.folder.window_close(ticket.window).read_bytes())
    assert {facts.window: facts.seed for facts in line.facts(RevealFacts)}[ticket.window] == reveal.seed
    assert line.facts(ConfigFacts)[-1].sha256 == digest(line.folder.config.read_bytes())
    line.assert_orderly()


async def test_an_operator_sees_how_old_is_what_people_read(line: MovedQueue) -> None:
    await line.open(schedule_of(), always=True)
    (fresh,) = await queue_views(line.database.app, line.now)
    assert fresh.age_s is None
    await line.seconds(2)
    (seen,) = await queue_views(line.database.app, line.now)
    assert seen.age_s == 1, "it is noted with the next step"
    (stale,) = await queue_views(line.database.app, line.now + 12)
    assert stale.age_s == seen.age_s + 12


async def test_steps_that_are_taken_and_not_published_do_not_look_like_a_queue_that_moves(
    line: MovedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.open(schedule_of(), always=True)
    await line.seconds(2)
    monkeypatch.setattr(Publisher, "publish_status", Mock(side_effect=OSError))
    for _ in range(12):  # after each failure the controller is opened again
        with pytest.raises(OSError):
            await line.seconds(1)
        await line.take_over()
    (view,) = await queue_views(line.database.app, line.now)
    published = await last_published(line.database.app)
    assert (view.age_s, published) == (12, line.now - 12)
    monkeypatch.undo()
    await line.seconds(2)
    (view,) = await queue_views(line.database.app, line.now)
    assert view.age_s == 1


async def test_windows_stand_still_while_nobody_waits(line: MovedQueue) -> None:
    await line.open(schedule_of())
    assert (await line.seconds(60)).state is QueueState.DIRECT
    assert line.facts(CloseFacts) == []
    assert not list(line.folder.gate(1).glob("*.close.json"))
    ticket = line.join("email:ani@contoh.id")  # of a gate that has not heard that nobody waits
    assert ticket.window == 1
    assert (await line.seconds(1)).state is QueueState.OPEN
    assert (await line.until(lambda status: status.called == 1, seconds=8)).at <= START + 69
    line.assert_orderly()


@pytest.mark.parametrize("is_switched_off", [False, True])
async def test_a_queue_that_closes_after_standing_still_closes_what_holds_joins(
    line: MovedQueue, is_switched_off: bool
) -> None:
    """Otherwise a gate would write a file for each window of three weeks, and the controller three."""
    await line.open(schedule_of(open_s=60, window_s=1))
    if is_switched_off:
        await line.wish("is_on", False)
    await line.seconds(57)
    ticket = line.join("email:ani@contoh.id") if is_switched_off else None  # joined before that was known
    closed = await line.until(lambda status: status.state is QueueState.CLOSED, seconds=5)
    assert closed.at == START + 60
    await line.seconds(6)
    assert [facts.window for facts in line.facts(CloseFacts)] == [1]
    assert len(list(line.folder.gate(1).glob("*.close.json"))) == 1
    assert ticket is None or line.folder.window_reveal(ticket.window).exists()
    assert line.gate.window() is None
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
    line.assert_orderly()


async def test_the_first_promise_of_each_stands_in_the_log_once(line: MovedQueue) -> None:
    await line.open(schedule_of())
    book = PromiseBook(line.folder.gate(1))
    for number in range(3):
        id = bytes(11) + bytes([number])
        book.give(Promise(id=id, window=1, given_at=START, done_by=START + 600))
    book.write()
    await line.seconds(2)
    await line.take_over()
    book.give(Promise(id=b"x" * 12, window=1, given_at=START, done_by=START + 900))
    book.write()
    await line.seconds(2)
    told = line.facts(PromiseFacts)
    assert [facts.done_by - START for facts in told] == [600, 600, 600, 900]
    assert len({facts.id for facts in told}) == 4


async def test_the_lottery_is_one_window_that_is_drawn_after_the_opening(line: MovedQueue) -> None:
    await line.open(schedule_of(lottery_s=60))
    assert (await line.seconds(1)).state is QueueState.LOTTERY
    joined = [line.join(f"email:orang{number}@contoh.id") for number in range(5)]
    assert {ticket.window for ticket in joined} == {0}
    before = await line.seconds(30)
    assert before.waiting == 5
    assert before.fan == [], "nothing has shown how many will be called: it would be a guess out of the air"
    await line.seconds(30)
    assert not line.folder.window_reveal(0).exists()
    drawn = await line.until(lambda status: line.folder.window_reveal(0).exists(), seconds=5)
    assert drawn.at >= START + 62
    assert len(drawn.fan) > 0
    await line.until(lambda status: status.called == 5, seconds=10)
    line.assert_orderly()


async def test_a_site_that_is_not_heard_of_holds_everybody_and_the_queue_goes_on(line: MovedQueue) -> None:
    await line.open(schedule_of(), Policy(rate_cap=60), always=True)
    for number in range(60):
        line.join(f"email:orang{number}@contoh.id")
    await line.until(lambda status: status.called > 0)
    line.load = None
    held = await line.until(lambda status: status.state is QueueState.HALTED, seconds=9)
    line.join("email:nanti@contoh.id")
    assert (await line.seconds(20)).called == held.called
    assert line.seen[-1].waiting == 61 - held.called
    line.load = CALM
    await line.until(lambda status: status.called > held.called, seconds=3)
    line.assert_orderly()


async def test_without_stamps_nobody_is_called_until_there_are_some(line: MovedQueue) -> None:
    await line.open(schedule_of(), always=True)
    await report_backlog(line.database.app, BacklogReport(backlog_s=0, stock=0))
    line.join("email:ani@contoh.id")
    assert (await line.seconds(10)).state is QueueState.OUT_OF_STOCK
    assert line.seen[-1].called == 0
    await report_backlog(line.database.app, BacklogReport(backlog_s=0, stock=10))
    assert (await line.seconds(5)).called == 1


@pytest.mark.parametrize("trouble", ["nothing", "requests fail", "stamps are late", "no worker is heard of"])
async def test_what_processes_report_of_their_trouble_takes_the_calls_to_the_floor(
    line: MovedQueue, trouble: str
) -> None:
    await line.open(schedule_of(), Policy(rate_floor=6, rate_cap=600), always=True)
    await line.database.owner.execute("UPDATE waiting_room.queue SET memory = '{\"rate\": 600.0}'")
    for number in range(1_000):
        line.join(f"email:orang{number}@contoh.id", is_durable=False)
    faults = 10 if trouble == "requests fail" else 0
    line.load = SiteLoad(p95_ms=20, in_flight=1, requests=50, faults=faults, entered={})
    backlog_s = 60 if trouble == "stamps are late" else 0
    await report_backlog(line.database.app, BacklogReport(backlog_s=backlog_s, stock=100_000))
    if trouble == "no worker is heard of":
        await line.database.owner.execute("UPDATE waiting_room.behind SET at = at - interval '55 seconds'")
    before = await line.seconds(3)
    called = (await line.seconds(10)).called - before.called
    most = 10 * 6 / 60 * CALLS_FACTOR_MAX
    assert called >= 100 if trouble == "nothing" else called <= most


async def ask_for_codes(shop: Shop, people: int) -> None:
    """This many called people ask for their codes."""
    for number in range(people):
        await request_code(
            shop.db, b"s" * 32, canonical_contact(f"orang{number}@contoh.id"), asker=Asker.CALLED,
            address=f"192.0.2.{number}", language="id", now=shop.clock(),
        )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("trouble", ["gateway", "codes"])
async def test_while_the_gateway_opens_no_charge_or_no_code_is_sent_calls_fall_to_the_floor(
    line: MovedQueue, trouble: str
) -> None:
    """Orders wait for their charge, or called people wait for the code. Meanwhile the site is quick and
    has no failures."""
    await line.open(schedule_of(), Policy(rate_floor=6, rate_cap=600), always=True)
    await line.database.owner.execute("UPDATE waiting_room.queue SET memory = '{\"rate\": 600.0}'")
    for number in range(2_000):
        line.join(f"email:orang{number}@contoh.id", is_durable=False)
    async with open_shop(line.database, stock=100_000) as shop:
        reporter = BacklogReporter(shop.db)

        async def called_in(seconds: int) -> int:
            before = line.seen[-1].called
            for _ in range(seconds):
                shop.clock.now = datetime.fromtimestamp(line.now, UTC)
                await reporter.report(shop.clock())
                await line.seconds(1)
            return line.seen[-1].called - before

        await called_in(5)
        usual = await called_in(10)
        if trouble == "gateway":
            shop.gateway.down = True
            for _ in range(6):
                await shop.placed_quota(1)
        else:
            await ask_for_codes(shop, 6)
        await called_in(17)
        assert await called_in(10) <= 10 * 6 / 60 * CALLS_FACTOR_MAX
        shop.gateway.down = False
        await shop.poll()
        await line.database.owner.execute("DELETE FROM jobs.outbox WHERE topic LIKE 'code.%'")  # sent
        assert await called_in(10) > usual / 2
    assert usual >= 100


async def test_a_controller_that_has_just_begun_to_listen_says_nothing_of_silence(line: MovedQueue) -> None:
    line.load = None
    await line.open(schedule_of())
    assert line.seen[0].state is QueueState.DIRECT
    await line.until(lambda status: status.state is QueueState.HALTED, seconds=9)


async def test_the_line_that_is_left_at_closing_time_is_not_called_any_more(line: MovedQueue) -> None:
    await line.open(schedule_of(lottery_s=6, open_s=5), Policy(rate_floor=30, rate_cap=30))
    await line.seconds(1)
    for number in range(20):
        line.join(f"email:orang{number}@contoh.id")
    closed = await line.until(lambda status: status.state is QueueState.CLOSED)
    assert closed.at == START + 11
    assert (await line.seconds(20)).called == closed.called < 20
    assert {facts.window for facts in line.facts(CloseFacts)} >= {0, 1, 2, 3, 4, 5}


async def test_where_the_line_counts_the_last_who_are_called_have_the_minutes_that_they_are_told(
    line: MovedQueue,
) -> None:
    await line.open(schedule_of(lottery_s=6, open_s=5), Policy(line_counts=True, claim_minutes=1))
    await line.seconds(1)
    for number in range(20):
        line.join(f"email:orang{number}@contoh.id")
    called = await line.until(lambda status: status.called == 20)
    assert called.at > START + 11, "the queue had closed for newcomers"
    assert (await line.seconds(55)).state is QueueState.OPEN
    closed = await line.until(lambda status: status.state is not QueueState.OPEN, seconds=9)
    assert closed.state is QueueState.CLOSED


@pytest.mark.parametrize("trouble", ["site", "halt", "everything"])
async def test_where_the_line_counts_the_last_call_does_not_lapse_while_nobody_can_enter(
    line: MovedQueue, trouble: str
) -> None:
    await line.open(schedule_of(lottery_s=6, open_s=5), Policy(line_counts=True, claim_minutes=1))
    await line.seconds(1)
    contacts = [f"email:orang{number}@contoh.id" for number in range(20)]
    tickets = [line.join(contact) for contact in contacts]
    called = await line.until(lambda status: status.called == 20)
    assert called.at > START + 11, "the closing is over"
    if trouble == "everything":
        line.now += 600
        await line.take_over()
    else:
        if trouble == "halt":
            await line.wish("halted_because", "bank")
        line.load = CALM if trouble == "halt" else None
        assert (await line.seconds(100)).state is QueueState.HALTED
        await line.wish("halted_because", None)
        line.load = CALM
    assert (await line.seconds(2)).state is QueueState.OPEN
    await line.enter(tickets[0], contacts[0])
    closed = await line.until(lambda status: status.state is not QueueState.OPEN, seconds=70)
    assert closed.state is QueueState.CLOSED


async def test_where_the_line_counts_and_nobody_is_on_the_way_it_closes_in_time(line: MovedQueue) -> None:
    await line.open(schedule_of(open_s=30), Policy(line_counts=True))
    line.join("email:ani@contoh.id")
    closed = await line.until(lambda status: status.state is QueueState.CLOSED)
    assert closed.at == START + 30, "nobody has waited for a while"


@pytest.mark.long
@pytest.mark.parametrize("line_counts", [False, True])
async def test_who_was_called_long_before_the_closing_and_did_not_come_gets_no_certificate_of_an_attempt(
    line: MovedQueue, line_counts: bool
) -> None:
    """It does not matter how long after the closing they ask."""
    await line.open(schedule_of(open_s=200), Policy(line_counts=line_counts, claim_minutes=1), always=True)
    ani, budi = "email:ani@contoh.id", "email:budi@contoh.id"
    tickets = {ani: line.join(ani)}
    await line.until(lambda status: status.called == 1)
    await line.seconds(170)
    tickets[budi] = line.join(budi)
    await line.until(lambda status: status.called == 2)
    await line.until(lambda status: status.state is QueueState.CLOSED, seconds=90)

    async def outcome(contact: str) -> str:
        text, now = sign_ticket(tickets[contact], line.keys.ticket), datetime.fromtimestamp(line.now, UTC)
        published = Published(line.folder)
        try:
            signed = await issue_certificate(
                line.database.app, published, text, contact=contact, masked="a", now=now
            )
        except Refusal as refusal:
            return refusal.code
        return read_certificate(signed, published).outcome

    for _ in range(40):
        line.now += 4
        await line.seconds(1)
    assert await outcome(ani) == "certificate.did_not_come"
    if not line_counts:  # there everybody who is called has all the minutes
        assert await outcome(budi) == "called_too_late"


@pytest.mark.everyday("halt")
@pytest.mark.parametrize("trouble", ["halt", "site", "everything", "nothing"])
async def test_who_was_called_and_could_not_enter_until_the_closing_gets_a_certificate(
    line: MovedQueue, trouble: str
) -> None:
    """With an outage at the deadline, the minutes of a call stop while the door is shut."""
    await line.open(schedule_of(open_s=200), Policy(claim_minutes=1), always=True)
    contact = "email:ani@contoh.id"
    ticket = line.join(contact)
    await line.until(lambda status: status.called == 1)
    await line.seconds(15)
    if trouble == "everything":
        line.now = START + 230
        await line.take_over()
        await line.seconds(3)
    else:
        line.load = None if trouble == "site" else CALM
        await line.wish("halted_because", "bank" if trouble == "halt" else None)
        await line.until(lambda status: status.state is QueueState.CLOSED, seconds=200)
    for _ in range(20):
        line.now += 4
        await line.seconds(1)
    text, now = sign_ticket(ticket, line.keys.ticket), datetime.fromtimestamp(line.now, UTC)
    published, db = Published(line.folder), line.database.app
    if trouble == "nothing":
        with pytest.raises(Refusal, match="did_not_come"):
            await issue_certificate(db, published, text, contact=contact, masked="a", now=now)
        return
    signed = await issue_certificate(db, published, text, contact=contact, masked="a", now=now)
    assert read_certificate(signed, published).outcome == "called_too_late"
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


@pytest.mark.parametrize("is_off", [True, False], ids=["switched off", "nobody waits"])
async def test_who_could_have_entered_freely_at_the_closing_gets_no_certificate_of_an_attempt(
    line: MovedQueue, is_off: bool
) -> None:
    await line.open(schedule_of(open_s=50), Policy(rate_floor=60, rate_cap=60), always=is_off)
    ani = "email:ani@contoh.id"
    if is_off:
        await line.seconds(5)
        await line.wish("rate_cap", 0)
    ticket = line.join(ani)
    await line.seconds(5)
    await line.wish("is_on", not is_off)
    before = await line.seconds(35)
    assert before.state is (QueueState.OFF if is_off else QueueState.DIRECT)
    await line.until(lambda status: status.state is QueueState.CLOSED)
    await line.wish("is_on", True)
    await line.seconds(2)
    text, now = sign_ticket(ticket, line.keys.ticket), datetime.fromtimestamp(line.now, UTC)
    with pytest.raises(Refusal, match=r"certificate\.nobody_waited"):
        await issue_certificate(
            line.database.app, Published(line.folder), text, contact=ani, masked="a***", now=now
        )


@pytest.mark.parametrize("is_off", [True, False], ids=["switched off", "nobody waits"])
async def test_an_outage_over_the_closing_leaves_everybody_a_certificate_however_it_found_the_queue(
    line: MovedQueue, is_off: bool
) -> None:
    """Nobody could enter during the outage, and gates gave places meanwhile."""
    await line.open(schedule_of(open_s=100), Policy(rate_floor=60, rate_cap=60), always=is_off)
    await line.wish("is_on", not is_off)
    before = await line.seconds(40)
    assert before.state is (QueueState.OFF if is_off else QueueState.DIRECT)
    line.now = START + 60
    ani = "email:ani@contoh.id"
    ticket = line.join(ani)
    line.now = START + 130
    await line.take_over()
    await line.seconds(6)
    text, now = sign_ticket(ticket, line.keys.ticket), datetime.fromtimestamp(line.now, UTC)
    published, db = Published(line.folder), line.database.app
    signed = await issue_certificate(db, published, text, contact=ani, masked="a***", now=now)
    assert read_certificate(signed, published).outcome == "not_called"


async def test_a_gate_that_is_started_after_time_was_cut_anew_counts_who_is_ahead(line: MovedQueue) -> None:
    """The queue began without a lottery, so it has no window 0."""
    await line.open(schedule_of(window_s=10), Policy(rate_floor=60, rate_cap=60))
    line.join("email:pertama@contoh.id")
    await line.until(lambda status: status.called == 1, seconds=40)
    await line.until(lambda status: status.state is QueueState.DIRECT, seconds=40)
    tickets = [line.join(f"email:orang{number}@contoh.id") for number in range(30)]
    line.gate._latest.clear()  # as at another gate
    tickets.append(line.join("email:orang0@contoh.id"))
    await line.until(lambda status: line.folder.window_reveal(tickets[0].window).exists(), seconds=30)
    shelf = PublishedCache(line.folder)
    shelf.look()
    assert shelf.config.schedule.first_window > 1
    assert shelf.people_before(tickets[0].window) == 1
    assert {ticket.window for ticket in tickets} == {tickets[0].window}
    assert shelf.people_in(tickets[0].window) == 30


@pytest.mark.long
@pytest.mark.parametrize("opens_at", [START, START + 3], ids=["on the border", "between two"])
async def test_a_last_call_for_a_moment_that_is_over_makes_no_ticket_a_backdated_one(
    line: MovedQueue, opens_at: int
) -> None:
    """An operator moves it forward, and the restart takes longer than that."""
    schedule = msgspec.structs.replace(schedule_of(window_s=10), joins_from=opens_at, opens_at=opens_at)
    await line.open(schedule, always=True)
    tickets = []
    for number in range(60):
        await line.seconds(1)
        if line.gate.window():
            tickets.append(line.join(f"email:orang{number}@contoh.id"))
    db, slug = line.database.app, line.folder.slug
    for wanted in (START + 33, START + 33, START + 35):  # the second and third time at further restarts
        changed = msgspec.structs.replace(schedule, last_call_at=wanted)
        moment = datetime.fromtimestamp(line.now, UTC)
        await set_queue(db, slug, changed, Policy(), is_on=True, now=moment)
        for number in range(45):
            await line.seconds(1)
            tickets.append(line.join(f"email:{wanted}{number}@contoh.id"))
        async with db.connection() as connection:
            queue = await queues.read_queue(connection, slug)
        assert queue is not None
        assert queue.schedule.last_call_at == opens_at + 90, "the first end of a window after 90 seconds"
        assert line.seen[-1].state is QueueState.LAST_CALL
        for ticket in tickets:
            check_ticket(queue.schedule, ticket)


async def test_a_clock_that_ran_ahead_and_is_set_right_does_not_hold_who_is_drawn(line: MovedQueue) -> None:
    await line.open(schedule_of(window_s=10), Policy(rate_floor=60, rate_cap=60), always=True)
    for number in range(200):
        line.join(f"email:orang{number}@contoh.id")
    await line.seconds(25)
    line.now += 600
    ahead = await line.seconds(3)
    line.now -= 600
    later = await line.seconds(30)
    assert 20 <= later.called - ahead.called <= 30 * CALLS_FACTOR_MAX
    line.assert_orderly()


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_who_joins_when_a_queue_is_opened_again_hours_after_its_closing_is_drawn_as_soon_as_ever(
    line: MovedQueue, is_restarted: bool
) -> None:
    schedule, policy = schedule_of(open_s=65, window_s=10), Policy(rate_floor=60, rate_cap=60)
    await line.open(schedule, policy, always=True)
    left = [line.join(f"email:orang{number}@contoh.id") for number in range(200)]
    await line.until(lambda status: status.state is QueueState.CLOSED, seconds=70)
    await line.seconds(5)
    called = line.seen[-1].called
    line.now += 6 * 3_600
    await line.seconds(2)
    later = msgspec.structs.replace(schedule, closes_at=int(line.now) + 3_600)
    moment = datetime.fromtimestamp(line.now, UTC)
    await set_queue(line.database.app, line.folder.slug, later, policy, is_on=True, now=moment)
    if is_restarted:
        await line.take_over()
    assert (await line.seconds(2)).state is QueueState.OPEN
    ticket = line.join("email:ani@contoh.id")
    await line.until(lambda status: line.folder.window_reveal(ticket.window).exists(), seconds=16)
    await line.until(lambda status: status.called == 201, seconds=240)
    assert called < 200, "who was left in line is before them"
    async with line.database.app.connection() as connection:
        queue = await queues.read_queue(connection, line.folder.slug)
    assert queue is not None
    for one in (*left, ticket):
        check_ticket(queue.schedule, one)
    report = audit(FolderSource(line.folder.public), pause=lambda seconds: None)
    assert report.findings == []
    line.assert_orderly()


@pytest.mark.everyday("a little")
@pytest.mark.parametrize("ahead_s", [15, 600, 7_200], ids=["a little", "minutes", "beyond the closing"])
async def test_who_joins_after_a_clock_that_ran_ahead_is_set_right_is_drawn_as_soon_as_ever(
    line: MovedQueue, ahead_s: int
) -> None:
    await line.open(schedule_of(window_s=10), Policy(rate_floor=60, rate_cap=60), always=True)
    for number in range(120):
        line.join(f"email:orang{number}@contoh.id")
    await line.seconds(25)
    line.now += ahead_s
    await line.seconds(3)
    meanwhile = [line.join(f"email:dahulu{number}@contoh.id") for number in range(3) if line.gate.window()]
    await line.seconds(8)
    meanwhile += [line.join("email:baru@contoh.id")] if line.gate.window() else []
    await line.seconds(1)
    line.now -= ahead_s
    await line.seconds(3)
    later = line.join("email:ani@contoh.id")
    assert line.seen[-1].state is QueueState.OPEN
    await line.until(lambda status: line.folder.window_reveal(later.window).exists(), seconds=16)
    await line.seconds(15)
    latest = line.join("email:budi@contoh.id")
    await line.until(lambda status: status.called == line.seen[-1].called + status.waiting, seconds=300)
    assert latest.window > later.window
    names = [*["dahulu0", "dahulu1", "dahulu2", "baru"][: len(meanwhile)], "ani", "budi"]
    db, published, now = line.database.app, Published(line.folder), datetime.fromtimestamp(line.now, UTC)
    for ticket, name in zip((*meanwhile, later, latest), names, strict=True):
        text = sign_ticket(ticket, line.keys.ticket)
        await claim_pass(db, published, text, contact=f"email:{name}@contoh.id", is_in_flight=True, now=now)
    told = [facts for facts in line.facts(OperatorFacts) if facts.action == "clock"]
    assert len(told) == 1
    assert ahead_s <= int(told[0].value) + 12 <= ahead_s + 24 or ahead_s == 7_200
    report = audit(FolderSource(line.folder.public), pause=lambda seconds: None)
    assert report.findings == []
    line.assert_orderly()


async def test_a_line_that_nobody_needs_is_there_again_when_a_clock_beyond_the_closing_is_set_right(
    line: MovedQueue,
) -> None:
    await line.open(schedule_of(window_s=10))
    assert (await line.seconds(5)).state is QueueState.DIRECT
    line.now += 7_200
    assert (await line.seconds(3)).state is QueueState.CLOSED
    line.now -= 7_200
    assert (await line.seconds(3)).state is QueueState.DIRECT
    await line.wish("always_in_line", True)
    await line.seconds(3)
    ticket = line.join("email:ani@contoh.id")
    await line.until(lambda status: status.called == 1, seconds=30)
    await line.enter(ticket, "email:ani@contoh.id")
    await line.seconds(2)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
    line.assert_orderly()


async def test_a_clock_beyond_the_closing_lets_nobody_join_before_the_time(line: MovedQueue) -> None:
    opens = schedule_of(window_s=10)
    later = msgspec.structs.replace(opens, joins_from=opens.joins_from + 600, opens_at=opens.opens_at + 600)
    await line.open(later)
    await line.seconds(5)
    line.now += 7_200
    await line.seconds(3)
    line.now -= 7_200
    assert (await line.seconds(3)).state is QueueState.OFF


@pytest.mark.parametrize("lottery_s", [0, 60])
@pytest.mark.parametrize("ahead_s", [1_800, 7_200], ids=["beyond the opening", "beyond the closing"])
async def test_a_line_opens_as_planned_though_a_clock_was_there_before(
    line: MovedQueue, ahead_s: int, lottery_s: int
) -> None:
    now = schedule_of(window_s=10, lottery_s=lottery_s)
    planned = msgspec.structs.replace(
        now, joins_from=START + 600, opens_at=now.opens_at + 600, closes_at=now.closes_at + 600
    )
    await line.open(planned, Policy(rate_floor=60, rate_cap=60), always=True)
    line.now += ahead_s
    await line.seconds(5)
    line.now -= ahead_s
    assert (await line.seconds(3)).state is QueueState.OFF
    line.now = planned.joins_from - 2.0
    await line.seconds(1)
    assert line.gate.window() is None
    await line.seconds(3)
    ticket = line.join("email:ani@contoh.id")
    assert line.seen[-1].state is (QueueState.LOTTERY if lottery_s else QueueState.OPEN)
    opened = await line.until(lambda status: status.called == 1, seconds=lottery_s + 30)
    assert opened.at >= planned.opens_at
    text, moment = sign_ticket(ticket, line.keys.ticket), datetime.fromtimestamp(line.now, UTC)
    await claim_pass(
        line.database.app, Published(line.folder), text, contact="email:ani@contoh.id", now=moment
    )
    await line.seconds(2)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []
    line.assert_orderly()


async def test_the_door_opens_again_when_the_clock_of_everything_ran_ahead_and_is_set_right(
    line: MovedQueue,
) -> None:
    """Controller and site run on one machine. The admission was filled at a time that is still to come."""
    await line.open(schedule_of(window_s=10), Policy(rate_floor=120, rate_cap=120), always=True)
    contacts = [f"email:orang{number}@contoh.id" for number in range(40)]
    tickets = [line.join(contact) for contact in contacts]
    await line.until(lambda status: status.called == 40, seconds=90)

    async def enter(first: int, count: int) -> None:
        for number in range(first, first + count):
            await line.enter(tickets[number], contacts[number])
            await line.seconds(1)

    line.now += 600
    await line.seconds(1)
    await enter(0, 15)
    line.now -= 600
    await line.seconds(3)
    await enter(15, 25)
    report = audit(FolderSource(line.folder.public), pause=lambda seconds: None)
    assert report.findings == []


async def test_a_little_that_a_clock_runs_back_is_not_paid_for_again(line: MovedQueue) -> None:
    await line.open(schedule_of(window_s=10), Policy(rate_floor=600, rate_cap=600), always=True)
    for number in range(900):
        line.join(f"email:orang{number}@contoh.id")
    before = await line.seconds(25)
    for _ in range(5):
        line.now -= 2
        after = await line.seconds(2)
    assert after.called == before.called
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_a_window_that_was_gathered_before_a_clock_was_set_right_is_closed_at_its_end(
    line: MovedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.open(schedule_of(window_s=10), always=True)
    await line.seconds(9)
    ticket = line.join("email:ani@contoh.id")
    line.now += 2
    line._tick()
    async with line.database.app.connection() as connection:
        queue = await queues.read_queue(connection, line.folder.slug)
    assert queue is not None
    found = await line.controller._gather(queue, line.now)
    assert [one.window for one in found] == [ticket.window]
    line.now -= 3
    with monkeypatch.context() as patched:
        patched.setattr(line.controller, "_gather", AsyncMock(return_value=found))
        await line.seconds(1)
    await line.until(lambda status: status.called == 1, seconds=10)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_a_gate_whose_clock_is_a_little_behind_takes_joins_when_time_is_cut_anew(
    line: MovedQueue,
) -> None:
    await line.open(schedule_of(window_s=10))
    await line.seconds(40)
    line.gate._wall = lambda: line.now - 1.5
    await line.wish("always_in_line", True)
    for number in range(5):
        await line.seconds(1)
        ticket = line.join(f"email:orang{number}@contoh.id")
        async with line.database.app.connection() as connection:
            queue = await queues.read_queue(connection, line.folder.slug)
        assert queue is not None
        check_ticket(queue.schedule, ticket)


@pytest.mark.parametrize("how", ["another leads", "its time is over"])
async def test_who_does_not_hold_the_lease_any_more_decides_nothing(line: MovedQueue, how: str) -> None:
    """It may still believe that it holds the lease, because it slept."""
    await line.open(schedule_of(), always=True)
    line.join("email:ani@contoh.id")
    await line.seconds(2)
    old, owner = line.controller, line.database.owner
    if how == "another leads":
        await line.take_over()
    else:
        await owner.execute("UPDATE waiting_room.lease SET until = 'epoch'")
    before = await owner.fetchrow("SELECT * FROM waiting_room.queue")
    with pytest.raises(Superseded):
        await old.step(line.now + 5)
    assert await owner.fetchrow("SELECT * FROM waiting_room.queue") == before
    await old.close()
    await line.take_over()
    assert (await line.seconds(5)).called == 1


async def test_steps_don_t_keep_their_own_holder_from_renewing_the_lease(line: MovedQueue) -> None:
    """Steps of several queues overlap. If they kept it, nothing would be published for minutes."""
    await line.open(schedule_of())
    name = line.controller._steering.holder
    async with line.database.app.transaction() as tx, line.database.app.connection() as other:
        await queues.lock_fenced(tx, line.folder.slug, name, 1)
        async with asyncio.timeout(60):
            assert await lease_rows.take_lease(other, name, 60) == 1


async def test_who_takes_the_lease_over_in_the_middle_of_a_step_goes_on_from_what_it_wrote(
    line: MovedQueue,
) -> None:
    await line.open(schedule_of())
    db, event, old = line.database.app, line.folder.slug, line.controller._steering.holder
    async with db.transaction() as tx:
        queue = await queues.lock_fenced(tx, event, old, 1)
        async with asyncio.timeout(60):
            await line.take_over()
        step = asyncio.create_task(line.controller.step(line.now + 1))
        assert await asyncio.wait([step], timeout=0.1) == (set(), {step})
        await queues.save_queue(
            tx, msgspec.structs.replace(queue, sequence=queue.sequence + 10), epoch=1, rate=1
        )
    assert (await step).queue.sequence == queue.sequence + 11
    with pytest.raises(Superseded):
        async with db.transaction() as tx:
            await queues.lock_fenced(tx, event, old, 1)


@pytest.mark.parametrize("is_late", [True, False], ids=["nobody else had it", "another leads"])
async def test_who_renews_the_lease_too_late_says_so(line: MovedQueue, *, is_late: bool) -> None:
    """An operator who sees a line stand still finds no other reason in the log."""
    await line.open(schedule_of())
    if is_late:
        await line.database.owner.execute("UPDATE waiting_room.lease SET until = 'epoch'")
    else:
        await line.take_over()
    lease_loop = LeaseLoop(line.database.controller, line.folder.path.parent, holder="controller 1")
    with structlog.testing.capture_logs() as lines:
        await lease_loop._lead(1, asyncio.Event())
    warned = [one["event"] for one in lines if one["log_level"] == "warning"]
    assert warned == (["queue_lease_lapsed"] if is_late else [])


class Crash(Exception):
    """Raised where the process would end."""


@pytest.mark.parametrize("point", ["queue_decided", "queue_closed", "queue_logged"])
async def test_what_a_crash_left_half_done_the_next_holder_publishes(line: MovedQueue, point: str) -> None:
    """Nobody is passed twice, or faster than in the lost step."""
    await line.open(schedule_of(), Policy(rate_floor=60, rate_cap=60), always=True)
    await line.database.owner.execute(  # at a full admission everybody counts as come
        "INSERT INTO waiting_room.knock VALUES (1, $1, '2100-01-01', '2100-01-01')", bytes(12)
    )
    tickets = [line.join(f"email:orang{number}@contoh.id") for number in range(50)]
    await line.until(lambda status: status.called > 5)

    def crash(at: str) -> None:
        if at == point:
            raise Crash

    for name in ("ani", "budi"):
        tickets.append(line.join(f"email:{name}@contoh.id"))
        await line.take_over(crash)
        with pytest.raises(Crash):
            await line.seconds(4)
    await line.take_over()
    assert line.seen[-1].called < 30
    await line.until(lambda status: status.called == len(tickets))
    assert all(line.folder.window_reveal(ticket.window).exists() for ticket in tickets)
    people = Counter(ticket.window for ticket in tickets)
    for before, after in pairwise(line.seen):
        window, x = after.frontiers[Lane.NEW]
        passed = sum(number for one, number in people.items() if one < window)
        assert after.called == passed + people[window] * x // U_MAX
        assert after.called - before.called <= (after.at - before.at) * 1.2 + 1
    line.assert_orderly()


async def test_a_store_that_is_older_than_the_log_leaves_nothing_out_of_it_unseen(line: MovedQueue) -> None:
    """The database was restored from a copy. Entries with numbers that the log already has would be
    dropped silently."""
    tables = ("queue", "closed_window", "log_entry", "to_log")
    owner = line.database.owner
    await line.open(schedule_of(), always=True)
    for table in tables:
        await owner.execute(f"CREATE TABLE copy_of_{table} AS TABLE waiting_room.{table}")
    line.join("email:ani@contoh.id")
    await line.until(lambda status: status.called == 1, seconds=10)
    ahead = line.entries()
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            await owner.execute(f"DELETE FROM waiting_room.{table}")
            await owner.execute(
                f"INSERT INTO waiting_room.{table} OVERRIDING SYSTEM VALUE TABLE copy_of_{table}"
            )
    await line.take_over()
    with pytest.raises(AssertionError, match=r"right server\?.*meterai restore"):
        await line.seconds(1)
    assert line.entries() == ahead

    moment = datetime.fromtimestamp(line.now, UTC)
    root = line.folder.path.parent
    done = await rewind_queues(line.database.app, root, actor="officer", now=moment)
    assert done.rewound[0].entries
    line.seen.clear()  # pages begin again with the later epoch
    await line.take_over()
    await line.until(lambda status: status.called == 1, seconds=10)
    line.assert_orderly()


async def test_a_queue_whose_files_are_gone_gets_no_others_and_a_restore_says_so(line: MovedQueue) -> None:
    """With new keys every ticket would be void. A copy that is found later would meet those keys."""
    await line.open(schedule_of(), always=True)
    root, moment = line.folder.path.parent, datetime.fromtimestamp(line.now, UTC)
    line.folder.path.rename(root.with_name("away"))
    lease_loop = LeaseLoop(line.database.controller, root, holder="next")
    with pytest.raises(AssertionError, match="put them back from a copy"):
        await lease_loop._open(line.folder.slug, 1)
    done = await rewind_queues(line.database.app, root, actor="officer", now=moment)
    assert (done.rewound, done.lost) == ([], [line.folder.slug])
    assert not line.folder.path.exists()

    root.with_name("away").rename(line.folder.path)
    for name in ("keys.json", "controller.json"):
        kept = (line.folder.secret / name).rename(root.with_name(name))
        with pytest.raises(FileNotFoundError):
            line.folder.keys()
        kept.rename(line.folder.secret / name)
    assert line.folder.keys().chain == line.keys.chain


async def test_what_a_crash_left_without_a_head_is_signed_by_who_takes_over(line: MovedQueue) -> None:
    await line.open(schedule_of())
    heads = line.folder.log / HEADS
    assert heads.read_bytes()
    heads.write_bytes(b"")
    await line.take_over()
    await line.seconds(1)  # nobody waits: nothing new comes into the log
    size, root = line.seen[-1].log
    signed = published_documents.read(
        heads.read_bytes().replace(b" ", b"\n", 1), Head, line.keys.controller.public_key()
    )
    assert (signed.size, signed.root[:32]) == (size, root)
    assert size == len(line.entries()) > 0
