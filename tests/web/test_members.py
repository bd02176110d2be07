"""Members act for their organisation on the site, each with the rights of their role."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
import pytest_asyncio

from meterai.kernel.ids import new_id
from meterai.partners.model import MemberRole, Organisation, Terms, stock_account_id
from meterai.partners.queries.quota import quota_of
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.make_reports import make_due_report
from meterai.partners.use_cases.set_member import end_membership, set_member
from meterai.stamping.bundles.model import bundle_id
from meterai.stamping.use_cases.open_bundle import open_bundle
from meterai.web.routes import ROUTES
from tests.partners.organisations import CREDIT, PRICE, Chain, make_chain
from tests.web.running_site import RunningSite, Visitor, sign_in
from tests.web.test_stored_documents import LEFT, RIGHT, stored

SPENDING = {
    "/saya/dokumen",
    "/saya/dokumen/{document_id:uuid}/letak",
    "/saya/dokumen/{document_id:uuid}/data",
    "/saya/dokumen/{document_id:uuid}/letak/putar",
    "/saya/dokumen/{document_id:uuid}/banding",
    "/saya/dokumen/{document_id:uuid}/foto",
    "/saya/banyak",
    "/saya/banyak/{id:uuid}/berkas",
    "/saya/banyak/{id:uuid}/keluarkan/{file_id:uuid}",
    "/saya/banyak/{id:uuid}/buang",
    "/saya/banyak/{id:uuid}/mulai",
    "/saya/banyak/{id:uuid}/hentikan",
    "/saya/banyak/{id:uuid}/letak/{file_id:uuid}/{seen:str}",
    "/saya/stok",
}
"""Forms by which an organisation's stamps are used, or its money is spent."""
MANAGING = {f"/saya/anggota/{form}" for form in ("undang", "batal-undang", "ubah", "bukti")}
"""Forms by which an owner keeps the members."""
CONNECTING = {
    f"/saya/pengembang/{form}" for form in ("bukti", "klien", "kunci", "kunci/akhiri", "webhook")
} | {f"/saya/pengembang/webhook/{{webhook_id:uuid}}/{form}" for form in ("uji", "ulang", "aktifkan", "hapus")}
CONNECTING |= {f"/saya/kawat/{form}" for form in ("bukti", "akses", "nama", "nama/akhiri", "nomor")}
"""Forms by which an owner manages programs and webhooks."""
READING = {"/saya/laporan"}
"""Forms that every member may send."""
OWN = {"/saya/masuk", "/saya/kode", "/saya/keluar", "/saya/untuk", "/saya/perangkat", "/saya/pesan"} | {
    "/saya/anggota/keluar",
    "/saya/anggota/bukti/kode",
    "/saya/pengembang/bukti/kode",
    "/saya/kawat/bukti/kode",
}
"""Forms about the person. So are those below `_OWN_BELOW`."""
_OWN_BELOW = ("/saya/kontak", "/saya/undangan", "/saya/uji")


@pytest_asyncio.fixture
async def chain(running: RunningSite) -> Chain:
    """Organisations with stock, before a running site."""
    return await make_chain(running.line.database.app, now=running.line.now)


async def member(
    running: RunningSite, of: Organisation, name: str = "rina", role: MemberRole = MemberRole.OWNER
) -> Visitor:
    """A member who is signed in and acts for the organisation."""
    visitor = running.visitor()
    await sign_in(running, visitor, f"email:{name}@contoh.id")
    await set_member(
        running.line.database.app, of.id, await customer(running, name), role, now=running.line.now
    )
    await visitor.get("/saya")
    await visitor.post("/saya/untuk", organisasi=str(of.id))
    assert visitor.status == 303
    return visitor


async def customer(running: RunningSite, name: str) -> uuid.UUID:
    found: uuid.UUID = await running.line.database.owner.fetchval(
        "SELECT customer_id FROM customers.contact WHERE value = $1", f"{name}@contoh.id"
    )
    return found


async def stock(running: RunningSite, of: Organisation) -> tuple[int, int]:
    """Stamps that are free, and those that are held."""
    async with running.line.database.site.connection() as connection:
        found = await quota_of(connection, of.id)
    return found.available, found.held


async def test_a_member_chooses_whom_they_act_for_and_sees_what_is_shared(
    running: RunningSite, chain: Chain
) -> None:
    firm = chain.enterprise
    visitor = await member(running, firm)
    document = await stored(running, firm.account_holder, RIGHT, organisation_id=firm.id)
    bundle = bundle_id(firm.account_holder, "form:1")
    await open_bundle(
        running.app.db,
        customer_id=firm.account_holder,
        bundle_id=bundle,
        door="web",
        now=running.line.now,
        organisation_id=firm.id,
    )
    await visitor.get("/en/saya")
    assert "Acting for PT firm" in visitor.text
    assert '<p class="price">70</p>' in visitor.text
    shared_pages = (f"/en/saya/dokumen/{document}", f"/en/saya/banyak/{bundle}")
    assert all(f'href="{shared}"' in visitor.text for shared in shared_pages)
    for shared in shared_pages:
        await visitor.get(shared)
        assert visitor.status in (200, 303)
    await visitor.get("/saya")
    await visitor.post("/saya/untuk", organisasi="")
    await visitor.get("/saya")
    assert f"/saya/dokumen/{document}" not in visitor.text
    await visitor.get(f"/saya/dokumen/{document}/letak")
    assert visitor.status == 404


async def test_others_can_not_act_for_an_organisation_with_a_cookie_of_a_member(
    running: RunningSite, chain: Chain
) -> None:
    rina = await member(running, chain.enterprise)
    stranger = running.visitor()
    await sign_in(running, stranger, "email:budi@contoh.id")
    await stranger.get("/saya")
    await stranger.post("/saya/untuk", organisasi=str(chain.enterprise.id))
    assert (stranger.status, "untuk" in stranger.cookies) == (403, False)
    stranger.cookies["untuk"] = rina.cookies["untuk"]
    await stranger.get("/saya")
    assert (stranger.status, "PT firm" in stranger.text) == (200, False)
    await stranger.get("/saya/bulan/2026-08")
    assert stranger.status == 403


async def test_the_end_of_a_membership_counts_at_once(running: RunningSite, chain: Chain) -> None:
    firm = chain.enterprise
    await member(running, firm)
    visitor = await member(running, firm, "sari", MemberRole.STAMPER)
    document = await stored(running, firm.account_holder, RIGHT, organisation_id=firm.id)
    await visitor.get(f"/saya/dokumen/{document}/letak")
    assert visitor.status == 200
    sari = await customer(running, "sari")
    await end_membership(running.line.database.app, firm.id, sari, now=running.line.now)
    await visitor.post(f"/saya/dokumen/{document}/letak")
    assert (visitor.status, await stock(running, firm)) == (403, (70, 0))
    await visitor.get("/saya")
    assert "Anda bukan anggota organisasi itu lagi" in visitor.text
    assert (visitor.cookies["untuk"], "PT firm" in visitor.text) == ("", False)


@pytest.mark.parametrize(
    ("role", "status", "left"),
    [
        (MemberRole.OWNER, 303, (69, 1)),
        (MemberRole.STAMPER, 303, (69, 1)),
        (MemberRole.BUYER, 403, (70, 0)),
        (MemberRole.VIEWER, 403, (70, 0)),
    ],
)
async def test_a_document_is_stamped_from_the_shared_stock_by_roles_that_may(
    running: RunningSite, chain: Chain, role: MemberRole, status: int, left: tuple[int, int]
) -> None:
    firm = chain.enterprise
    await member(running, firm)
    visitor = await member(running, firm, "sari", role)
    document = await stored(running, firm.account_holder, RIGHT, organisation_id=firm.id)
    await visitor.get("/saya")
    await visitor.post(f"/saya/dokumen/{document}/letak")
    assert (visitor.status, await stock(running, firm)) == (status, left)
    job = await running.line.database.owner.fetchrow("SELECT * FROM stamping.job")
    if status == 303:
        assert job is not None
        assert job["lot_account_id"] == stock_account_id(firm.id)
        assert (job["organisation_id"], job["customer_id"]) == (firm.id, firm.account_holder)


async def bundle_of(running: RunningSite, of: Organisation, *documents: uuid.UUID) -> uuid.UUID:
    """A bundle with checked documents."""
    id = uuid.uuid4()
    await open_bundle(
        running.app.db,
        customer_id=of.account_holder,
        bundle_id=id,
        door="web",
        now=running.line.now,
        organisation_id=of.id,
    )
    await running.line.database.owner.executemany(
        """INSERT INTO stamping.bundle_file (id, bundle_id, path, sha256, bytes, document_id)
           VALUES ($1, $2, 'a.pdf', repeat('0', 64), 9, $1)""",
        [(document, id) for document in documents],
    )
    return id


async def test_limits_of_the_agreement_hold_for_members_and_use_no_stamp(
    running: RunningSite, chain: Chain
) -> None:
    firm, db = chain.enterprise, running.line.database.app
    visitor = await member(running, firm)
    terms = Terms(unit_price=PRICE, credit_limit=CREDIT, stamps_per_document_max=1, stamps_per_day_max=2)
    await agree(db, firm.id, terms, now=running.line.now + timedelta(seconds=1))
    first, second, third = [
        await stored(running, firm.account_holder, RIGHT, organisation_id=firm.id) for _ in range(3)
    ]
    two = await stored(running, firm.account_holder, LEFT, RIGHT, organisation_id=firm.id)
    await visitor.get("/en/saya")
    await visitor.post(f"/en/saya/dokumen/{two}/letak")
    assert (visitor.status, await stock(running, firm)) == (409, (70, 0))
    assert "at most 1 stamps on one document" in visitor.text
    assert "No stamp was used" in visitor.text
    await visitor.post(f"/saya/dokumen/{first}/letak")
    assert (visitor.status, await stock(running, firm)) == (303, (69, 1))

    bundle = f"/saya/banyak/{await bundle_of(running, firm, second, third)}"
    await visitor.post(f"{bundle}/mulai", keping="2")
    assert (visitor.status, await stock(running, firm)) == (429, (69, 1))
    assert "sisa hari ini tidak cukup" in visitor.text
    assert "Tidak ada meterai yang terpakai" in visitor.text
    await visitor.post(f"/saya/dokumen/{second}/letak")
    assert (visitor.status, await stock(running, firm)) == (303, (68, 2)), "what was refused did not count"
    await visitor.post(f"/saya/dokumen/{third}/letak")
    assert (visitor.status, await stock(running, firm)) == (429, (68, 2))


def forms() -> list[str]:
    """The addresses of all forms of the account."""
    return sorted(
        path
        for route in ROUTES
        for path in route.paths
        if path.startswith("/saya") and "POST" in route.http_methods
    )


def test_every_form_of_the_account_is_the_persons_own_or_needs_a_right() -> None:
    own = {form for form in forms() if form in OWN or form.startswith(_OWN_BELOW)}
    assert set(forms()) - own == SPENDING | MANAGING | CONNECTING | READING


async def test_roles_are_asked_at_every_form_that_stamps_or_spends(
    running: RunningSite, chain: Chain
) -> None:
    """Ids are unknown: a role with the right is told so, or that something is missing."""
    firm = chain.enterprise
    await member(running, firm)
    answers: dict[MemberRole, set[str]] = {}
    for role in MemberRole:
        visitor = await member(running, firm, f"s-{role}", role)
        answers[role] = set()
        for form in sorted(SPENDING | MANAGING | CONNECTING | READING):
            await visitor.get("/saya")
            await visitor.post(re.sub(r"\{(\w+):\w+\}", lambda _: str(uuid.uuid4()), form))
            if visitor.status != 403:
                answers[role].add(form)
            else:
                assert "Peran Anda di organisasi ini tidak mencakup tindakan ini" in visitor.text
    assert answers == {
        MemberRole.OWNER: SPENDING | MANAGING | CONNECTING | READING,
        MemberRole.STAMPER: SPENDING - {"/saya/stok"} | READING,
        MemberRole.BUYER: {"/saya/stok"} | READING,
        MemberRole.VIEWER: READING,
    }


async def test_a_suspended_organisation_shows_and_spends_nothing(running: RunningSite, chain: Chain) -> None:
    firm = chain.enterprise
    visitor = await member(running, firm)
    await running.line.database.owner.execute(
        "UPDATE partners.organisation SET state = 'suspended' WHERE id = $1", firm.id
    )
    for page in ("/saya", "/saya/bulan/2026-08"):
        await visitor.get(page)
        assert visitor.status == 200
    await visitor.post("/saya/stok", keping="1", cara="credit", jumlah_rupiah="10200", kiriman="x")
    assert (visitor.status, await stock(running, firm)) == (409, (70, 0))


FACTS = {
    "jenis": "statement",
    "nomor": "001/PKS/2026",
    "tanggal": "2026-08-05",
    "nilai": "Rp1.250.000.000",
    "identitas_jenis": "npwp",
    "identitas": "01.234.567.8-901.234",
    "nama": "PT Sumber Rezeki",
}


async def test_a_collector_says_the_facts_of_each_document_before_it_is_stamped(
    running: RunningSite, chain: Chain
) -> None:
    firm = chain.collector
    visitor = await member(running, firm)
    document = await stored(running, firm.account_holder, RIGHT, organisation_id=firm.id)
    page = f"/saya/dokumen/{document}/data"
    await visitor.get("/saya")
    assert await visitor.post(f"/saya/dokumen/{document}/letak") == page
    for wrong, told in (
        ({}, "Jenis dokumen, Nomor dokumen, Tanggal dokumen, Nilai dokumen"),
        (FACTS | {"nilai": "banyak"}, "belum benar: Nilai dokumen."),
        (
            FACTS | {"tanggal": "2026-02-30", "nomor": "9" * 81},
            "belum benar: Nomor dokumen, Tanggal dokumen.",
        ),
        (FACTS | {"identitas": "123456"}, "tidak berbentuk seperti jenisnya"),
    ):
        await visitor.get(page)
        await visitor.post(page, **wrong)
        assert (visitor.status, told in visitor.text) == (422, True)
        assert 'value="PT Sumber Rezeki"' in visitor.text or not wrong, "nothing typed is lost"
    assert await stock(running, firm) == (50, 0)
    for _ in range(2):
        await visitor.get("/saya")
        assert await visitor.post(page, **FACTS) == f"/saya/dokumen/{document}"
    assert await stock(running, firm) == (49, 1)
    kept = await running.line.database.owner.fetchrow("SELECT * FROM partners.stamp_facts")
    assert kept is not None
    assert [kept["organisation_id"], *list(kept.values())[2:]] == [
        firm.id,
        "statement",
        "001/PKS/2026",
        date(2026, 8, 5),
        1_250_000_000,
        "npwp",
        "012345678901234",
        "PT Sumber Rezeki",
    ]


async def test_a_collectors_bundles_are_refused_on_the_site_with_the_way_to_go(
    running: RunningSite, chain: Chain
) -> None:
    visitor = await member(running, chain.collector)
    await visitor.get("/saya/banyak")
    told = "Unggah dokumen satu per satu di Meterai saya"
    assert (visitor.status, told in visitor.text, "Unggah dan periksa" in visitor.text) == (409, True, False)
    await visitor.get("/saya")
    assert "/saya/banyak" not in visitor.text
    await visitor.post("/saya/banyak")
    assert (visitor.status, told in visitor.text) == (409, True)


async def test_a_buyer_takes_stock_on_credit_once_and_gets_a_receipt(
    running: RunningSite, chain: Chain
) -> None:
    firm = chain.enterprise
    await member(running, firm)
    visitor = await member(running, firm, "beni", MemberRole.BUYER)
    await visitor.get("/saya/stok")
    assert "Rp10.200" in visitor.text
    wanted: dict[str, Any] = {"kiriman": "form-1", "keping": "20", "cara": "credit"}
    await visitor.post("/saya/stok", **wanted)
    assert (visitor.status, "Rp204.000" in visitor.text) == (200, True)
    assert await stock(running, firm) == (70, 0), "the sum was only shown"
    for _ in range(2):
        await visitor.get("/saya")
        receipt = await visitor.post("/saya/stok", **wanted, jumlah_rupiah="204000")
        assert (visitor.status, await stock(running, firm)) == (303, (90, 0))
    await visitor.get(receipt)
    for shown in ("PT dist", "PT firm", "blk_", "Rp204.000", "Belum dibayar"):
        assert shown in visitor.text
    await visitor.get(f"/en{receipt}/kuitansi.pdf")
    text = pypdfium2.PdfDocument(visitor.body)[0].get_textpage().get_text_bounded()
    for shown in ("PT dist", "PT firm", "Rp204.000", "blk_", "On credit"):
        assert shown in text
    await visitor.get("/saya/blok")
    assert f'href="{receipt}/kuitansi.pdf"' in visitor.text
    assert (visitor.text.count("meterai diterima"), visitor.text.count("meterai diteruskan")) == (2, 1)
    other = await member(running, chain.retailer, "tono")
    for address in (receipt, f"{receipt}/kuitansi.pdf"):
        await other.get(address)
        assert other.status == 404


async def test_more_than_the_credit_or_the_parents_stock_is_refused(
    running: RunningSite, chain: Chain
) -> None:
    firm = chain.enterprise
    visitor = await member(running, firm)
    for pieces, means, sum, told in (
        ("600", "credit", "6120000", "kredit"),
        ("1", "funds", "10200", "titipan"),
        ("0", "credit", "0", ""),
        ("1", "deposit", "10200", ""),
    ):
        await visitor.get("/saya/stok")
        await visitor.post("/saya/stok", kiriman=pieces, keping=pieces, cara=means, jumlah_rupiah=sum)
        assert visitor.status in (409, 422)
        assert told in visitor.text
    assert await stock(running, firm) == (70, 0)


async def test_the_statement_of_a_month_begins_and_ends_with_the_ledgers_balances(
    running: RunningSite, chain: Chain
) -> None:
    firm = chain.enterprise
    visitor = await member(running, firm, role=MemberRole.OWNER)
    month = f"{running.line.now:%Y-%m}"
    assert await visitor.get("/saya/bulan") == f"/saya/bulan/{month}"
    await visitor.get(f"/en/saya/bulan/{month}.csv")
    lines = [line.split(",") for line in visitor.text.lstrip("\ufeff").splitlines()]
    stamps = [line for line in lines if line[1] == "Stock of stamps"]
    assert [line[4:] for line in stamps] == [
        ["", "", "0"],
        ["100", "0", "100"],
        ["0", "30", "70"],
        ["", "", "70"],
    ]
    owed = [line for line in lines if line[1] == "Owed to the supplier"]
    assert [line[4:] for line in owed] == [["", "", "0"], ["1020000", "0", "1020000"], ["", "", "1020000"]]
    await visitor.get(f"/saya/bulan/{month}")
    assert "Bulan ini belum selesai" in visitor.text
    receipts = re.findall(r'href="(/saya/blok/[^"]+)"', visitor.text)
    assert len(set(receipts)) == 2
    for unknown in ("2026-13", "2099-01", "x"):
        await visitor.get(f"/saya/bulan/{unknown}")
        assert visitor.status == 404
    await visitor.get("/saya/bulan/2020-01.csv")
    assert visitor.text.count(",0\r\n") == 6, "nothing was there, and nothing moved"


async def test_the_shop_leads_to_the_organisations_stock_and_sells_nothing_silently(
    running: RunningSite, chain: Chain
) -> None:
    visitor = await member(running, chain.enterprise)
    for shop in ("/kuota", "/beli"):
        await visitor.get(f"/en{shop}")
        assert "You act for PT firm" in visitor.text
        assert ('<p class="price">70</p>' in visitor.text, 'href="/en/saya/stok"' in visitor.text) == (
            True,
            True,
        )
        await visitor.post(shop, jumlah="1")
        assert visitor.status == 409
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 0
    await visitor.get("/kuota")
    assert await visitor.post("/saya/untuk", organisasi="", kembali="/kuota") == "/kuota"
    await visitor.get("/kuota")
    assert "Berapa meterai?" in visitor.text
    await visitor.post("/saya/untuk", organisasi="", kembali="https://lain.contoh")
    assert visitor.headers["location"] == "/saya"


async def test_a_member_asks_for_a_report_and_downloads_its_files(running: RunningSite, chain: Chain) -> None:
    visitor = await member(running, chain.collector, role=MemberRole.OWNER)
    month = f"{running.line.now:%Y-%m}"
    await visitor.get("/en/saya/laporan")
    form = {"jenis": "treasury_dues", "bulan": month, "kiriman": str(new_id(running.line.now))}
    for _ in range(2):
        assert await visitor.post("/en/saya/laporan", **form) == "/en/saya/laporan"
        await visitor.get("/en/saya/laporan")
    assert visitor.text.count("Being made") == 2, "once in the list, once for people who can't see it"
    assert await make_due_report(running.line.database.worker, clock=lambda: running.line.now) == 1
    await visitor.get("/en/saya/laporan/keadaan")
    assert (visitor.headers["x-ended"], "Ready" in visitor.text) == ("1", True)
    files = re.findall(r'href="/en(/saya/laporan/[^"]+/(?:csv|xlsx))"', visitor.text)
    assert len(files) == 2
    for file in files:
        await visitor.get(file)
        assert visitor.status == 200
        assert b"500000" in visitor.body if file.endswith("csv") else visitor.body.startswith(b"PK")
    await member(running, chain.enterprise, "beni")
    other = await member(running, chain.enterprise, "sari", MemberRole.VIEWER)
    await other.get(files[0])
    assert other.status == 404
    await other.get("/saya/laporan")
    await other.post("/saya/laporan", **form | {"kiriman": "", "jenis": "collector_month"})
    assert other.status == 409
