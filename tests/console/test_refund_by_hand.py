"""A refund by hand in the console: one officer of finance asks for it, another approves it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterai.operations.use_cases.check_invariants import run_invariants
from tests.console.running_console import Browser, browser_of
from tests.console.test_requests import ONE, Office
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
GIVE = "/tindakan/kembalikan-meterai"
ACCOUNT = {"bank": "BCA", "account": "123-456-7890", "holder": "Siti"}


async def test_two_officers_give_stamps_back_from_the_order_s_story_on(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        page = await shop.paid_quota(3, "va_bni")
        unpaid = (await shop.placed_quota()).number
    office = Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)
    await office.hire(ani="finance", budi="finance", sari="support")
    link = f"{GIVE}?order={page.number}"
    assert link in await office.see("ani", f"/cerita/{page.number}")
    assert GIVE not in await office.see("ani", f"/cerita/{unpaid}"), "there is nothing to give back"
    assert GIVE not in await office.see("sari", f"/cerita/{page.number}")
    typed = {"order": page.number, "pieces": "2", "reason": "putusan 12/2026"}
    await office.see("ani", link)
    browser = office.browsers["ani"]
    for wrong, status, words in (
        ({"pieces": "4"}, 409, "sekarang: 3 keping"),
        ({"item": "2"}, 404, "Bagian pesanan ini tidak ada"),
        ({"bank": "bca"}, 422, "Nomor rekeningnya belum benar"),
        ({"order": unpaid}, 409, "tidak dapat dikembalikan"),
        ({"reason": ""}, 400, "Isi ini dulu"),
    ):
        await browser.post(GIVE, **typed | wrong)
        assert (browser.status, words in browser.text) == (status, True), browser.text
    await browser.post(GIVE, **typed)
    assert "pelanggan mengisi rekeningnya" in browser.text
    await office.ask("ani", GIVE, **typed, **ACCOUNT)
    assert "Permintaan 1 tersimpan" in browser.text, browser.text
    assert (await shop.page(page.id)).refunds == ()
    read = await office.see("budi", ONE)
    for shown in (page.number, "putusan 12/2026", "1234567890", "Siti", "Rp25.000"):
        assert shown in read
    assert "1234567890" not in await office.see("sari", ONE)
    await office.see("budi", ONE)
    assert "sudah dilakukan" in (await office.approve("budi", ONE)).text
    (refund,) = (await shop.page(page.id)).refunds
    assert (refund.quantity, refund.amount, refund.account_tail) == (2, 25_000, "7890")
    assert (await office.entries())[-1] == ("ani, budi", "refund.give")
    results = await run_invariants(database.reader, now=datetime.now(UTC))
    broken = [
        said for found in results for said in found.violations if page.number in said or "refund" in said
    ]
    assert broken == []


async def test_without_officers_stamps_are_given_back_at_once(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        page = await shop.paid_quota(1)
    browser: Browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.sign_in_unchecked()
    typed = {"order": page.number, "pieces": "1", "reason": "uji"}
    await browser.get(GIVE)
    await browser.post(GIVE, **typed)
    assert ("lewat gateway" in browser.text, (await shop.page(page.id)).refunds) == (True, ())
    await browser.post(GIVE, **typed, langkah="kirim")
    (refund,) = (await shop.page(page.id)).refunds
    assert (browser.status, str(refund.id) in browser.text) == (200, True), browser.text
