"""An officer moves an order to another contact in the console."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from meterai.customers.organisations import SELLER, ensure_organisations
from tests.console.act_examples import VALID, add_orders
from tests.console.running_console import NOW, browser_of
from tests.console.test_acts import approved_text
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase


async def test_an_order_moves_to_another_contact_with_a_code(database: TestDatabase) -> None:
    secret = await record_officer(database, "sari", "{support}")
    await _add_owned_orders(database)
    browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.sign_in_as("sari")
    await browser.get("/cerita/2222-3333-5555")
    assert "/tindakan/pindahkan-pesanan?order=2222-3333-5555" in browser.text
    address, typed = "/tindakan/pindahkan-pesanan", dict(VALID["order.change_contact"])
    await browser.get(address)
    await browser.post(address, **(typed | {"proof": "K-1"}))
    assert (browser.status, "Paling sedikit 5 karakter" in browser.text) == (400, True)
    await browser.post(address, **typed)
    assert ("a•••@b.example" in browser.text, "+6281234567890" in browser.text) == (True, True)
    approved = {"approved_text": approved_text(browser), "code": code_of(secret, datetime.now(UTC))}
    await browser.post(address, langkah="kirim", **(typed | {"contact": "b@c.example"}), **approved)
    assert browser.status >= 400, "not what was approved"
    await browser.get(address)
    await browser.post(address, langkah="kirim", **typed, **approved)
    assert browser.status == 200, browser.text
    entries = await database.owner.fetch("SELECT actor, action, subject FROM operations.audit_entry")
    assert [tuple(row) for row in entries] == [("sari", "order.change_contact", "2222-3333-5555")]
    moved = "SELECT contact_value FROM sales.orders WHERE number = '2222-3333-5555'"
    assert await database.owner.fetchval(moved) == "+6281234567890"


async def _add_owned_orders(database: TestDatabase) -> None:
    """The orders of the examples, with a customer."""
    await add_orders(database)
    await ensure_organisations(database.app, NOW)
    alice, run = uuid.uuid4(), database.owner.execute
    await run("INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)", alice, SELLER, NOW)
    await run("SET session_replication_role = replica")
    await run("UPDATE sales.orders SET customer_id = $1, organisation_id = $2", alice, SELLER)
    await run("SET session_replication_role = origin")
