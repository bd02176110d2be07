"""Acts of two officers: one asks, another approves, and the act is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from litestar import Litestar

from meterai.console.acts.registry import ACTS
from meterai.kit.releases import ask_release
from meterai.kit.settings import Settings
from meterai.partners.model import OrganisationRole
from meterai.partners.queries.organisations import find_by_code
from meterai.signatures.certificate_chain import common_name
from meterai.stamping.use_cases.add_key import examine_key, facts_of_key
from meterai.texts.request_words import TITLES
from sandbox.pki.authority import make_pki
from tests.console.act_examples import VALID, add_orders, add_partners, add_queue
from tests.console.running_console import NOW, Browser, browser_of
from tests.console.test_acts import approved_text
from tests.officers import code_of, record_officer
from tests.partners.organisations import organisation
from tests.sales.shop import open_shop
from tests.sales.test_refunds import lost_for_a_day
from tests.storage_fixtures import TestDatabase

RESUME = "/tindakan/lanjutkan-tanda-tangan"
WITHDRAW = "/tindakan/tarik-permintaan"
ONE = "/permintaan/1"
REASON = {"reason": "perangkat diganti"}


class Office:
    """Officers in front of one console, each with a browser and an authenticator app."""

    def __init__(self, database: TestDatabase, console: Litestar) -> None:
        self.database, self.console = database, console
        self.secrets: dict[str, bytes] = {}
        self.browsers: dict[str, Browser] = {}

    async def hire(self, **roles: str) -> None:
        """Records officers with a role each, and signs them in."""
        for name, role in roles.items():
            self.secrets[name] = await record_officer(self.database, name, f"{{{role}}}")
            self.browsers[name] = Browser(self.console)
            await self.browsers[name].sign_in_as(name)

    async def see(self, name: str, address: str) -> str:
        """What an officer reads at an address."""
        await self.browsers[name].get(address)
        return self.browsers[name].text

    async def approve(self, name: str, address: str, /, **typed: str) -> Browser:
        """Sends the form of an approval that this officer reads, with a code that is fresh."""
        browser = self.browsers[name]
        text = approved_text(browser) if "approved_text" in browser.text else "nothing was shown"
        await self.database.owner.execute("UPDATE operations.officer_factor SET last_step = NULL")
        code = code_of(self.secrets[name], datetime.now(UTC))
        await browser.post(address, **{"approved_text": text, "code": code, **typed})
        return browser

    async def ask(self, name: str, address: str, /, **typed: str) -> Browser:
        """Fills the form of an act in, reads what would happen, and approves it."""
        await self.see(name, address)
        await self.browsers[name].post(address, **typed)
        return await self.approve(name, address, langkah="kirim", **typed)

    async def entries(self) -> list[tuple[str, str]]:
        """Who did what, by the audit trail."""
        rows = await self.database.owner.fetch("SELECT actor, action FROM operations.audit_entry ORDER BY id")
        return [(row["actor"], row["action"]) for row in rows]

    async def is_stopped(self) -> bool:
        """Whether the stop switch is thrown."""
        thrown: bool = await self.database.owner.fetchval("SELECT thrown FROM operations.switch")
        return thrown


@pytest.fixture
async def office(database: TestDatabase) -> Office:
    """An office while signing is stopped."""
    await database.owner.execute("UPDATE operations.switch SET thrown = true")
    return Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)


async def test_where_nobody_is_recorded_an_act_of_two_is_done_at_once(office: Office) -> None:
    browser = Browser(office.console)
    await browser.sign_in_unchecked()
    await browser.get(RESUME)
    await browser.post(RESUME, **REASON)
    assert "menyetujuinya juga" not in browser.text
    assert await office.is_stopped()
    await browser.post(RESUME, langkah="kirim", **REASON)
    assert (browser.status, "sudah dilepas" in browser.text) == (200, True), browser.text
    assert not await office.is_stopped()


async def test_another_officer_with_the_role_approves_and_it_is_done(office: Office) -> None:
    await office.hire(ani="admin", budi="keys", sari="support")
    browser = await office.ask("ani", RESUME, **REASON)
    assert f'href="{ONE}"' in browser.text, browser.text
    for name, waits in (("ani", False), ("budi", True), ("sari", False)):
        listed = await office.see(name, "/permintaan")
        assert ("menunggu Anda" in listed, "budi (admin, keys)" in listed) == (waits, True)
        assert ("approved_text" in await office.see(name, ONE)) == waits
        assert "perangkat diganti" in office.browsers[name].text
    for name, status in (("ani", 409), ("sari", 403)):
        await office.see("budi", ONE)
        office.browsers[name].text = office.browsers[name].text + office.browsers["budi"].text
        assert (await office.approve(name, ONE)).status == status
    assert (await office.is_stopped(), await office.entries()) == (True, [])
    await office.see("budi", ONE)
    browser = await office.approve("budi", ONE)
    assert (browser.status, "sudah dilakukan" in browser.text) == (200, True), browser.text
    assert (await office.is_stopped(), await office.entries()) == (False, [("ani, budi", "sealing.resume")])
    said = await office.see("budi", ONE)
    assert (browser.status, "sudah dilakukan, satu kali" in said) == (410, True)


async def test_what_was_asked_is_not_asked_again(office: Office) -> None:
    await office.hire(ani="admin", budi="admin")
    for name, status, words in (("ani", 200, "Permintaan 1 tersimpan"), ("budi", 409, "permintaan 1")):
        browser = await office.ask(name, RESUME, **REASON)
        assert (browser.status, words in browser.text) == (status, True), browser.text
        signed = await office.database.owner.fetch("SELECT officer FROM operations.officer_signature")
        assert [row["officer"] for row in signed] == ["ani"]


async def test_an_approval_counts_for_what_was_read(office: Office) -> None:
    await office.hire(ani="admin", budi="admin")
    await office.ask("ani", RESUME, **REASON)
    await office.see("budi", ONE)
    changed = approved_text(office.browsers["budi"]).replace("diganti", "dicuri")
    browser = await office.approve("budi", ONE, approved_text=changed)
    assert (browser.status, "bukan tindakan ini" in browser.text) == (422, True), browser.text
    await office.see("budi", ONE)
    await office.ask("ani", RESUME, reason="perangkat dicuri")
    assert (await office.approve("budi", ONE)).status == 404, "request 2 took its place"
    assert (await office.is_stopped(), await office.entries()) == (True, [])


async def test_who_asked_and_admins_withdraw_and_then_nobody_approves(office: Office) -> None:
    await office.hire(ani="keys", budi="keys", citra="admin")
    for number, name in ((1, "ani"), (2, "citra")):
        await office.ask("ani", RESUME, **REASON)
        typed = {"request": str(number), "reason": "keliru"}
        assert "tarik-permintaan" not in await office.see("budi", f"/permintaan/{number}")
        assert (await office.ask("budi", WITHDRAW, **typed)).status == 403
        assert "tarik-permintaan" in await office.see(name, f"/permintaan/{number}")
        await office.see("budi", f"/permintaan/{number}")
        kept = {"approved_text": approved_text(office.browsers["budi"])}
        browser = await office.ask(name, WITHDRAW, **typed)
        assert (browser.status, f"Permintaan {number} sudah ditarik" in browser.text) == (200, True)
        assert (await office.approve("budi", f"/permintaan/{number}", **kept)).status == 404
    assert await office.is_stopped()
    assert await office.entries() == [("ani", "release.withdraw"), ("citra", "release.withdraw")]


async def test_personal_values_are_for_those_who_decide(office: Office) -> None:
    """A worker asks for a large refund, and carries it out once two officers have approved."""
    facts: Mapping[str, object] = {
        "order": "M7KQ-3XPD-92RT", "amount": 2_500_000, "bank": "bca", "account": "1234567890",
        "holder": "Siti", "naming": 1,
    }  # fmt: skip
    async with office.database.worker.transaction() as tx:
        await ask_release(tx, kind="refund", subject="r-1", facts=facts, person="somebody")
    await office.hire(ani="finance", budi="finance", citra="admin", dewi="view")
    for name, sees in (("ani", True), ("citra", False), ("dewi", False)):
        for address, is_shown in (("/permintaan", False), (ONE, sees)):
            text = await office.see(name, address)
            assert ("1234567890" in text, "Siti" in text) == (is_shown, is_shown), (name, address)
            assert ("Rp2.500.000" in text, "layanan ini sendiri" in text) == (True, True)
    for name, words in (("ani", "petugas kedua harus"), ("budi", "Layanan melakukannya")):
        await office.see(name, ONE)
        browser = await office.approve(name, ONE)
        assert (browser.status, words in browser.text) == (200, True), browser.text
    again = await office.approve("budi", ONE)
    assert (again.status, "Layanan melakukannya" in again.text) == (200, True), "the answer may be lost"
    assert "layanan melakukannya dalam satu menit" in await office.see("citra", ONE)
    assert "tarik-permintaan" not in office.browsers["citra"].text


async def test_two_officers_carry_each_act_out(database: TestDatabase) -> None:
    """Acts on refunds need money that moved: see the test below."""
    await add_orders(database)
    await add_partners(database)
    await add_queue(database)
    office = Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)
    await office.hire(ani="admin,finance,keys", budi="admin,finance,keys")
    acts = [act for act in ACTS if act.signatures == 2 and not act.kind.startswith("refund.")]
    for number, act in enumerate(acts, 1):
        asked = await office.ask("ani", f"/tindakan/{act.path}", **VALID[act.kind])
        assert f"Permintaan {number} tersimpan" in asked.text, (act.kind, asked.text)
        assert len(await office.entries()) == number - 1
        await office.see("budi", f"/permintaan/{number}")
        done = await office.approve("budi", f"/permintaan/{number}")
        assert (done.status, "sudah dilakukan" in done.text) == (200, True), (act.kind, done.text)
        assert (await office.entries())[number - 1 :] == [("ani, budi", act.kind)]
    assert "Tidak ada yang menunggu" in await office.see("ani", "/permintaan")


@pytest.mark.parametrize(
    ("path", "state"), [("akhiri-pengembalian", "paid"), ("kirim-lagi-pengembalian", "payable")]
)
async def test_two_officers_decide_about_a_refund_in_doubt(
    database: TestDatabase, path: str, state: str
) -> None:
    async with open_shop(database) as shop:
        page, asked = await lost_for_a_day(shop)
        office = Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)
        await office.hire(ani="finance", budi="finance")
        refund = {"refund": str(asked.refund_id), "reason": "dicek di penyedia"}
        assert f"/tindakan/{path}?refund={asked.refund_id}" in await office.see(
            "ani", f"/cerita/{page.number}"
        )
        await office.ask("ani", f"/tindakan/{path}", **refund)
        assert page.number in await office.see("budi", ONE)
        assert "dicek di penyedia" not in await office.see("ani", ONE)
        await office.see("budi", ONE)
        done = await office.approve("budi", ONE)
        assert (done.status, "sudah dilakukan" in done.text) == (200, True), done.text
        row = await database.owner.fetchrow("SELECT state, failure_code FROM sales.refund")
        assert row is not None
        assert (row["state"], row["failure_code"] == "payout.unsure") == (state, False)
        news = await database.owner.fetchval(
            "SELECT count(*) FROM jobs.outbox WHERE payload ->> 'news' = 'refund_paid'"
        )
        assert news == (state == "paid")


async def test_a_key_that_a_command_asked_for_is_added_with_an_approval(
    database: TestDatabase, tmp_path: Path
) -> None:
    pki = make_pki(tmp_path / "pki", "p-256")
    own, above, root = (
        x509.load_pem_x509_certificate((pki / f"{name}.pem").read_bytes())
        for name in ("stamp", "intermediate", "root")
    )
    key = examine_key("file:made", [own, above], [root], now=datetime.now(UTC))
    async with database.operator.transaction() as tx:
        await ask_release(tx, kind="key.add", subject=key.key_id, facts=facts_of_key(key))
    settings = Settings(console_url="http://localhost:8009", trust_folder=str(pki / "trust"))
    console = browser_of(database, settings=settings, clock=lambda: datetime.now(UTC)).console
    office = Office(database, console)
    await office.hire(ani="keys", budi="keys")
    for name in ("ani", "budi"):
        assert common_name(above) in await office.see(name, ONE)
        assert (await office.approve(name, ONE)).status == 200, office.browsers[name].text
    assert await database.owner.fetchval("SELECT key_id FROM stamping.signing_key") == key.key_id
    assert await office.entries() == [("ani, budi", "key.add")]


REFUSED: Sequence[tuple[str, str, str, str]] = (
    ("partner.agree", "first", "besok", "Tulis tanggal seperti"),
    ("partner.agree", "periods", "13", "Paling banyak 12."),
    ("partner.agree", "per_day", "0", "Paling sedikit 1."),
    ("partner.agree", "price", "9000", "di tempat itu dalam rantai penjualan"),
    ("partner.agree", "partner", "shop", "induknya yang memutuskan"),
    ("partner.payment", "partner", "shop", "induknya yang memutuskan"),
    ("partner.deposit", "partner", "collector", "di tempat itu dalam rantai penjualan"),
    ("partner.deposit", "amount", "10000000001", "melebihi batas sekali terbit"),
    ("quota.issue", "stamps", "1000001", "melebihi batas sekali terbit"),
    ("person.erase", "person", "nobody@b.example", "Tidak ada data tentang kontak ini"),
    ("refund.end", "refund", "0192", "tidak kami temukan"),
)
"""An act, the field that is changed, what is typed there, and what the form says."""


async def test_what_would_be_refused_is_refused_before_anybody_signs(database: TestDatabase) -> None:
    await add_orders(database)
    await add_partners(database)
    async with database.app.connection() as connection:
        above = await find_by_code(connection, "dist")
    await organisation(database.app, "shop", OrganisationRole.RETAILER, below=above.id, now=NOW)
    await record_officer(database, "ani", "{admin,finance}")
    browser = browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.sign_in_as("ani")
    for kind, field, typed, said in REFUSED:
        [path] = [act.path for act in ACTS if act.kind == kind]
        await browser.get(f"/tindakan/{path}")
        await browser.post(f"/tindakan/{path}", **{**VALID[kind], field: typed})
        assert (said in browser.text, browser.status >= 400) == (True, True), (kind, field, browser.text)
        assert "approved_text" not in browser.text
    await browser.post("/tindakan/buat-perjanjian", **{**VALID["partner.agree"], "first": "2099-01-31"})
    for words in ('typed">ya<', 'typed">tidak<', "31 Januari 2099", "pemungut", "approved_text"):
        assert words in browser.text, words
    assert "Meterai paling banyak sehari" not in browser.text, "a limit that was not typed"


async def test_each_act_of_two_has_a_name(database: TestDatabase) -> None:
    rows = await database.owner.fetch("SELECT kind FROM operations.act WHERE signatures = 2")
    assert {row["kind"] for row in rows} == TITLES.keys()
