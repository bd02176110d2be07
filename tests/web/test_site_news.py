"""Incidents and announcements reach the pages of the site and the API, each audience its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from meterai.news.model import Audience, BothLanguages, Component, Severity
from meterai.news.use_cases.announce import AnnouncementForm, add_announcement
from meterai.news.use_cases.declare_incident import IncidentForm, declare_incident
from meterai.news.use_cases.update_incident import resolve_incident
from tests.api.partner import json_of
from tests.web.asking import ask
from tests.web.running_site import RunningSite
from tests.web.test_stored_documents import RIGHT, customer_called, draft, stored

pytestmark = pytest.mark.storage
TEXT = BothLanguages("Kami mencari sebabnya.", "We are looking for the cause.")
SOON = timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _each_request_looks(running: RunningSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 0.0)


def words(text: str) -> BothLanguages:
    return BothLanguages(f"{text} kini.", f"{text} now.")


async def declare(running: RunningSite) -> int:
    form = IncidentForm(
        components=[Component.PAYMENT],
        severity=Severity.MAJOR,
        title=words("QRIS"),
        text=TEXT,
        next_update_at=running.line.now + SOON,
    )
    now = running.line.now
    return (await declare_incident(running.line.database.operator, form, actor="rina", now=now)).number


async def announce(running: RunningSite, title: str, **changes: Any) -> None:
    now = running.line.now
    form = AnnouncementForm(audience=Audience.ALL, title=words(title), ends_at=now + SOON)
    form = msgspec.structs.replace(form, **changes)
    await add_announcement(running.line.database.operator, form, actor="rina", now=now)


async def page(running: RunningSite, address: str) -> str:
    visitor = running.visitor()
    await visitor.get(address)
    assert visitor.status == 200, address
    return visitor.text


async def test_an_incident_stands_on_every_page_until_it_is_resolved(running: RunningSite) -> None:
    pages = ("/", "/casn", "/harga", "/beli", "/status", "/pengembang", "/uang")
    for address in pages:
        assert "QRIS kini." not in await page(running, address)
    number = await declare(running)
    for address in pages:
        shown = await page(running, address)
        assert "QRIS kini." in shown, address
        assert TEXT.id in shown
        assert 'role="status"' in shown
    answer = json_of(await ask(running.site, "/api/v1/announcements"))["incidents"]
    assert [(one["severity"], one["title"]["en"]) for one in answer] == [("major", "QRIS now.")]
    assert "Kabar berikutnya pukul" in await page(running, "/")
    assert "Next update at" in await page(running, "/en")
    assert "QRIS now." in await page(running, "/en/casn")
    assert "Sebabnya sedang dicari" in await page(running, "/status")
    operator, now = running.line.database.operator, running.line.now
    await resolve_incident(operator, number, TEXT, actor="rina", now=now)
    for address in pages:
        assert "QRIS kini." not in await page(running, address), address


async def test_each_audience_reads_its_own_announcements(running: RunningSite) -> None:
    await announce(running, "Semua")
    await announce(running, "Acara", audience=Audience.EVENT, event="casn")
    await announce(running, "Antrean", audience=Audience.LINE, event="casn")
    await announce(running, "Mitra", audience=Audience.PARTNERS)

    async def read(address: str) -> list[str]:
        shown = await page(running, address)
        return [name for name in ("Semua", "Acara", "Antrean", "Mitra") if f"{name} kini." in shown]

    assert await read("/") == ["Semua"]
    assert await read("/casn") == ["Semua", "Acara"]
    assert await read("/pengembang") == ["Semua", "Mitra"]
    answer = await ask(running.site, "/api/v1/announcements")
    told = json_of(answer)["announcements"]
    assert [one["title"]["en"] for one in told] == ["Mitra now.", "Semua now."]
    ani = await customer_called(running, running.visitor(), "ani")
    order = await draft(running, await stored(running, ani.customer_id, RIGHT), ani, "casn")
    visitor = running.visitor()
    await visitor.get(f"/p/{order.token}")
    await visitor.get(f"/pesanan/{order.number}/bayar")
    assert "Acara kini." in visitor.text, "before paying"
    assert "Antrean kini." not in visitor.text
    running.line.now += SOON
    assert await read("/casn") == [], "they are over"


async def test_pages_ask_for_news_once_a_second_and_go_on_without_the_database(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await declare(running)
    await page(running, "/")
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 1e9)
    running.db.taken = 0
    for _ in range(3):
        assert "QRIS kini." in await page(running, "/harga")
    assert running.db.taken == 0
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 0.0)
    running.db.is_down = True
    assert "QRIS kini." in await page(running, "/"), "what was known last"
