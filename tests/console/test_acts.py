"""Acts: every role tries every act of the registry."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Final

from meterai.console.acts.model import ConsoleAct
from meterai.console.acts.registry import ACTS
from meterai.operations.officers.officers_file import ROLES
from tests.console.act_examples import (
    VALID,
    add_day_and_line,
    add_orders,
    add_partners,
    add_queue,
    ask_two,
    open_case,
)
from tests.console.running_console import Browser, browser_of
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase

_STOP: Final = "/tindakan/hentikan-tanda-tangan"


async def test_every_role_tries_every_act(database: TestDatabase) -> None:
    assert set(VALID) == {act.kind for act in ACTS}
    signed = await database.owner.fetch("SELECT kind, signatures, roles FROM operations.act")
    needed = {row["kind"]: (row["signatures"], set(row["roles"])) for row in signed}
    for act in ACTS:
        assert needed.get(act.kind, (0, act.roles)) == (act.signatures, act.roles), act.kind
    await open_case(database)
    await add_orders(database)
    await add_queue(database)
    await add_partners(database)
    await add_day_and_line(database)
    await ask_two(database)
    console = browser_of(database).console
    for role in sorted(ROLES):
        browser = await _officer(database, Browser(console), role)
        await browser.get("/tindakan")
        for act in ACTS:
            assert (f"/tindakan/{act.path}" in browser.text) == (role in act.roles), (role, act.kind)
        for act in ACTS:
            await _try(database, browser, role, act)


async def _try(database: TestDatabase, browser: Browser, role: str, act: ConsoleAct) -> None:
    """Asks for the form, looks at what would happen, does it, and checks what each step leaves behind."""
    before, address, typed = await _entries(database), f"/tindakan/{act.path}", VALID[act.kind]
    seen = 200 if role in act.roles else 403
    await browser.get(address)
    assert browser.status == seen, (role, act.kind)
    asked = "menyetujuinya juga" if act.signatures == 2 else ""
    for step in ({}, {"langkah": "kirim"}):
        await browser.get("/sesi")
        await browser.post(address, **typed, **step)
        if step and seen == 200 and not act.signatures:
            assert browser.status == 200, browser.text
            assert (await _entries(database))[len(before) :] == [(role, act.kind)]
        else:
            refused = 403 if step else seen
            assert (browser.status, await _entries(database)) == (refused, before), (role, act.kind)
            assert step or seen == 403 or asked in browser.text, act.kind


async def test_what_is_missing_or_refused_loses_nothing_that_was_typed(database: TestDatabase) -> None:
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    address = "/tindakan/jawab-kasus"
    await browser.get(f"{address}?number=K-2345-6789")
    assert 'value="K-2345-6789"' in browser.text
    await browser.post(address, number="K-2345-6789", answer=" ")
    assert (browser.status, 'value="K-2345-6789"' in browser.text) == (400, True)
    await browser.post(address, number="K-2345-6789", answer="Baik.")
    assert (browser.status, "Baik." in browser.text) == (404, True)
    await browser.get("/tindakan/tidak-ada")
    assert browser.status == 404


async def test_without_officers_the_switch_is_thrown(database: TestDatabase) -> None:
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    await browser.get(_STOP)
    await browser.post(_STOP, reason="meterai tampak salah")
    assert not await _is_stopped(database)
    await browser.post(_STOP, reason="meterai tampak salah", langkah="kirim")
    assert (browser.status, await _is_stopped(database)) == (200, True), browser.text
    assert await _entries(database) == [("pengembang", "sealing.stop")]


async def test_an_approval_counts_for_what_was_shown_and_once(database: TestDatabase) -> None:
    secret = await record_officer(database, "ani", "{admin}")
    browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.sign_in_as("ani")
    await browser.get(_STOP)
    await browser.post(_STOP, reason="meterai tampak salah")
    approved = {"approved_text": approved_text(browser), "code": code_of(secret, datetime.now(UTC))}
    await browser.post(_STOP, reason="alasan lain", langkah="kirim", **approved)
    assert browser.status >= 400
    assert not await _is_stopped(database)
    await browser.get(_STOP)
    await browser.post(_STOP, reason="meterai tampak salah", langkah="kirim", **approved)
    assert (browser.status, await _is_stopped(database)) == (200, True), browser.text
    await browser.get(_STOP)
    await browser.post(_STOP, reason="meterai tampak salah", langkah="kirim", **approved)
    assert browser.status == 409, browser.text
    assert await _entries(database) == [("ani", "sealing.stop")]


async def test_a_line_is_capped_with_a_number_and_its_log_says_so(database: TestDatabase) -> None:
    secret = await record_officer(database, "ani", "{admin}")
    await add_queue(database)
    browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.sign_in_as("ani")
    address, typed = (
        "/tindakan/batasi-antrean",
        {"event": "casn", "people": "120", "reason": "gateway lambat"},
    )
    await browser.get(address)
    await browser.post(address, **{**typed, "people": "banyak"})
    assert (browser.status, "Tulis angka saja" in browser.text) == (400, True)
    await browser.post(address, **{**typed, "event": "cpns"})
    assert browser.status == 404
    await browser.post(address, **typed)
    approved = {"approved_text": approved_text(browser), "code": code_of(secret, datetime.now(UTC))}
    await browser.post(address, langkah="kirim", **typed, **approved)
    assert browser.status == 200, browser.text
    assert await _entries(database) == [("ani", "queue.cap")]
    row = await database.owner.fetchrow(
        """SELECT rate_cap, facts::jsonb ->> 'action' AS action, facts::jsonb ->> 'reason' AS reason
           FROM waiting_room.queue JOIN waiting_room.to_log ON queue = number"""
    )
    assert row is not None
    assert tuple(row) == (120, "cap", "gateway lambat")


async def _officer(database: TestDatabase, browser: Browser, role: str) -> Browser:
    """Records an officer who has this role and its name, and signs them in."""
    await database.owner.execute(
        "INSERT INTO operations.officer VALUES ($1, $2, $3, '{}', now())", role, [role], [f"key of {role}"]
    )
    await browser.sign_in_as(role)
    return browser


def approved_text(browser: Browser) -> str:
    """The text that a confirmation shows."""
    shown = re.search(r'name="approved_text" value="([^"]+)"', browser.text)
    assert shown
    return unescape(shown[1])


async def _entries(database: TestDatabase) -> list[tuple[str, str]]:
    rows = await database.owner.fetch("SELECT actor, action FROM operations.audit_entry ORDER BY id")
    return [(row["actor"], row["action"]) for row in rows]


async def _is_stopped(database: TestDatabase) -> bool:
    thrown: bool = await database.owner.fetchval(
        "SELECT thrown FROM operations.switch WHERE name = 'sealing_stopped'"
    )
    return thrown
