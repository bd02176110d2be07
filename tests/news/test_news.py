"""Incidents and announcements: what officers may say, who reads what, and the commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.news.model import (
    Announcement,
    Audience,
    BothLanguages,
    Component,
    Incident,
    IncidentState,
    News,
    Severity,
)
from meterai.news.queries import current_news, incident, incidents_since
from meterai.news.use_cases.announce import AnnouncementForm, add_announcement, end_announcement
from meterai.news.use_cases.declare_incident import IncidentForm, declare_incident
from meterai.news.use_cases.update_incident import UpdateForm, resolve_incident, update_incident
from tests.news.conftest import Command
from tests.storage_fixtures import TestDatabase

NOON = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
TITLE = BothLanguages("Pembayaran QRIS terganggu.", "QRIS payments are disturbed.")
TEXT = BothLanguages("Kami mencari sebabnya.", "We are looking for the cause.")


def form(**changes: Any) -> IncidentForm:
    whole = IncidentForm(
        components=[Component.PAYMENT],
        severity=Severity.MAJOR,
        title=TITLE,
        text=TEXT,
        next_update_at=NOON + HALF_AN_HOUR,
    )
    return msgspec.structs.replace(whole, **changes)


async def declare(database: TestDatabase, **changes: Any) -> Incident:
    return await declare_incident(database.operator, form(**changes), actor="rina", now=NOON)


async def news_at(database: TestDatabase, now: datetime) -> News:
    async with database.site.connection() as connection:
        return await current_news(connection, now=now)


async def test_an_incident_from_its_declaration_to_its_end(database: TestDatabase) -> None:
    made = await declare(database)
    worse = await declare(database, severity=Severity.CRITICAL, components=[Component.SITE])
    (first, second) = (await news_at(database, NOON)).incidents
    assert (first, second) == (worse, made), "the worst first"

    later = NOON + timedelta(minutes=20)
    found = BothLanguages("Sebabnya ditemukan.", "The cause is found.")
    update = UpdateForm(text=found, state=IncidentState.IDENTIFIED, next_update_at=later + HALF_AN_HOUR)
    changed = await update_incident(database.operator, made.number, update, actor="rina", now=later)
    assert [one.text for one in changed.updates] == [found, TEXT]
    shown = (await news_at(database, later)).incidents[1]
    assert (shown.state, shown.severity, len(shown.updates)) == ("identified", "major", 2)
    assert shown.updates[0].text == found
    assert shown.overdue_s(later + HALF_AN_HOUR + timedelta(seconds=90)) == 90

    end = NOON + timedelta(hours=1)
    over = BothLanguages("Sudah pulih.", "It works again.")
    await resolve_incident(database.operator, made.number, over, actor="rina", now=end)
    assert [one.number for one in (await news_at(database, end)).incidents] == [worse.number]
    async with database.site.connection() as connection:
        kept = await incident(connection, made.number)
        assert [one.number for one in await incidents_since(connection, end)] == [worse.number, made.number]
    assert (kept.state, kept.ended_at, kept.next_update_at) == ("resolved", end, None)
    assert [one.text for one in kept.updates] == [over, found, TEXT]
    with pytest.raises(Refusal, match=r"news\.incident_over"):
        await update_incident(database.operator, made.number, update, actor="rina", now=later)
    acts = await database.owner.fetch("SELECT action, subject, actor FROM operations.audit_entry ORDER BY id")
    assert [act["action"] for act in acts] == [
        "incident.declare", "incident.declare", "incident.update", "incident.resolve",
    ]  # fmt: skip
    assert (acts[-1]["subject"], acts[-1]["actor"]) == (f"incident {made.number}", "rina")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": BothLanguages("Hanya ini", " ")}, "news.both_languages"),
        ({"text": BothLanguages("", "only this")}, "news.both_languages"),
        ({"title": BothLanguages("é" * 41, "x" * 79)}, "news.title_too_long"),
        ({"text": BothLanguages("x" * 601, "x")}, "news.text_too_long"),
        ({"next_update_at": NOON}, "news.next_update"),
        ({"next_update_at": NOON + timedelta(days=2)}, "news.next_update"),
        ({"started_at": NOON + HALF_AN_HOUR}, "news.times"),
        ({"components": []}, "news.no_component"),
        ({"state": IncidentState.RESOLVED}, "news.resolved_at_once"),
    ],
)
async def test_what_is_incomplete_is_refused_before_anything_is_written(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal, match=code.replace(".", r"\.")):
        await declare_incident(None, form(**changes), actor="rina", now=NOON)  # type: ignore[arg-type]


def announced(**changes: Any) -> AnnouncementForm:
    whole = AnnouncementForm(audience=Audience.ALL, title=TITLE, ends_at=NOON + HALF_AN_HOUR)
    return msgspec.structs.replace(whole, **changes)


async def test_an_announcement_stands_there_from_its_start_to_its_end(database: TestDatabase) -> None:
    starts_at = NOON + timedelta(minutes=10)
    made = await add_announcement(database.operator, announced(starts_at=starts_at), actor="rina", now=NOON)
    assert (await news_at(database, NOON)).announcements == ()
    assert (await news_at(database, starts_at)).announcements == (made,)
    assert (await news_at(database, NOON + HALF_AN_HOUR)).announcements == ()
    await end_announcement(database.operator, made.number, actor="rina", now=NOON)
    assert (await news_at(database, starts_at)).announcements == (), "it was taken away before it began"
    with pytest.raises(Refusal, match=r"news\.announcement_over"):
        await end_announcement(database.operator, made.number, actor="rina", now=starts_at)
    for wrong, code in (
        ({"ends_at": NOON}, "announcement_times"),
        ({"ends_at": NOON + timedelta(days=91)}, "announcement_times"),
        ({"audience": Audience.LINE}, "event_missing"),
        ({"event": "casn"}, "event_missing"),
        ({"audience": Audience.EVENT, "event": "nowhere"}, r"event\.unknown"),
    ):
        with pytest.raises(Refusal, match=code):
            await add_announcement(database.operator, announced(**wrong), actor="rina", now=NOON)


def test_each_audience_reads_its_own_announcements() -> None:
    def one(number: int, audience: Audience, event: str | None = None) -> Announcement:
        return Announcement(
            number=number, audience=audience, event=event, title=TITLE, starts_at=NOON, ends_at=NOON
        )

    news = News(
        (),
        (
            one(1, Audience.ALL),
            one(2, Audience.EVENT, "casn"),
            one(3, Audience.LINE, "casn"),
            one(4, Audience.PARTNERS),
            one(5, Audience.EVENT, "spmb"),
        ),
    )

    def read(found: News) -> list[int]:
        return [announcement.number for announcement in found.announcements]

    assert read(news.for_visitors()) == [1]
    assert read(news.for_visitors("casn")) == [1, 2]
    assert read(news.for_line("casn")) == [1, 2, 3]
    assert read(news.for_line("spmb")) == [1, 5]
    assert read(news.for_partners()) == [1, 4]
    assert read(news.for_everybody()) == [1, 2, 5]


async def test_only_officers_write_news(database: TestDatabase) -> None:
    for role in (database.site, database.worker, database.controller, database.reader):
        with pytest.raises(Exception, match="permission denied"):
            await declare_incident(role, form(), actor="rina", now=NOON)
    number = (await declare(database)).number
    with pytest.raises(Exception, match="permission denied"):
        async with database.operator.connection() as connection:
            await connection.execute("UPDATE news.incident SET title_id = 'x' WHERE number = $1", number)


async def test_an_officer_declares_and_announces_by_command(meterai: Command) -> None:
    titles = ("--title-id", TITLE.id, "--title-en", TITLE.en)
    texts = ("--text-id", TEXT.id, "--text-en", TEXT.en)
    what = ("--severity", "major", "--component", "payment", "--component", "site")
    assert "Incident 1 is declared" in await meterai("incident", "declare", *what, *titles, *texts)
    assert "QRIS payments are disturbed. (payment, site)" in await meterai("incident", "list")
    assert "Incident 1 has an update" in await meterai("incident", "update", "1", *texts)
    assert "Incident 1 is resolved" in await meterai("incident", "resolve", "1", *texts)
    assert "No incident is open" in await meterai("incident", "list")
    ends = f"{datetime.now(UTC) + HALF_AN_HOUR:%Y-%m-%dT%H:%M+0000}"
    add = ("announcement", "add", "--audience", "partners", "--ends", ends)
    assert "Announcement 1 stands there until" in await meterai(*add, *titles)
    assert "1  now    partners: QRIS payments are disturbed." in await meterai("announcement", "list")
    assert "news.announcement_unknown" in await meterai("announcement", "end", "7")
