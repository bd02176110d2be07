"""Acts: every role tries every act of the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Final

from meterai.console.acts.model import ConsoleAct
from meterai.console.acts.registry import ACTS
from meterai.kernel.ids import new_id
from meterai.operations.officers.officers_file import ROLES
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.store import queues
from tests.console.running_console import NOW, Browser, browser_of
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import SCHEDULE

_STOP: Final = "/tindakan/hentikan-tanda-tangan"
_VALID: Final[Mapping[str, Mapping[str, str]]] = {
    "case.answer": {"number": "k-2345-6789", "answer": "Uang Anda 100% aman."},
    "case.close": {"number": "K-2345-6789", "reason": "selesai"},
    "order.ask_gateway": {"order": "2222-3333-4444", "reason": "K-1"},
    "order.retry": {"order": "2222-3333-5555", "reason": "K-1"},
    "order.send_link": {"order": "2222 3333 4444", "reason": "K-1"},
    "order.cancel": {"order": "2222-3333-4444", "reason": "K-1"},
    "queue.halt": {"event": "casn", "reason": "gateway mati"},
    "queue.resume": {"event": "casn", "reason": "gateway hidup"},
    "queue.off": {"event": "casn", "reason": "sepi"},
    "queue.on": {"event": "casn", "reason": "malam terakhir"},
    "queue.cap": {"event": "casn", "people": "120", "reason": "gateway lambat"},
    "sealing.stop": {"reason": "meterai tampak salah"},
    "sealing.resume": {"reason": "perangkat diganti"},
}
"""A form of each act that would be carried out."""


async def test_every_role_tries_every_act(database: TestDatabase) -> None:
    assert set(_VALID) == {act.kind for act in ACTS}
    signed = await database.owner.fetch("SELECT kind, signatures, roles FROM operations.act")
    needed = {row["kind"]: (row["signatures"], set(row["roles"])) for row in signed}
    for act in ACTS:
        assert needed.get(act.kind, (0, act.roles)) == (act.signatures, act.roles), act.kind
    await _open_case(database)
    await _add_orders(database)
    await _add_queue(database)
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
    before, address, typed = await _entries(database), f"/tindakan/{act.path}", _VALID[act.kind]
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
    await _add_queue(database)
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


async def _open_case(database: TestDatabase) -> None:
    await database.owner.execute(
        """SELECT cases.open_case($1, 'K-2345-6789', 'money', '', '50% saja', 'email', 'a@b.example', true,
            'id', sha256('x'), $2)""",
        new_id(NOW),
        NOW,
    )


async def _add_orders(database: TestDatabase) -> None:
    """An order that waits for its payment, and one that is paid."""
    await database.owner.execute("SET session_replication_role = replica")
    await database.owner.execute(
        """INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
               language, contact_kind, contact_value, created_at)
           SELECT gen_random_uuid(), number, number, sha256(number::bytea), gen_random_uuid(), 'stamp', state,
               'id', 'email', 'a@b.example', $1
           FROM (VALUES ('2222-3333-4444', 'awaiting_payment'), ('2222-3333-5555', 'paid'))
               o (number, state)""",
        NOW,
    )
    await database.owner.execute(
        """INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,
               expires_at)
           SELECT gen_random_uuid(), id, 'midtrans', 'qris', number, 1, 'pending', $1, $1
           FROM sales.orders""",
        NOW,
    )
    await database.owner.execute("SET session_replication_role = origin")


async def _add_queue(database: TestDatabase) -> None:
    await set_events(database.app, load_events())
    async with database.app.transaction() as tx:
        await queues.add_queue(tx, "casn", SCHEDULE, Policy(), is_on=True, now=NOW)


async def _entries(database: TestDatabase) -> list[tuple[str, str]]:
    rows = await database.owner.fetch("SELECT actor, action FROM operations.audit_entry ORDER BY id")
    return [(row["actor"], row["action"]) for row in rows]


async def _is_stopped(database: TestDatabase) -> bool:
    thrown: bool = await database.owner.fetchval(
        "SELECT thrown FROM operations.switch WHERE name = 'sealing_stopped'"
    )
    return thrown
