"""Officers keep partners and their programs in the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from meterai.kernel.typed_ids import Prefix, read_id
from meterai.partners.clients.model import Client
from meterai.partners.clients.queries import find_client
from tests.console.act_examples import CLIENT, VALID, add_partners
from tests.console.running_console import Browser, browser_of
from tests.console.test_acts import approved_text
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase


async def test_a_partner_is_added_where_its_role_stands(database: TestDatabase) -> None:
    await record_officer(database, "sari", "{admin}")
    await add_partners(database)
    browser = browser_of(database)
    await browser.sign_in_as("sari")
    address, typed = "/tindakan/tambah-mitra", dict(VALID["partner.add"])
    await browser.get(address)
    assert '<option value="collector">pemungut</option>' in browser.text
    for wrong, status, said in (
        ({"role": "raja"}, 400, "Isi ini dulu"),
        ({"below": "tidak-ada"}, 404, "Bank Baru"),
        ({"below": "collector"}, 200, "PT collector"),
    ):
        await browser.post(address, **(typed | wrong))
        assert (browser.status, said in browser.text) == (status, True), browser.text
    await browser.post(address, **(typed | {"below": "collector"}), langkah="kirim")
    assert browser.status == 422, "no collector stands below another"
    await browser.get(address)
    await browser.post(address, **(typed | {"npwp": "012345678901234"}), langkah="kirim")
    assert (browser.status, "bank-baru sudah ditambahkan" in browser.text) == (200, True), browser.text
    row = await database.owner.fetchrow(
        "SELECT role, npwp FROM partners.organisation WHERE code = 'bank-baru'"
    )
    assert row
    assert tuple(row) == ("collector", "012345678901234")


async def test_a_client_is_registered_changed_and_ended_with_approvals(database: TestDatabase) -> None:
    secret = await record_officer(database, "sari", "{keys}")
    await add_partners(database)
    now = datetime.now(UTC)
    browser = browser_of(database, clock=lambda: now)
    await browser.sign_in_as("sari")

    async def do(path: str, **typed: str) -> None:
        nonlocal now
        now += timedelta(seconds=30)
        await browser.get(f"/tindakan/{path}")
        await browser.post(f"/tindakan/{path}", **typed)
        approved = {"approved_text": approved_text(browser), "code": code_of(secret, now)}
        await browser.post(f"/tindakan/{path}", **typed, **approved, langkah="kirim")
        assert browser.status == 200, browser.text

    await do("daftarkan-klien", **VALID["client.add"])
    made = re.search(r"client_id (cli_\w+), kid (key_\w+)", browser.text)
    assert made, "what the partner must be told"
    client = await found(database, made[1])
    assert (len(client.keys), len(client.limits.scopes) > 10) == (1, True)
    await do("ubah-klien", client=made[1], scopes="stamps:write", networks="203.0.113.0/24", day_max="90")
    limits = (await found(database, made[1])).limits
    assert (limits.scopes, limits.networks) == ({"stamps:write"}, ("203.0.113.0/24",))
    await do("ubah-klien", client=made[1], networks="*")
    limits = (await found(database, made[1])).limits
    assert (limits.scopes, limits.networks, limits.stamps_per_day_max) == ({"stamps:write"}, (), 90)
    await do("akhiri-kunci-klien", api_key=made[2], reason="bocor", ends_at="2100-01-31T14:00")
    (key,) = (await found(database, made[1])).keys
    assert key.ends_at == datetime(2100, 1, 31, 7, 0, tzinfo=UTC), "WIB"
    await do("akhiri-kunci-klien", api_key=made[2], reason="bocor")
    assert (await found(database, made[1])).keys[0].ends_at == now
    await do("akhiri-nama-pengguna", **VALID["client.login_end"])
    await do("cabut-klien", client=CLIENT, reason="bocor")
    assert (await found(database, CLIENT)).revoked_at == now
    acts = await database.owner.fetch("SELECT action FROM operations.audit_entry ORDER BY id")
    kinds = ["add", "change", "change", "key_end", "key_end", "login_end", "revoke"]
    assert [row["action"] for row in acts] == [f"client.{kind}" for kind in kinds]
    await gone(browser)


async def gone(browser: Browser) -> None:
    """What has ended is refused before anything is approved."""
    for path, kind in (("cabut-klien", "client.revoke"), ("akhiri-nama-pengguna", "client.login_end")):
        await browser.get(f"/tindakan/{path}")
        await browser.post(f"/tindakan/{path}", **VALID[kind])
        assert browser.status == 404, kind


async def found(database: TestDatabase, client: str) -> Client:
    """A client by its id."""
    id = read_id(Prefix.CLIENT, client)
    assert id
    client_now = await find_client(database.operator, id, now=datetime.now(UTC))
    assert client_now
    return client_now
