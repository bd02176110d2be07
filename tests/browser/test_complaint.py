"""A complaint from the form to the page of its case, also without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE
from tests.browser.test_purchase import new_address

WORDS = {
    "id": ("Kirim", "Lihat kasus", "Kasus Anda kami terima", "Ceritakan dulu", "Buka kasus"),
    "en": ("Send", "Show the case", "We received your case", "First say", "Open the case"),
}


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_a_complaint_is_sent_and_found_again(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, contact = visitor(width=width, scripts=scripts, language=language), new_address()
    send, look, received, asked, open_case = WORDS[language]
    person.open("/pengaduan?soal=money&nomor=M7KQ-3XPD-92RT")
    person.page.locator("#cerita").fill("   \n ")
    person.page.locator("#kontak").fill(contact)
    person.press(send)
    expect(person.page.locator("[role=alert]")).to_contain_text(asked)
    expect(person.page.locator("#soal")).to_have_value("money")
    expect(person.page.locator("#kontak")).to_have_value(contact)
    person.approve("180-complaint-refused")
    person.page.locator("#cerita").fill("Terpotong dua kali.")
    person.press(send)
    expect(person.page.locator("main")).to_contain_text(received)
    person.approve("181-case")
    found = re.search(r"K-\w{4}-\w{4}", person.page.locator("h1").inner_text())
    assert found
    person.open("/pengaduan/cek")
    person.page.locator("#nomor").fill(found[0])
    person.page.locator("#kontak").fill(contact)
    person.press(look)
    expect(person.page.locator("main")).to_contain_text("Terpotong dua kali.")
    person.approve("182-case-looked-up")
    person.open("/uang?nomor=TRX-4711")
    person.approve("183-money-not-found")
    person.page.locator("#waktu").fill("2026-09-05T21:40")
    person.page.locator("#jumlah").fill("25.000")
    person.page.locator("#kontak").fill(contact)
    person.press(open_case)
    expect(person.page.locator("main")).to_contain_text("Rp25.000")
