"""Officers open, change and close events, and a start keeps their word."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor
from meterai.operations.officers.requests import find_request
from meterai.operations.use_cases import enter_event as entering
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.enter_event import EventAct, enter_event
from meterai.operations.use_cases.open_site import open_site
from meterai.operations.use_cases.sign_request import sign_request
from meterai.sales.events import EXAMPLE, Event, EventQueue, load_events
from meterai.sales.queries.events import events, find_event
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.store.queues import Queue, read_queue
from meterai.waiting_room.use_cases.set_queue import KNOWN_AFTER_S
from tests.news.conftest import Command, meterai
from tests.officers import signed_by
from tests.sales.refusing import refused
from tests.storage_fixtures import TestDatabase

__all__ = ["meterai"]
pytestmark = pytest.mark.storage
NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
ANI = Actor(name="ani")
CASN = load_events()[0]
NEW = msgspec.structs.replace(
    CASN, slug="pppk-2026", name="Seleksi PPPK 2026", opens_at=NOW + timedelta(days=1),
    closes_at=NOW + timedelta(days=9), queue=EventQueue(),
)  # fmt: skip


async def start(database: TestDatabase, file: Path = EXAMPLE, *, now: datetime = NOW) -> None:
    await open_site(database.app, events_file=str(file), development=False, now=now)


async def enter(database: TestDatabase, act: EventAct, *, now: datetime = NOW) -> None:
    """In development without officers nobody signs. The console's role carries it out."""
    await enter_event(database.console, act, actor=ANI, now=now)


async def offered(database: TestDatabase) -> dict[str, Event]:
    return {event.slug: event for event in await events(database.site)}


async def queue_of(database: TestDatabase, slug: str) -> Queue:
    async with database.app.connection() as connection:
        found = await read_queue(connection, slug)
    assert found is not None
    return found


async def test_a_start_keeps_what_officers_entered(database: TestDatabase, tmp_path: Path) -> None:
    await start(database)
    await enter(database, entering.open_event(NEW, "BKN mengumumkannya"))
    closes_at = NOW + timedelta(days=2)
    await enter(database, entering.close_event("casn", closes_at, "dihentikan BKN"))
    renamed = tmp_path / "events.toml"
    renamed.write_text(EXAMPLE.read_text().replace("Seleksi CASN", "Seleksi lain"))
    with capture_logs() as lines:
        await start(database, renamed)
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["event_kept_by_officers"]
    now_offered = await offered(database)
    assert now_offered.keys() == {"casn", "pppk-2026"}
    assert (now_offered["casn"].closes_at, now_offered["casn"].name) == (closes_at, CASN.name)
    assert now_offered["pppk-2026"] == msgspec.structs.replace(NEW, queue=None)
    assert (await queue_of(database, "pppk-2026")).is_on
    assert (await queue_of(database, "casn")).schedule.closes_at == closes_at.timestamp()

    await enter(database, entering.follow_file("casn", "berkas sudah benar"))
    assert (await offered(database))["casn"].name == "Seleksi lain"
    await enter(database, entering.follow_file("pppk-2026", "batal"))
    assert (await offered(database)).keys() == {"casn"}, "the file does not name it"
    await start(database, renamed)
    assert (await find_event(database.site, "casn")).closes_at == CASN.closes_at
    assert (await queue_of(database, "casn")).schedule.closes_at == CASN.closes_at.timestamp()
    said = await database.owner.fetch("SELECT action, subject FROM operations.audit_entry ORDER BY id")
    assert [(row["action"], row["subject"]) for row in said if row["action"].startswith("event.")] == [
        ("event.open", "pppk-2026"),
        ("event.close", "casn"),
        ("event.follow_file", "casn"),
        ("event.follow_file", "pppk-2026"),
    ]


async def test_the_line_of_an_event_closes_with_it(database: TestDatabase) -> None:
    """As after a change of the file: within half a minute, when every gate knows it."""
    await start(database)
    await enter(database, entering.open_event(NEW, "x"))
    casn, pppk = await queue_of(database, "casn"), await queue_of(database, "pppk-2026")
    later = NOW + timedelta(hours=1)
    for slug in ("casn", "pppk-2026"):
        await enter(database, entering.close_event(slug, None, "listrik padam"), now=later)
        event = await find_event(database.site, slug)
        assert (event.closes_at, event.is_over(later)) == (later, True)
        assert event.opens_at < later
    for before in (casn, pppk):
        after = await queue_of(database, before.event)
        assert after.schedule.closes_at == int(later.timestamp()) + KNOWN_AFTER_S
        assert (after.config_version, after.config_sha256) == (before.config_version + 1, "")
    assert (
        await refused(enter(database, entering.close_event("casn", None, "x"), now=later))
    ).code == "event.over"

    longer = msgspec.structs.replace(CASN, closes_at=later + timedelta(days=1))
    await enter(database, entering.change_event(longer, "listrik menyala"), now=later)
    assert (await queue_of(database, "casn")).schedule.closes_at == longer.closes_at.timestamp()
    await start(database, now=later)
    assert (await queue_of(database, "casn")).schedule.closes_at == longer.closes_at.timestamp()


async def test_a_line_that_no_entry_describes_closes_with_its_event_too(database: TestDatabase) -> None:
    await start(database)
    bare = msgspec.structs.replace(CASN, queue=None)
    await enter(database, entering.change_event(bare, "x"))
    assert (await queue_of(database, "casn")).schedule.closes_at == CASN.closes_at.timestamp()
    await enter(database, entering.close_event("casn", NOW + timedelta(days=1), "x"))
    closes_at = (NOW + timedelta(days=1)).timestamp()
    assert (await queue_of(database, "casn")).schedule.closes_at == closes_at


def changed(**fields: object) -> EventAct:
    return entering.change_event(msgspec.structs.replace(CASN, **fields), "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (entering.open_event(CASN, "x"), "event.known"),
        (entering.change_event(NEW, "x"), "event.unknown"),
        (entering.close_event("tidak-ada", None, "x"), "event.unknown"),
        (entering.close_event("casn", NOW - timedelta(minutes=1), "x"), "event.past"),
        (entering.close_event("casn", CASN.closes_at + timedelta(days=1), "x"), "event.later"),
        (entering.follow_file("casn", "x"), "event.not_entered"),
        (entering.open_event(msgspec.structs.replace(NEW, slug="kuota"), "x"), "event.slug"),
        (changed(closes_at=CASN.opens_at), "event.times"),
        (changed(closes_at=NOW), "event.past"),
        (changed(required_documents=()), "event.papers"),
        (changed(queue=EventQueue(rate_floor=10, rate_cap=1)), "event.line"),
        (
            EventAct(kind="event.change", slug="casn", facts=changed().facts | {"output_bytes_max": 800}),
            "event.unreadable",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind,
)
async def test_what_would_not_fit_is_refused_and_changes_nothing(
    database: TestDatabase, act: EventAct, code: str
) -> None:
    await start(database)
    before = await offered(database)
    assert (await refused(enter(database, act))).code == code
    assert await offered(database) == before
    assert await database.owner.fetchval("SELECT count(*) FROM operations.audit_entry") == 0


async def test_people_in_line_are_not_left_alone(database: TestDatabase) -> None:
    """A second round of a line is refused, and an event does not vanish while people wait for it."""
    await start(database)
    await enter(database, entering.open_event(NEW, "x"))
    in_line = NOW + timedelta(days=2)
    await database.owner.execute(
        "UPDATE waiting_room.queue SET state = $1, memory = jsonb_set(memory, '{is_direct}', 'false')",
        QueueState.OPEN,
    )
    leaving = enter(database, entering.follow_file("pppk-2026", "x"), now=in_line)
    assert (await refused(leaving)).code == "event.line_stands"
    after = NEW.closes_at + timedelta(days=30)
    round_two = msgspec.structs.replace(
        NEW, closes_at=after + timedelta(days=1), queue=EventQueue(opens_at=after)
    )
    again = enter(database, entering.change_event(round_two, "x"), now=in_line)
    assert (await refused(again)).code == "event.another_round"


async def test_two_officers_close_an_event(database: TestDatabase) -> None:
    await start(database)
    await database.owner.execute(
        """INSERT INTO operations.officer VALUES ('ani', '{admin}', '{"key of ani"}', '{}', now()),
           ('budi', '{admin}', '{"key of budi"}', '{}', now()),
           ('dewi', '{finance}', '{"key of dewi"}', '{}', now())"""
    )
    act, db = entering.close_event("casn", None, "dihentikan BKN"), database.operator
    alone: Awaitable[object] = enter_event(db, act, actor=ANI, now=NOW)
    assert (await refused(alone)).code == "officer.unsigned"
    number = await ask_two_officers(db, signed_by("ani", act.kind, act.slug), act.facts)
    async with db.connection() as connection:
        request = await find_request(connection, number)
    with pytest.raises(Refusal, match=r"officer\.may_not"):
        await sign_request(db, request, signed_by("dewi", act.kind, act.slug), roots=list, now=NOW)
    signed = await sign_request(db, request, signed_by("budi", act.kind, act.slug), roots=list, now=NOW)
    assert signed.released
    assert (await find_event(database.site, "casn")).is_over(NOW)
    entry = await database.owner.fetchrow(
        "SELECT actor, action, request_id FROM operations.audit_entry WHERE action LIKE 'event.%'"
    )
    assert entry is not None
    assert tuple(entry) == ("ani, budi", "event.close", number)


async def test_events_are_opened_changed_and_closed_by_command(
    database: TestDatabase, meterai: Command, tmp_path: Path
) -> None:
    await start(database)
    file = tmp_path / "new.toml"
    file.write_text(EXAMPLE.read_text().replace('"casn"', '"casn-2027"'))
    why = ("--reason", "BKN mengumumkannya")
    assert "Event casn-2027: " in await meterai("event", "open", str(file), *why)
    assert "(officers)" in await meterai("event", "list")
    shown = await meterai("event", "show", "casn-2027", "--json")
    changed = tmp_path / "changed.json"
    changed.write_text(shown.replace("819200", "500000"))
    said = await meterai("event", "change", str(changed), *why)
    assert "output_bytes_max: 819200 -> 500000" in said
    assert (await find_event(database.site, "casn-2027")).output_bytes_max == 500_000
    assert "event.later" in await meterai("event", "close", "casn-2027", "--at", "2099-01-01T00:00", *why)
    assert "Event casn-2027: " in await meterai("event", "close", "casn-2027", *why)
    assert "offered no more" in await meterai("event", "follow-file", "casn-2027", *why)
    assert "casn-2027" not in await meterai("event", "list")
