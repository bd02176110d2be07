"""Documents that are signed already, that others will sign, that are locked: what people see and choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person, paper
from tests.browser.test_purchase import new_address
from tests.pdf import samples, signed_files

WORDS = {
    "id": {
        "covers": "Pada dokumen yang sudah ditandatangani tidak ada yang boleh tertutup",
        "free": "Tampilkan tempat kosong yang kami usulkan",
        "signed": "Sudah ditandatangani secara digital oleh Budi Santoso, Siti Rahma",
        "later": "Masih akan ditandatangani secara digital",
        "scripts": "Skrip (program kecil)",
        "locked": "PDF ini dikunci dengan kata sandi",
        "wrong": "Kata sandi PDF ini tidak cocok",
        "unlocked": "tidak lagi memakai kata sandi",
    },
    "en": {
        "covers": "On a document that is signed already, nothing may be covered",
        "free": "Show the empty place that we propose",
        "signed": "Already digitally signed by Budi Santoso, Siti Rahma",
        "later": "Others will still sign it digitally",
        "scripts": "scripts (small programs)",
        "locked": "This PDF is locked with a password",
        "wrong": "This is not the PDF's password",
        "unlocked": "no longer has a password",
    },
}


def open_options(person: Person) -> None:
    person.page.locator("details.more:not([open]) summary").click()


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_a_signed_document_is_announced_and_one_to_be_signed_can_be_chosen(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, words = visitor(width=width, scripts=scripts, language=language), WORDS[language]
    person.open("/beli")
    person.upload(paper("Perjanjian bertanda tangan.pdf", signed_files.by_budi_and_siti()))
    person.sees(words["signed"])
    assert person.page.locator("[name=sesudah]").count() == 0
    person.approve("160-signed-already")
    person.open("/beli")
    person.upload(paper("Formulir.pdf", samples.living()))
    person.sees(words["scripts"])
    open_options(person)
    person.page.get_by_label(words["later"]).check()
    person.approve("161-to-be-signed-later")
    placing = person.page.url
    person.press(person.words["save_place"])
    person.page.wait_for_url("**/kontak")
    person.page.goto(placing)
    assert person.page.get_by_label(words["later"]).is_checked()


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_a_stamp_can_not_cover_what_was_signed(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, words = visitor(width=width, scripts=scripts, language=language), WORDS[language]
    person.open("/beli")
    person.upload(paper("Perjanjian bertanda tangan.pdf", signed_files.by_budi_and_siti()))
    person.sees(words["signed"])
    placing = person.page.url
    if scripts:  # a tap on the text
        person.page.locator("[data-place]").click(position={"x": 100, "y": 80})
    else:
        person.page.locator("[name=letak][value=atas_tengah]").check()
    person.press(person.words["save_place"])
    person.sees(words["covers"])
    person.approve("168-covers-what-was-signed")
    person.press(words["free"])
    assert person.page.url.startswith(placing)
    person.press(person.words["save_place"])
    person.page.wait_for_url("**/kontak")


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_a_locked_document_opens_with_its_password(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, words = visitor(width=width, scripts=scripts, language=language), WORDS[language]
    locked = paper("Terkunci.pdf", samples.encrypted())
    person.open("/beli")
    person.upload(locked)
    person.sees(words["locked"])
    person.approve("162-locked")
    person.page.locator("#sandi").fill("salah")
    person.upload(locked)
    person.sees(words["wrong"])
    assert person.page.locator("#sandi").input_value() == ""
    person.page.locator("#sandi").fill("rahasia")
    person.upload(locked)
    person.sees(words["unlocked"])


@pytest.mark.long
def test_a_document_that_others_will_sign_is_stamped_and_judged_genuine_with_their_signatures(
    visitor: Visitor, tmp_path: Path
) -> None:
    person, words = visitor(width=1200, language="id"), WORDS["id"]
    person.open("/beli")
    person.upload(paper("Perjanjian.pdf", samples.letter()))
    open_options(person)
    person.page.get_by_label(words["later"]).check()
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.pay()
    person.wait_for_state("completed")
    stamped = person.download()
    expected = (("ASLI", stamped), ("ASLI_WITH_ADDITIONS", signed_files.signed(stamped)))
    for position, (verdict, data) in enumerate(expected):
        file = tmp_path / f"{position}.pdf"
        file.write_bytes(data)
        person.open("/periksa")
        person.page.locator("#berkas").set_input_files(file)
        person.page.locator("form[enctype] button").click()
        person.page.wait_for_selector(f"[data-verdict={verdict}]")
        person.approve(f"163-verdict-{position}")
    person.sees("Budi Santoso")
    person.sees("(nama ini tidak dijamin siapa pun)")
    with person.page.expect_download() as caught:
        person.page.locator("a[download]").click()
    assert Path(caught.value.path()).read_bytes() == stamped, "the sealed revision"
