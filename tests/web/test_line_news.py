"""While people wait in line, pages say so, with the operator's announcement until its end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.queries import QueueSign
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.use_cases.steer_queue import announce
from tests.web.running_site import GATE, RunningSite

NOTE = Announcement(id="VA BNI sedang lambat.", en="BNI is slow.")
LINE = "Sekarang ada antrean untuk Seleksi CASN."


async def pages(running: RunningSite, prefix: str = "") -> list[str]:
    """Home, the event's page, and the status."""
    visitor = running.visitor()
    found = []
    for page in ("/", "/casn", "/status"):
        await visitor.get((prefix + page).rstrip("/") or "/")
        assert visitor.status == 200
        found.append(visitor.text)
    return found


async def tell(running: RunningSite, minutes: int | None) -> None:
    line = running.line
    until = None if minutes is None else line.now + timedelta(minutes=minutes)
    await announce(line.database.operator, "casn", NOTE, until=until, actor="rina", now=line.now)


async def state(running: RunningSite, state: QueueState) -> None:
    await running.line.database.owner.execute("UPDATE waiting_room.queue SET state = $1", state)


async def test_pages_say_that_people_wait_and_stop_when_nobody_does(running: RunningSite) -> None:
    await state(running, QueueState.DIRECT)
    assert not any(LINE in page for page in await pages(running))
    await state(running, QueueState.OPEN)
    for page in await pages(running):
        assert LINE in page
        assert f'href="{GATE}/antre/casn"' in page
    for page in await pages(running, "/en"):
        assert "There is a line for Civil service selection (CASN) now." in page
        assert f'href="{GATE}/en/antre/casn"' in page
    await state(running, QueueState.DIRECT)
    assert not any(LINE in page for page in await pages(running))


async def test_the_announcement_stands_there_until_its_end(running: RunningSite) -> None:
    await tell(running, 30)
    assert all(NOTE.id in page for page in await pages(running))
    assert all(NOTE.en in page and NOTE.id not in page for page in await pages(running, "/en"))
    running.line.now += timedelta(minutes=29)
    assert all(NOTE.id in page for page in await pages(running))
    running.line.now += timedelta(minutes=1)
    for page in await pages(running):
        assert LINE in page
        assert NOTE.id not in page
    await tell(running, None)
    running.line.now += timedelta(hours=1)
    assert all(NOTE.id in page for page in await pages(running)), "without an end it stays"
    with pytest.raises(Refusal, match="announcement_over"):
        await tell(running, 0)


async def test_pages_that_everybody_sees_do_not_need_the_database(running: RunningSite) -> None:
    await pages(running)
    running.db.is_down = True
    visitor = running.visitor()
    await visitor.get("/")
    assert visitor.status == 200
    assert LINE in visitor.text, "what was known last"


async def test_pages_that_everybody_sees_do_not_wait_for_a_slow_database(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pages(running)
    answers = asyncio.Event()

    async def slow(_: object) -> dict[str, QueueSign]:
        await answers.wait()
        return {}

    monkeypatch.setattr("meterai.web.line.queues.queue_signs", slow)
    async with asyncio.timeout(5):
        assert all(LINE in page for page in await pages(running)), "what was known last"
    answers.set()
