"""Officers find a case by its number, its contact or a help code in it. Personal data is masked."""

from __future__ import annotations

from datetime import timedelta

from meterai.kernel.ids import new_id
from tests.console.running_console import NOW, browser_of
from tests.console.test_find import REASON
from tests.sales.shop import ALICE, open_shop
from tests.storage_fixtures import TestDatabase

NUMBER = "K-7KQF-2M9D"
OTHER = "K-2345-6789"
CASE = f"/kasus/{NUMBER}"
TELEPHONE, MAIL, ACCOUNT = "0812-3456-7890", "budi.santoso@contoh.id", "1234567890123456"
ANSWER = f"Kami menelepon {TELEPHONE} besok."


async def write_case(database: TestDatabase, number: str, *, text: str, about: str = "") -> None:
    """A case of Alice."""
    await database.owner.execute(
        "SELECT cases.open_case($1, $2, 'money', $3, $4, $5, $6, true, 'id', sha256('x'), $7)",
        new_id(NOW), number, about, text, ALICE.kind, ALICE.value, NOW,
    )  # fmt: skip


async def test_a_case_is_found_and_told_with_its_order_and_personal_data_for_a_reason(
    database: TestDatabase,
) -> None:
    moments = [NOW]
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=5)
        order = (await shop.page((await shop.placed_quota(1)).order_id)).number
        bare = order.replace("-", " ").lower()
        text = f"Uang Rp10.000 hilang, kode K7QF-2M9D.\nHubungi {TELEPHONE} atau {MAIL}; rekening {ACCOUNT}."
        await write_case(database, NUMBER, text=text, about=bare)
        browser = browser_of(database, clock=lambda: moments[0])
        await browser.sign_in_unchecked()
        for typed in (NUMBER, "k7kqf2m9d", "7kqf-2m9d"):
            assert await browser.get(f"/cari?q={typed}") == CASE, typed
        assert await browser.get("/cari?q=k7qf+2m9d") != CASE, "a help code that the case names"
        for word in (f'href="{CASE}"', "--grep=K7QF-2M9D", "grep -h K7QF-2M9D DATA/logs/"):
            assert word in browser.text, word
        await browser.get("/cari?q=2222-3333")
        assert "--grep=2222-3333" in browser.text, "nothing names it, and the logs may"
        assert "Tidak ada yang cocok" not in browser.text
        await browser.get(f"/cari?q={ALICE.value}")
        for link in (CASE, f"/cerita/{order}"):
            assert f'href="{link}"' in browser.text, link

        await browser.get(CASE)
        for word in (order, "Rp10.000", "K7QF-2M9D", ALICE.masked, "b•••@contoh.id", "disebut dalam kasus"):
            assert word in browser.text, word
        for secret in (TELEPHONE, MAIL, ACCOUNT, ALICE.value):
            assert secret not in browser.text, secret
        assert f'href="/tindakan/jawab-kasus?number={NUMBER}"' in browser.text
        await browser.get("/tindakan/jawab-kasus")
        await browser.post("/tindakan/jawab-kasus", number=NUMBER, answer=ANSWER)
        assert MAIL not in browser.text, "the act shows what the page shows"
        await browser.post("/tindakan/jawab-kasus", number=NUMBER, answer=ANSWER, langkah="kirim")
        assert browser.status == 200, browser.text

        await browser.get(CASE)
        assert "Kami menelepon ••••• besok." in browser.text
        assert "case.answer" in browser.text
        await browser.post(f"{CASE}/data-pribadi", alasan=" x ")
        assert (browser.status, MAIL in browser.text) == (422, False)
        assert await browser.post(f"{CASE}/data-pribadi", alasan=REASON) == CASE
        await browser.get(CASE)
        for word in (TELEPHONE, MAIL, ACCOUNT, ALICE.value, ANSWER, "person.look", REASON):
            assert word in browser.text, word
        await browser.get(f"/cerita/{order}")
        assert f'href="{CASE}"' in browser.text
        assert ALICE.value not in browser.text, "the reason was for the case"
        moments[0] += timedelta(minutes=15)
        await browser.get(CASE)
        assert MAIL not in browser.text, "masked again"


async def test_a_closed_and_erased_case_says_so(database: TestDatabase) -> None:
    await write_case(database, NUMBER, text="Halo.")
    await write_case(database, OTHER, text="Halo lagi.")
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    await browser.get(CASE)
    assert f'href="/kasus/{OTHER}"' in browser.text, "of the same contact"
    await database.owner.execute("SELECT cases.erase($1, $2)", NUMBER, NOW)
    await browser.get(CASE)
    assert "Tulisannya sudah dihapus." in browser.text
    assert "jawab-kasus" not in browser.text
    await browser.get("/kasus/K-2222-2222")
    assert (browser.status, "Tidak ada kasus" in browser.text) == (404, True)
    await browser.get("/tindakan/jawab-kasus")
    await browser.post("/kasus/K-2222-2222/data-pribadi", alasan=REASON)
    assert browser.status == 404
