"""All pages of a document can be looked at before anybody pays for it or uses quota."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy
from tests.pdf import samples

WORDS = {
    "id": {"all": "Lihat semua 5 halaman", "one": "Lihat halamannya", "back": "Letak meterai"},
    "en": {"all": "See all 5 pages", "one": "See its page", "back": "Place of the stamp"},
}
PAPER = {"name": "Perjanjian sewa.pdf", "mimeType": "application/pdf", "buffer": samples.letter(5)}


def sees_all_pages(person: Person) -> None:
    pictures = person.page.locator(".sheets img")
    expect(pictures).to_have_count(5)
    for number in range(5):
        pictures.nth(number).scroll_into_view_if_needed()
        if person.scripts:
            person.page.wait_for_function(
                "n => document.querySelectorAll('.sheets img')[n].naturalWidth >= 600", arg=number
            )
    expect(person.page.locator(".sheets svg")).to_have_count(1)


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_all_pages_are_seen_while_placing_and_before_paying(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, words = visitor(width=width, scripts=scripts, language=language), WORDS[language]
    person.open("/beli")
    person.upload(PAPER)
    person.press(words["all"])
    sees_all_pages(person)
    person.approve("160-all-pages")
    address = person.page.url
    person.press(words["back"])
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(words["one"])
    expect(person.page).to_have_url(address)
    sees_all_pages(person)
    stranger = visitor(language=language)
    answer = stranger.go(address)
    assert answer is not None
    assert answer.status == 404


def test_all_pages_are_seen_before_quota_is_used(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 1, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files([PAPER])
    person.press_and_wait("Unggah dan pilih letak")
    person.press("Lihat semua 5 halaman")
    sees_all_pages(person)
    person.press("Letak meterai")
    expect(person.page).to_have_url(re.compile(r"/letak$"))


@pytest.mark.long
def test_all_pages_of_each_document_of_a_bundle_are_seen(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 1, new_address())
    person.open("/saya/banyak")
    person.page.locator("#berkas").set_input_files([PAPER])
    person.press("Unggah dan periksa")
    person.page.wait_for_selector("text=1 dokumen siap diberi meterai")
    here = person.page.url
    person.press("Lihat halamannya")
    sees_all_pages(person)
    person.press("Banyak dokumen")
    expect(person.page).to_have_url(here)
