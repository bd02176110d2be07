"""A collector's member stamps with the facts that are reported, gets the report, and invites a colleague."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import FilePayload, expect

from meterai.customers.contacts import canonical_contact
from meterai.customers.queries import customer_of_contact
from meterai.kit.database import connect
from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings
from meterai.ledger.model import ISSUER
from meterai.partners.model import MemberRole, OrganisationRole, PaidBy, Terms
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.set_member import set_member
from tests.browser.conftest import Visitor
from tests.browser.test_purchase import new_address
from tests.partners.organisations import CREDIT, FACE, OPERATOR, block, organisation
from tests.pdf import samples
from tests.running_service import RunningService

NAME = "PT wapu-peramban"


def make_collector(service: RunningService, owner: str) -> None:
    """A collector with stamps and an owner, as operators make it."""
    url = settings_of_running(Settings(data=service.data)).database_operator_url

    async def make() -> None:
        now = datetime.now(UTC)
        db = await connect(url)
        firm = await organisation(
            db, NAME.removeprefix("PT "), OrganisationRole.COLLECTOR, below=ISSUER, now=now
        )
        await agree(db, firm.id, Terms(unit_price=FACE, credit_limit=CREDIT), now=now, actor=OPERATOR)
        await block(db, firm, 5, PaidBy.CREDIT, now=now)
        person = await customer_of_contact(db, canonical_contact(owner))
        assert person
        await set_member(db, firm.id, person, MemberRole.OWNER, now=now)
        await db.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, make()).result()


def test_a_collectors_member_stamps_reports_and_invites(visitor: Visitor, service: RunningService) -> None:
    person, contact = visitor(), new_address()
    person.open("/saya")
    person.prove_contact(contact)
    make_collector(service, contact)
    person.open("/saya")
    person.press(NAME)
    person.sees("meterai siap dipakai")

    paper: FilePayload = {"name": "Perjanjian.pdf", "mimeType": "application/pdf", "buffer": samples.letter()}
    person.page.locator("#berkas").set_input_files([paper])
    person.press_and_wait("Unggah dan pilih letak")
    person.press("Simpan dan lanjutkan")
    person.sees("Pihak yang terutang")
    person.approve("170-facts")
    person.page.locator("#jenis").select_option("statement")
    person.page.locator("input[value=npwp]").check()
    for field, typed in {
        "nomor": "001/PKS/2026",
        "tanggal": "2026-11-05",
        "nilai": "1.250.000.000",
        "nama": "PT Sumber Rezeki",
        "identitas": "01.234.567.8-901.234",
    }.items():
        person.page.locator(f"#{field}").fill(typed)
    person.press("Simpan dan beri meterai")
    person.page.wait_for_selector("[data-state=released]", timeout=40_000)

    person.open("/saya/laporan")
    person.press("Buat laporan")
    ready = person.page.get_by_role("link", name="Unduh (CSV)")
    expect(ready).to_be_visible(timeout=20_000)  # the page follows by itself
    person.approve("171-reports")
    with person.page.expect_download() as download:
        ready.click()
    report = Path(download.value.path()).read_text("utf-8-sig")
    assert all(said in report for said in ("PT Sumber Rezeki", "012345678901234", "1250000000", "2026-11-05"))

    person.open("/saya/blok")
    person.approve("172-blocks")
    person.open("/saya/kawat")
    person.press("Nyalakan")
    person.sees("Matikan")
    person.approve("176-wire")
    person.open("/saya/anggota")
    colleague, asked_at = new_address(), time.time()
    person.page.locator("#kontak").fill(colleague)
    person.page.locator("#undang + form input[value=viewer]").check()
    person.press("Kirim undangan")
    person.approve("173-members")
    invited = visitor(width=1200, scripts=False)
    invited.go(invited.read_word(colleague, asked_at, r"(http\S+/undangan/\S+)"))
    invited.prove_contact(colleague)
    invited.approve("174-invitation")
    invited.press("Terima undangan")
    invited.sees("Peran Anda di organisasi ini tidak memberi meterai")
    invited.open("/kuota")
    invited.approve("175-shop-of-an-organisation")
