"""Acts of two officers: one asks, another approves, and the act is carried out."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.console.running_console import Browser, browser_of
from tests.console.test_acts import approved_text
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase

_RESUME = "/tindakan/lanjutkan-tanda-tangan"
_REASON = "perangkat diganti"


async def _ask(browser: Browser, secret: bytes, address: str, **typed: str) -> None:
    """Fills the form of an act in, reads what would happen, and approves it."""
    await browser.get(address)
    await browser.post(address, **typed)
    assert "menyetujuinya juga" in browser.text, browser.text
    code = code_of(secret, datetime.now(UTC))
    await browser.post(address, langkah="kirim", **typed, approved_text=approved_text(browser), code=code)


async def test_where_nobody_is_recorded_an_act_of_two_is_done_at_once(database: TestDatabase) -> None:
    await database.owner.execute("UPDATE operations.switch SET thrown = true")
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    await browser.get(_RESUME)
    await browser.post(_RESUME, reason=_REASON)
    assert "menyetujuinya juga" not in browser.text
    assert await database.owner.fetchval("SELECT thrown FROM operations.switch")
    await browser.post(_RESUME, reason=_REASON, langkah="kirim")
    assert (browser.status, "sudah dilepas" in browser.text) == (200, True), browser.text
    assert not await database.owner.fetchval("SELECT thrown FROM operations.switch")


async def test_what_was_asked_is_not_asked_again(database: TestDatabase) -> None:
    await database.owner.execute("UPDATE operations.switch SET thrown = true")
    secrets = {name: await record_officer(database, name, "{admin}") for name in ("ani", "budi")}
    console = browser_of(database, clock=lambda: datetime.now(UTC)).console
    for name, status, words in (("ani", 200, "Permintaan 1 tersimpan"), ("budi", 409, "permintaan 1")):
        browser = Browser(console)
        await browser.sign_in_as(name)
        await _ask(browser, secrets[name], _RESUME, reason=_REASON)
        assert (browser.status, words in browser.text) == (status, True), browser.text
        signed = await database.owner.fetch("SELECT officer FROM operations.officer_signature")
        assert [row["officer"] for row in signed] == ["ani"]
    assert await database.owner.fetchval("SELECT thrown FROM operations.switch")
