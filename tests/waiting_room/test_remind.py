"""Messages about the turn: it is near, it has come, or it did not come. Once each, and one press stops
them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meterai.kernel.refusals import Refusal
from meterai.kit.database import Connection, Row
from meterai.waiting_room.rules.certificate import is_check_in
from meterai.waiting_room.rules.model import Policy, QueueState
from meterai.waiting_room.store import reminders
from meterai.waiting_room.store.reminders import Reminder
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.remind import (
    Addresses,
    is_reminded,
    read_stop_token,
    remind_due,
    set_reminder,
    stop_reminder,
    stop_token,
)
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import ANI, BUDI, CITRA, FIRST, SCHEDULE, LineOfPeople

SECRET = b"a secret of thirty-two bytes ...."
ADDRESSES = Addresses(
    gate="https://antre.contoh",
    site="https://contoh",
    names={"casn": ("Seleksi CASN", "Selection CASN")},
    zones={"casn": "Asia/Makassar"},
)


async def ask(line: LineOfPeople, text: str, contact: str, language: str = "id") -> None:
    ticket = line.published.read_ticket(text)
    kind, _, value = contact.partition(":")
    one = Reminder(
        id=line.published.id_of(contact),
        window=ticket.window,
        contact_kind=kind,
        contact_value=value,
        language=language,
        ticket=text,
    )
    await set_reminder(line.database.app, line.number, ticket, one)


async def remind(line: LineOfPeople) -> list[dict[str, str]]:
    """Returns the messages that are written now."""
    owner = line.database.owner
    await owner.execute("DELETE FROM jobs.outbox")
    root: Path = line.folder.path.parent
    await remind_due(line.database.app, root, SECRET, ADDRESSES, now=line.now)
    rows = await owner.fetch("SELECT payload::text FROM jobs.outbox WHERE topic LIKE 'message.%' ORDER BY id")
    return [json.loads(row["payload"]) for row in rows]


async def draw(line: LineOfPeople, people: int = 1) -> None:
    """Closes and draws the first window, with this many people in it."""
    line.close(1)
    owner = line.database.owner
    await owner.execute("UPDATE waiting_room.queue SET revealed_through = 1, closed_through = 1")
    await owner.execute(
        "INSERT INTO waiting_room.closed_window (queue, number, people, closed_at, document, reveal)"
        " VALUES ($1, 1, $2, 0, '', '')",
        line.number,
        people,
    )


async def test_who_asked_is_told_once_that_the_turn_is_near_and_once_that_it_came(
    line: LineOfPeople,
) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI)
    assert await remind(line) == [], "not drawn yet"
    await draw(line)
    await line.call(1)
    near = await remind(line)
    assert [(one["to"], one["subject"]) for one in near] == [("ani@contoh.id", "Giliran Anda hampir tiba")]
    assert f"https://antre.contoh/antre/casn/t/{text}" in near[0]["text"]
    assert "https://contoh/casn/kabari/henti/" in near[0]["text"]
    assert "dalam 10 menit" in near[0]["text"], "or sooner: whoever is next is told so, too"
    assert await remind(line) == []
    await line.call(2)
    assert [one["subject"] for one in await remind(line)] == ["Giliran Anda"]
    assert await remind(line) == []


async def test_who_is_far_from_the_front_is_not_told_yet(line: LineOfPeople) -> None:
    texts = {line.join(contact): contact for contact in (ANI, BUDI, CITRA)}
    for text, contact in texts.items():
        await ask(line, text, contact)
    await draw(line, people=60_000)  # the line is long: ten minutes' worth of it are 6,000 people
    await line.set_rate(600)
    await line.call(1)
    told = {one["to"] for one in await remind(line)}
    limit = 2**64 // 10
    expected = {texts[text].partition(":")[2] for text in texts if line.place_of(text) < limit}
    assert told == expected


async def test_another_ticket_of_the_contact_has_a_place_of_its_own(line: LineOfPeople) -> None:
    await ask(line, line.join(ANI), ANI)
    await draw(line)
    await remind(line)
    reminder = "SELECT number, place FROM waiting_room.reminder"
    (window, place) = await line.database.owner.fetchrow(reminder)
    assert window == 1
    assert place is not None
    await ask(line, line.join(ANI, window=2), ANI)
    assert tuple(await line.database.owner.fetchrow(reminder)) == (2, None), "not drawn yet"


async def test_a_message_comes_in_the_language_of_whoever_asked(line: LineOfPeople) -> None:
    text = line.join(CITRA)
    await ask(line, text, CITRA, "en")
    await draw(line)
    await line.call(2)
    (told,) = await remind(line)
    assert (told["to_kind"], told["subject"]) == ("phone", "It is your turn")
    assert "https://antre.contoh/en/antre/casn/t/" in told["text"]


async def test_who_is_inside_already_is_not_told(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI)
    await draw(line)
    await line.call(2)
    await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
    assert await remind(line) == []


async def test_nobody_is_called_by_message_while_the_queue_is_halted(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI)
    await draw(line)
    await line.call(2)
    await line.set_state(QueueState.HALTED)
    assert await remind(line) == []
    await line.set_state(QueueState.OPEN)
    assert len(await remind(line)) == 1


@pytest.mark.parametrize(("language", "said"), [("id", "pukul %H.%M WITA"), ("en", "by %H:%M WITA")])
async def test_whose_turn_did_not_come_is_told_of_the_certificate(
    line: LineOfPeople, language: str, said: str
) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI, language)
    await line.set_state(QueueState.CLOSED)
    (told,) = await remind(line)
    assert told["subject"] == {"id": "Antrean sudah ditutup", "en": "The queue is closed"}[language]
    until = datetime.fromisoformat(told["expires_at"])
    assert is_check_in(int(until.timestamp()), SCHEDULE.closes_at), "as long as its link leads to it"
    assert not is_check_in(int(until.timestamp()) + 1, SCHEDULE.closes_at)
    assert until.astimezone(ZoneInfo("Asia/Makassar")).strftime(said) in told["text"]
    kept = {"id": "tempat Anda tetap berlaku", "en": "your place stays good"}
    assert kept[language] in told["text"], "should the registration be extended"
    assert await remind(line) == []


@pytest.mark.parametrize("state", [QueueState.OFF, QueueState.DIRECT])
async def test_who_need_not_wait_any_more_is_told_to_enter(line: LineOfPeople, state: QueueState) -> None:
    for contact, language in ((ANI, "id"), (CITRA, "en")):
        await ask(line, line.join(contact), contact, language)
    await draw(line, people=2)
    await line.call(1)
    await line.set_state(state)
    told = sorted((one["to"], one["subject"]) for one in await remind(line))
    assert told == [("+6281234567890", "You may enter now"), ("ani@contoh.id", "Anda boleh masuk sekarang")]
    await line.set_state(QueueState.CLOSED)
    assert await remind(line) == []


async def test_before_the_opening_nobody_is_told_to_enter(line: LineOfPeople) -> None:
    await ask(line, line.join(ANI), ANI)
    await line.set_state(QueueState.OFF)
    line.now = datetime.fromtimestamp(SCHEDULE.opens_at - 1, UTC)
    assert await remind(line) == []


async def test_whose_turn_came_while_nobody_was_told_is_not_told_that_it_did_not_come(
    line: LineOfPeople,
) -> None:
    texts = {line.join(contact): contact for contact in (ANI, BUDI)}
    for text, contact in texts.items():
        await ask(line, text, contact)
    await draw(line, people=2)
    first, second = line.in_order(list(texts))
    await line.set_state(QueueState.HALTED)
    await line.call(1, line.place_of(second))
    assert await remind(line) == []
    await line.set_state(QueueState.CLOSED)
    told = {one["to"]: one["text"] for one in await remind(line)}
    assert "sempat tiba" in told[texts[first].partition(":")[2]]
    assert "sebelum giliran Anda" in told[texts[second].partition(":")[2]]


async def test_a_message_about_the_turn_is_not_sent_after_the_closing(line: LineOfPeople) -> None:
    await ask(line, line.join(ANI), ANI)
    await draw(line)
    await line.call(2)
    (told,) = await remind(line)
    assert datetime.fromisoformat(told["expires_at"]).timestamp() == SCHEDULE.closes_at


@pytest.mark.parametrize(
    ("line_counts", "left_s", "told"),
    [
        (False, 601, "Lewat dari itu Anda tetap boleh masuk"),
        (False, 599, "Masuklah sekarang juga: antrean ditutup pukul "),
        (True, 599, "Lewat dari itu antrean mungkin sudah ditutup bagi Anda."),
        (True, -60, "Lewat dari itu antrean mungkin sudah ditutup bagi Anda."),
    ],
)
async def test_who_is_called_shortly_before_the_closing_is_not_told_of_a_lane_for_latecomers(
    database: TestDatabase, tmp_path: Path, line_counts: bool, left_s: int, told: str
) -> None:
    line = LineOfPeople(tmp_path, database, Policy(line_counts=line_counts))
    await line.open()
    await ask(line, line.join(ANI), ANI)
    await draw(line)
    await line.call(2)
    line.now = datetime.fromtimestamp(SCHEDULE.closes_at - left_s, UTC)
    (message,) = await remind(line)
    assert told in message["text"]


@pytest.mark.parametrize(("state", "days"), [(QueueState.DIRECT, 0), (QueueState.OPEN, 1)])
async def test_where_the_line_counts_only_who_is_called_is_told_to_enter_after_the_closing(
    database: TestDatabase, tmp_path: Path, state: QueueState, days: int
) -> None:
    line = LineOfPeople(tmp_path, database, Policy(line_counts=True))
    await line.open()
    await ask(line, line.join(ANI), ANI)
    await draw(line)
    await line.call(2)
    await line.set_state(state)
    (told,) = await remind(line)
    until = datetime.fromisoformat(told["expires_at"]).timestamp()
    assert until == SCHEDULE.closes_at + days * 86_400


async def crowd(line: LineOfPeople, count: int) -> None:
    """This many people of the first window ask for a message."""
    await line.database.owner.execute(
        """INSERT INTO waiting_room.reminder
               (queue, id, number, contact_kind, contact_value, language, ticket)
           SELECT $1, substr(sha256(n::text::bytea), 1, 12), 1, 'email', 'tamu' || n || '@contoh.id', 'id', ''
           FROM generate_series(1, $2) AS n""",
        line.number,
        count,
    )


async def test_places_are_noted_by_thousands_and_are_work(line: LineOfPeople) -> None:
    """Otherwise the worker sleeps before the next batch, and people called early in a lottery get a late
    message."""
    await crowd(line, 5_500)
    await draw(line)
    await line.set_rate(0)
    db, root = line.database.app, line.folder.path.parent
    noted = [await remind_due(db, root, SECRET, ADDRESSES, now=line.now) for _ in range(3)]
    assert noted == [5_000, 500, 0]
    rows = await line.database.owner.fetch("SELECT id, place FROM waiting_room.reminder")
    assert all(row["place"] == line.published.place_in(1, row["id"]) for row in rows)


async def test_a_thousand_are_told_at_a_time_and_of_them_nobody_who_is_inside(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await draw(line)
    await line.call(2)
    await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
    await crowd(line, 1_200)
    await ask(line, text, ANI)
    await line.set_state(QueueState.CLOSED)
    first, second = await remind(line), await remind(line)
    assert len(first) >= 999
    told = first + second
    assert len({one["to"] for one in told}) == len(told) == 1_200
    assert "ani@contoh.id" not in {one["to"] for one in told}
    assert not await is_reminded(line.database.app, line.number, line.published.id_of(ANI))


class Explaining:
    """A fake connection that keeps the plan of each statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    async def fetch(self, statement: str, *values: object) -> list[Row]:
        await self._connection.execute(f"PREPARE it AS {statement}")
        nulls = ", ".join("NULL" for _ in values)
        plan = await self._connection.fetch(f"EXPLAIN EXECUTE it ({nulls})")
        await self._connection.execute("DEALLOCATE it")
        self.plans.append("\n".join(row[0] for row in plan))
        return []


async def test_whom_to_tell_is_found_by_indexes_alone_however_many_ask_and_are_inside(
    line: LineOfPeople,
) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI)
    await draw(line)
    await line.call(2)
    await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
    await line.database.owner.execute(
        """UPDATE pg_class SET relpages = 1, reltuples = 1e6
           WHERE oid IN ('waiting_room.reminder'::regclass, 'waiting_room.pass'::regclass)"""
    )
    async with line.database.app.connection() as connection:
        explaining = Explaining(connection)
        conn: Connection = explaining  # type: ignore[assignment]
        await reminders.unplaced(conn, line.number, through=1, limit=100)
        for take in (reminders.take_called, reminders.take_near, reminders.take_all):
            await take(conn, line.number, FIRST, 100)
        await reminders.entered(conn, line.number, [])
    for plan in explaining.plans:
        assert "Index" in plan
        assert not re.search("Seq Scan|Sort|Hash|Merge", plan), plan


async def test_messages_stop_by_a_link_that_only_we_can_have_made(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await ask(line, text, ANI)
    id = line.published.id_of(ANI)
    token = stop_token(SECRET, "casn", id)
    assert read_stop_token(SECRET, "casn", token) == id
    assert read_stop_token(SECRET, "cpns", token) is None
    assert read_stop_token(b"another", "casn", token) is None
    assert read_stop_token(SECRET, "casn", "zz") is None
    assert await stop_reminder(line.database.app, line.number, id)
    assert not await is_reminded(line.database.app, line.number, id)


async def test_a_ticket_of_somebody_else_sets_no_reminder(line: LineOfPeople) -> None:
    with pytest.raises(Refusal, match=r"ticket\.other_contact"):
        await ask(line, line.join(ANI), BUDI)
