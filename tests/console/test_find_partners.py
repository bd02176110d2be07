"""Officers find a partner by anything that names it, and read its story with personal data masked."""

from __future__ import annotations

from meterai.partners.model import OrganisationState
from meterai.partners.use_cases.add_organisation import set_state
from tests.console.partners import HOST, SECRETS, USER, make_partner
from tests.console.running_console import NOW, browser_of
from tests.console.test_find import REASON
from tests.partners.test_taken_serials import take
from tests.sales.shop import ALICE, open_shop
from tests.storage_fixtures import TestDatabase

FIRM = "/mitra/firm"


async def test_a_partner_is_found_and_told_with_personal_data_for_a_reason(database: TestDatabase) -> None:
    async with open_shop(database, stock=0) as shop:
        busy = await make_partner(database, member=shop.alice, now=NOW)
    firm = busy.chain.enterprise
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    words = ("firm", "FIRM", "pt fir", "program uji", USER.upper(), ALICE.value)
    for typed in (*words, str(firm.id), busy.client, busy.webhook, busy.batch, busy.event):
        assert await browser.get(f"/cari?q={typed.replace(' ', '+')}") == FIRM, typed
    (taken,) = await take(database, busy.chain.retailer, None)
    assert await browser.get(f"/cari?q={taken.serial}") == "/mitra/retail", "a number without a document"
    assert await browser.get("/cari?q=ntpn-dist") == "/mitra/dist", "the receipt of its deposit"
    await browser.get("/cari?q=PT+")
    assert browser.text.count('href="/mitra/') == 5, "all of the chain"
    await browser.get("/cari?q=%25%25")
    assert "/mitra/" not in browser.text, "signs of patterns mean themselves"
    await browser.get(f"/cari?q={busy.request}")
    for word in (
        busy.request,
        "POST /v1/stamps",
        "409",
        "partner.stock_short",
        "Program uji",
        f'href="{FIRM}"',
    ):
        assert word in browser.text, word

    await browser.get(FIRM)
    told = (
        "PT firm", 'href="/mitra/dist"', 'href="/mitra/branch"', "Rp10.200", "Rp5.000.000", "ani",
        "Program uji", busy.client, HOST, "quota.low", "partner.stock_short", "client.login_add",
        "partner.member",
        ALICE.masked, "m•••@toko.example", "•••••234",
    )  # fmt: skip
    for word in told:
        assert word in browser.text, word
    assert "<dd>70</dd>" in browser.text, "100 stamps, of which 30 went on"
    for act in ("ubah-klien", "cabut-klien"):
        assert f'href="/tindakan/{act}?client={busy.client}"' in browser.text, act
    assert "/tindakan/daftarkan-klien?partner=firm" in browser.text
    for secret in (*SECRETS, ALICE.value):
        assert secret not in browser.text, secret
    await browser.post(f"{FIRM}/data-pribadi", alasan="x")
    assert browser.status == 422
    assert await browser.post(f"{FIRM}/data-pribadi", alasan=REASON) == FIRM
    await browser.get(FIRM)
    for word in (*SECRETS[1:], ALICE.value, "person.look", REASON):
        assert word in browser.text, word
    assert SECRETS[0] not in browser.text, "an address may hold a secret of the partner"
    await browser.get("/mitra/dist")
    assert SECRETS[1] not in browser.text, "the reason was for another partner"


async def test_the_story_leads_only_to_acts_that_its_partner_bears(database: TestDatabase) -> None:
    """The console keeps what two officers sign: of organisations right below the issuer."""
    async with open_shop(database, stock=0) as shop:
        await make_partner(database, member=shop.alice, now=NOW)
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    bears = {
        "dist": {"catat-setoran", "buat-perjanjian"},
        "collector": {"catat-pembayaran", "buat-perjanjian"},
        "firm": set(),
    }
    terms = {"price": "10000", "amount": "10000", "receipt": "R-1"}
    for code, theirs in bears.items():
        for act in ("catat-setoran", "catat-pembayaran", "buat-perjanjian"):
            await browser.get(f"/mitra/{code}")
            assert (f"/tindakan/{act}?partner={code}" in browser.text) is (act in theirs), (code, act)
            await browser.get(f"/tindakan/{act}")
            await browser.post(f"/tindakan/{act}", partner=code, **terms)
            assert (browser.status == 200) is (act in theirs), (code, act, browser.text)


async def test_the_story_says_first_what_is_the_matter(database: TestDatabase) -> None:
    async with open_shop(database, stock=0) as shop:
        busy = await make_partner(database, member=shop.alice, now=NOW)
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    owner = database.owner

    async def said(code: str) -> str:
        await browser.get(f"/mitra/{code}")
        return browser.text.split('id="ringkas">')[1].split("</h2>")[0]

    assert await said("retail") == "Semua berjalan."
    await owner.execute("UPDATE partners.wire_batch SET failing_since = $1", NOW)
    assert "batch" in await said("firm")
    await owner.execute("UPDATE partners.webhook SET failing_since = $1", NOW)
    assert "webhook" in await said("firm")
    await owner.execute(
        "UPDATE ledger.account SET debits_posted = credits_posted WHERE kind = 'partner_stock'"
    )
    assert "habis" in await said("firm")
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("DELETE FROM partners.agreement")
    assert "perjanjian" in await said("firm")
    assert "habis" in await said("dist"), "distributors need none"
    state = OrganisationState.SUSPENDED
    await set_state(database.operator, busy.chain.distributor.id, state, reason="utang", actor="ani", now=NOW)
    assert "dihentikan: tidak mendapat" in await said("dist")
    assert "utang" in browser.text
    assert "di atasnya" in await said("firm")
    await browser.get("/mitra/tidak-ada")
    assert browser.status == 404
