"""News reach wait pages through the published status: gates have no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.gate.pages import EventFacts, Pages
from meterai.gate.waiting.wait_page import WaitPages
from meterai.kernel.clock import Clock
from meterai.news.line_words import line_words
from meterai.news.model import Announcement, Audience, BothLanguages, Component, Incident, News, Severity
from meterai.news.reader import NewsReader
from meterai.news.use_cases.announce import AnnouncementForm, add_announcement
from meterai.news.use_cases.declare_incident import IncidentForm, declare_incident
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import NEWS_BYTES_MAX, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.tickets import decode_ticket
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.evening import Evening, Person

NOON = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)
TITLE = BothLanguages("Pembayaran QRIS terganggu.", "QRIS payments are disturbed.")
LATER = BothLanguages("Antrean buka lagi besok.", "The line opens again tomorrow.")


def incident(number: int, title: BothLanguages = TITLE) -> Incident:
    return Incident(
        number=number,
        components=(Component.PAYMENT,),
        severity=Severity.MAJOR,
        state="identified",  # type: ignore[arg-type]
        title=title,
        started_at=NOON,
    )


def test_a_line_reads_incidents_and_its_own_announcements_as_far_as_they_fit() -> None:
    def announcement(audience: Audience, event: str | None = None) -> Announcement:
        return Announcement(
            number=1, audience=audience, event=event, title=LATER, starts_at=NOON, ends_at=NOON
        )

    line = News((incident(1),), (announcement(Audience.LINE, "casn"),))
    assert line_words(line, "casn").id == f"{TITLE.id}\n{LATER.id}"
    assert line_words(line, "spmb").en == TITLE.en
    assert line_words(News((), (announcement(Audience.PARTNERS),)), "casn").id == ""
    long = BothLanguages("x" * 80, "y" * 80)
    full = line_words(News((incident(1, long), incident(2, long), incident(3)), ()), "casn")
    assert full.id == f"{long.id}\n{TITLE.id}", "the second does not fit"
    assert len(msgspec.json.encode(full)) <= NEWS_BYTES_MAX + len('{"id":"","en":""}')


@pytest.mark.storage
async def test_an_incident_and_an_announcement_stand_on_wait_pages_within_seconds(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 0.0)
    evening = Evening(database, QueueFolder(tmp_path / "casn"))
    clock: Clock = lambda: datetime.fromtimestamp(evening.now, UTC)  # noqa: E731
    reader = NewsReader(database.controller, clock)

    async def read_news(event: str) -> published_documents.Announcement:
        return line_words(await reader.now(), event)

    evening.read_news = read_news
    await evening.open()
    person = Person("email:ani@contoh.id", comes=False)
    evening.join(person)
    await evening.second()
    event = EventFacts("casn", {"id": "CASN", "en": "Selection"}, "Asia/Jakarta", {"id": (), "en": ()})
    published = evening.gates[0].issuer.published
    pages = WaitPages(Pages("http://situs"), published, event, "http://gerbang")

    def page(language: str) -> str:
        published.look()
        ticket = decode_ticket(person.text)
        outlook = pages.outlook(ticket, now=evening.now, joined_here=1)
        body = pages.page(person.text, ticket, outlook, language=language, now=evening.now)
        assert len(body) < 14_000
        return body.decode()

    assert TITLE.id not in page("id")
    now = clock()
    form = IncidentForm(
        components=[Component.PAYMENT],
        severity=Severity.MAJOR,
        title=TITLE,
        text=LATER,
        next_update_at=now + timedelta(minutes=20),
    )
    await declare_incident(database.operator, form, actor="rina", now=now)
    await evening.say_hello()
    said = AnnouncementForm(
        audience=Audience.LINE, event="casn", title=LATER, ends_at=now + timedelta(seconds=3)
    )
    await add_announcement(database.operator, said, actor="rina", now=now)
    for _ in range(2):
        await evening.second()
    note = '<p class="said calm" role="status" id="note">'
    assert f"{note}{TITLE.id}\n{LATER.id}\nHalo</p>" in page("id")
    assert f"{note}{TITLE.en}\n{LATER.en}\nHello</p>" in page("en")
    for _ in range(2):
        await evening.second()
    assert f"{note}{TITLE.id}\nHalo</p>" in page("id"), "the announcement is over"
    assert published_documents.decode(evening.statuses[-1], Status).note.id == "Halo"
    kept = evening.statuses
    report = audit(FolderSource(evening.folder.public), pause=lambda seconds: None, kept_statuses=kept)
    assert report.findings == [], "news are no words of the line's operator"
