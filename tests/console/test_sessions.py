"""Sessions: who may come in, for how long, and who ends them."""

from __future__ import annotations

import re
from datetime import timedelta

from meterai.operations.officers.sessions import IDLE, LONGEST
from tests.console.running_console import NOW, browser_of
from tests.storage_fixtures import TestDatabase

OFFICER = "INSERT INTO operations.officer VALUES ('ani', '{support}', '{\"key of ani\"}', '{}', now())"


async def test_without_officers_anybody_comes_in_and_with_officers_nobody_does(
    database: TestDatabase,
) -> None:
    browser = browser_of(database)
    assert await browser.get("/sesi") == "/masuk"
    await browser.sign_in_unchecked()
    await browser.get("/sesi")
    assert (browser.status, "pengembang" in browser.text) == (200, True)
    await database.owner.execute(OFFICER)
    assert await browser.get("/sesi") == "/masuk", "a session of nobody who is recorded"
    await browser.get("/masuk")
    assert "/masuk/percobaan" not in browser.text
    await browser.post("/masuk/percobaan")
    assert browser.status == 403


async def test_a_session_ends_when_it_is_idle_and_after_a_shift(database: TestDatabase) -> None:
    moments = [NOW]
    browser = browser_of(database, clock=lambda: moments[0])
    await browser.sign_in_unchecked()
    for step in range(1, int(LONGEST / (IDLE / 2))):
        moments[0] = NOW + step * IDLE / 2
        assert await browser.get("/sesi") == "/sesi", step
    moments[0] = NOW + LONGEST
    assert await browser.get("/sesi") == "/masuk"
    await browser.sign_in_unchecked()
    moments[0] += IDLE + timedelta(minutes=1)
    assert await browser.get("/sesi") == "/masuk"


async def test_a_session_is_ended_from_another_browser_and_by_signing_out(database: TestDatabase) -> None:
    mine, other = browser_of(database), browser_of(database)
    for browser in (mine, other):
        await browser.sign_in_unchecked()
    await mine.get("/sesi")
    blocks = mine.text.split('<li class="card">')[1:]
    ended = next(block for block in blocks if "peramban ini" not in block)
    address = re.search(r'action="(/sesi/[^"]+)"', ended)
    assert address
    await mine.post(address[1])
    assert await other.get("/sesi") == "/masuk"
    assert await database.owner.fetchval(
        "SELECT count(*) FROM operations.audit_entry WHERE action = 'console.session_end'"
    )
    await mine.get("/sesi")
    assert await mine.post("/keluar") == "/masuk"
    assert await mine.get("/sesi") == "/masuk"


async def test_a_form_without_its_proof_does_nothing(database: TestDatabase) -> None:
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    browser.text = ""
    await browser.post("/keluar")
    assert browser.status == 403
    assert await browser.get("/sesi") == "/sesi"


async def test_the_language_is_remembered_and_answers_are_kept_by_nobody(database: TestDatabase) -> None:
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    await browser.get("/bahasa/en")
    await browser.get("/sesi")
    assert "Browsers that are signed in to the console" in browser.text
    assert browser.headers["cache-control"] == "no-store"
    for address in ("/sesi", "/nowhere", "/masuk"):
        await browser.get(address)
        assert "default-src 'none'" in browser.headers["content-security-policy"], address
