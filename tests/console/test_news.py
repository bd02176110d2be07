"""Officers tell people of incidents and announcements in the console, with a preview and the cost first."""

from __future__ import annotations

from datetime import timedelta

from meterai.news.model import News
from meterai.news.queries import current_news
from meterai.operations.officers.officers_file import ROLES
from tests.console.running_console import NOW, Browser, browser_of
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase

WORDS = {
    "judul_id": "Pembayaran QRIS terganggu.",
    "judul_en": "QRIS payments are disturbed.",
    "teks_id": "Kami mencari sebabnya.",
    "teks_en": "We are looking for the cause.",
    "menit": "20",
}
NEW = "/kabar/gangguan/baru"
ONE = "/kabar/gangguan/1"
WRITERS = ("content", "admin")


async def news(database: TestDatabase) -> News:
    async with database.site.connection() as connection:
        return await current_news(connection, now=NOW)


async def signed_in(database: TestDatabase) -> Browser:
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    return browser


async def test_an_incident_is_previewed_declared_updated_and_resolved(database: TestDatabase) -> None:
    browser = await signed_in(database)
    fields = WORDS | {"bagian": "payment", "berat": "major"}
    await browser.get(NEW)
    await browser.post(NEW, **(fields | {"teks_en": ""}))
    assert (browser.status, "bahasa Inggris belum ada" in browser.text) == (422, True)
    assert WORDS["judul_id"] in browser.text, "nothing typed is lost"
    await browser.post(NEW, **fields)
    for text in (*WORDS.values(),):
        assert text in browser.text
    assert (await news(database)).incidents == (), "a preview tells nobody"
    await browser.post(NEW, **fields, langkah="ubah")
    assert 'value="payment" checked' in browser.text
    assert await browser.post(NEW, **fields, langkah="kirim") == ONE
    (declared,) = (await news(database)).incidents
    assert (declared.title.en, declared.next_update_at) == (WORDS["judul_en"], NOW + timedelta(minutes=20))

    await browser.get(ONE)
    found = {"teks_id": "Sebabnya ketemu.", "teks_en": "We found the cause.", "menit": "30", "berat": "minor"}
    await browser.post(f"{ONE}/kabar", **found, keadaan="identified")
    assert "Begini orang membacanya" in browser.text
    assert await browser.post(f"{ONE}/kabar", **found, keadaan="identified", langkah="kirim") == ONE
    (updated,) = (await news(database)).incidents
    assert (updated.state, updated.severity, updated.updates[0].text.en) == (
        "identified", "minor", "We found the cause.",
    )  # fmt: skip
    await browser.get("/kabar")
    assert WORDS["judul_id"] in browser.text
    await browser.get(ONE)
    assert await browser.post(f"{ONE}/kabar", **found, keadaan="resolved", langkah="kirim") == ONE
    assert (await news(database)).incidents == ()
    query = "SELECT actor, action FROM operations.audit_entry ORDER BY id DESC LIMIT 1"
    acts = await database.owner.fetch(query)
    assert [(act["actor"], act["action"]) for act in acts] == [("pengembang", "incident.resolve")]


async def test_messages_are_sent_only_in_the_number_that_was_seen(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=1)
        await shop.placed_quota(1)
        browser = await signed_in(database)
        fields = WORDS | {"bagian": "payment", "berat": "major"}
        await browser.get(NEW)
        await browser.post(NEW, **fields, mulai="2026-09-05T20:50", langkah="kirim")
        await browser.get(ONE)
        assert "Kirim 1 pesan (Rp5)" in browser.text
        await browser.post(f"{ONE}/pesan", pesan="0")
        assert (browser.status, "lebih dari 0 yang Anda setujui" in browser.text) == (409, True)
        assert await browser.post(f"{ONE}/pesan", pesan="1") == ONE
        await browser.get(ONE)
        await browser.post(f"{ONE}/pesan", pesan="1")
        assert browser.status == 409, "nobody gets a second one"
        assert await database.owner.fetchval("SELECT count(*) FROM news.message") == 1


async def test_an_announcement_is_previewed_shown_and_ended(database: TestDatabase) -> None:
    browser, address = await signed_in(database), "/kabar/pengumuman/baru"
    fields = WORDS | {"pembaca": "all", "sampai": "2026-09-05T23:00"}
    await browser.get(address)
    await browser.post(address, **(fields | {"sampai": "2026-09-05T20:00"}))
    assert browser.status == 422, "it would be over"
    await browser.post(address, **fields)
    assert (await news(database)).announcements == ()
    assert await browser.post(address, **fields, langkah="kirim") == "/kabar"
    (one,) = (await news(database)).announcements
    assert one.ends_at == NOW + timedelta(hours=2)
    await browser.get("/kabar")
    assert await browser.post(f"/kabar/pengumuman/{one.number}/akhiri") == "/kabar"
    assert (await news(database)).announcements == ()


async def test_every_role_tries_every_act_of_news(database: TestDatabase) -> None:
    browser = await signed_in(database)
    await database.owner.execute(
        "INSERT INTO operations.officer VALUES ('ani', '{}', '{\"key of ani\"}', '{}', now())"
    )
    await browser.sign_in_as("ani")
    acts = (NEW, "/kabar/pengumuman/baru", "/kabar/pengumuman/1/akhiri", f"{ONE}/kabar", f"{ONE}/pesan")
    for role in sorted(ROLES):
        await database.owner.execute("UPDATE operations.officer SET roles = ARRAY[$1]", role)
        await browser.get("/kabar")
        assert (browser.status, NEW in browser.text) == (200, role in WRITERS), "every role reads"
        for address in acts:
            await browser.post(address, **WORDS, langkah="kirim")
            is_refused = browser.status == 403 and "officer.role_missing" in browser.text
            assert (is_refused, browser.status == 403) == ((False,) if role in WRITERS else (True,)) * 2
