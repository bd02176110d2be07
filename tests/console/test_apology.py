"""Officers see in the console what an apology would say, and publish it where nobody signs."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.news.use_cases.declare_incident import declare_incident
from meterai.news.use_cases.update_incident import resolve_incident
from tests.console.running_console import NOW
from tests.console.test_news import ONE, signed_in
from tests.news.test_news import TEXT, form
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase

WORDS = {"teks_id": "Kami <berubah>.", "teks_en": "We change.\r\n\r\nWe test."}
PAGE = f"{ONE}/maaf"


async def declare(database: TestDatabase, at: datetime) -> None:
    """An incident of payments that begins then."""
    whole = form(next_update_at=at + timedelta(minutes=20))
    await declare_incident(database.operator, whole, actor="ani", now=at)


async def test_an_apology_is_previewed_with_its_figures_and_published(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=5)
        await declare(database, shop.clock.now - timedelta(minutes=1))
        await shop.pay(await shop.placed_quota(2))
        browser = await signed_in(database)
        await browser.get(PAGE)
        assert 'name="teks_id"' not in browser.text, "it is not over"
        await resolve_incident(database.operator, 1, TEXT, actor="ani", now=NOW)
        await browser.get(ONE)
        assert f'href="{PAGE}"' in browser.text
        await browser.get(PAGE)
        await browser.post(PAGE, **(WORDS | {"teks_en": ""}))
        assert (browser.status, "Kami &lt;berubah&gt;." in browser.text) == (422, True)
        await browser.post(PAGE, **WORDS)
        for words in ("Rp25.000", "Kami &lt;berubah&gt;.", "<p>We change.</p>", "<p>We test.</p>"):
            assert words in browser.text
        assert await database.owner.fetchval("SELECT count(*) FROM news.apology") == 0
        assert await browser.post(PAGE, **WORDS, langkah="kirim") == PAGE
        await browser.get(PAGE)
        assert "http://situs/kabar/1" in browser.text
        assert 'name="teks_id"' not in browser.text
        await browser.get(ONE)
        await browser.post(PAGE, **WORDS, langkah="kirim")
        assert (browser.status, "sudah terbit" in browser.text) == (409, True)


async def test_where_officers_are_recorded_two_of_them_sign(database: TestDatabase) -> None:
    browser = await signed_in(database)
    await declare(database, NOW)
    await resolve_incident(database.operator, 1, TEXT, actor="ani", now=NOW)
    await database.owner.execute(
        "INSERT INTO operations.officer VALUES ('ani', '{content}', '{\"key of ani\"}', '{}', now())"
    )
    await browser.sign_in_as("ani")
    await browser.get(PAGE)
    await browser.post(PAGE, **WORDS, langkah="kirim")
    assert (browser.status, "meterai release sign" in browser.text) == (403, True)
    assert await database.owner.fetchval("SELECT count(*) FROM news.apology") == 0
