"""Officers see in the console what an apology would say, and two of them publish it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meterai.console.approval import act_of, approval_of
from meterai.news.use_cases.declare_incident import declare_incident
from meterai.news.use_cases.update_incident import resolve_incident
from meterai.operations.officers.requests import ReleaseRequest, open_requests
from meterai.operations.officers.totp import STEP_SECONDS
from tests.console.running_console import NOW, Browser, browser_of
from tests.console.test_acts import approved_text
from tests.console.test_news import ONE, signed_in
from tests.news.test_news import TEXT, form
from tests.officers import code_of, record_officer
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase

WORDS = {"teks_id": "Kami <berubah>.", "teks_en": "We change.\r\n\r\nWe test."}
OTHER = WORDS | {"teks_en": "We rest."}
PAGE = f"{ONE}/maaf"
PUBLISHED = "SELECT array_agg(changes_en) FROM news.apology"


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


async def test_one_officer_asks_for_an_apology_and_another_publishes_it(database: TestDatabase) -> None:
    ani, keys = await at_the_page_of_ani(database)
    await ani.post(PAGE, **WORDS)
    approval = approval_in(ani, keys["ani"])
    await ani.post(PAGE, **WORDS, langkah="kirim", **(approval | {"code": "000000"}))
    assert (ani.status, "We test." in ani.text) == (403, True), "nothing is lost by a wrong code"
    assert await ani.post(PAGE, **WORDS, langkah="kirim", **approval) == PAGE, ani.text
    await ani.get(PAGE)
    for words in ("Menunggu petugas kedua", "Disetujui oleh ani", "<p>We test.</p>"):
        assert words in ani.text
    assert 'value="kirim"' not in ani.text, "the same officer is asked for nothing more"
    [request] = await requests_in(database)
    shown = await approval_of(ani.console.state.service, act_of(request))
    assert shown
    code = code_of(keys["ani"], datetime.now(UTC) + timedelta(seconds=STEP_SECONDS))
    await ani.post(PAGE, **WORDS, langkah="kirim", approved_text=shown.text, code=code)
    assert (ani.status, "Petugas lain yang harus" in ani.text) == (409, True)

    dewi = await beside(ani, "dewi")
    assert ("<p>We test.</p>" in dewi.text, 'value="kirim"' in dewi.text) == (True, False)
    await dewi.get("/sesi")
    await dewi.post(PAGE, **WORDS, langkah="kirim", approved_text=shown.text, code=code)
    assert dewi.status == 403, "finance writes no news"
    assert await database.owner.fetchval(PUBLISHED) is None

    budi = await beside(ani, "budi")
    assert "Setujui dan terbitkan" in budi.text
    approval = approval_in(budi, keys["budi"])
    assert await budi.post(PAGE, **WORDS, langkah="kirim", **approval) == PAGE, budi.text
    await budi.get(PAGE)
    assert "http://situs/kabar/1" in budi.text
    assert await database.owner.fetchval(PUBLISHED) == ["We change.\n\nWe test."]
    assert await requests_in(database) == []
    query = "SELECT actor FROM operations.audit_entry WHERE action = 'news.apologise'"
    assert await database.owner.fetchval(query) == "ani, budi"


async def test_another_text_of_an_apology_needs_a_request_of_its_own(database: TestDatabase) -> None:
    ani, keys = await at_the_page_of_ani(database)
    await ani.post(PAGE, **WORDS)
    approval = approval_in(ani, keys["ani"])
    await ani.post(PAGE, **OTHER, langkah="kirim", **approval)
    assert (ani.status, await requests_in(database)) == (422, []), "it was not approved"
    await ani.post(PAGE, **WORDS, langkah="kirim", **approval)
    [first] = await requests_in(database)

    budi = await beside(ani, "budi")
    approval = approval_in(budi, keys["budi"])
    await budi.post(PAGE, **OTHER)
    assert "permintaan untuk teks itu berakhir" in budi.text
    await budi.post(PAGE, **OTHER, langkah="kirim", **approval)
    assert budi.status == 422, "the approval is of the text that waits"
    await budi.post(PAGE, **OTHER, langkah="kirim", **approval_in(budi, keys["budi"]))
    [second] = await requests_in(database)
    assert (second.number > first.number, second.signed_by) == (True, ["budi"])
    assert await database.owner.fetchval(PUBLISHED) is None

    await ani.get(PAGE)
    assert "<p>We rest.</p>" in ani.text
    approval = approval_in(ani, keys["ani"], steps=1)
    assert await ani.post(PAGE, **OTHER, langkah="kirim", **approval) == PAGE, ani.text
    assert await database.owner.fetchval(PUBLISHED) == ["We rest."]


async def at_the_page_of_ani(database: TestDatabase) -> tuple[Browser, dict[str, bytes]]:
    """Ani at the page of the apology for an incident that is over, and the secrets of three officers."""
    names = {"ani": "{content}", "budi": "{admin}", "dewi": "{finance}"}
    keys = {name: await record_officer(database, name, roles) for name, roles in names.items()}
    now = datetime.now(UTC)
    await declare(database, now - timedelta(minutes=1))
    await resolve_incident(database.operator, 1, TEXT, actor="ani", now=now)
    return await beside(browser_of(database, clock=lambda: datetime.now(UTC)), "ani"), keys


async def beside(browser: Browser, officer: str) -> Browser:
    """The browser of another officer, at the page of the apology."""
    other = Browser(browser.console)
    await other.sign_in_as(officer)
    await other.get(PAGE)
    return other


def approval_in(browser: Browser, secret: bytes, *, steps: int = 0) -> dict[str, str]:
    """The approval that the page asks for, with the code of `steps` from now."""
    moment = datetime.now(UTC) + timedelta(seconds=steps * STEP_SECONDS)
    return {"approved_text": approved_text(browser), "code": code_of(secret, moment)}


async def requests_in(database: TestDatabase) -> list[ReleaseRequest]:
    async with database.console.connection() as connection:
        return await open_requests(connection)
