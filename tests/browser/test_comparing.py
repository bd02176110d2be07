"""A form whose fields look different after flattening: shown side by side, confirmed, and only then paid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy

LOST_FORM = Path(__file__).parents[1] / "corpus" / "files" / "mutations" / "form-lost.pdf"
"""Its fields are in no form any more: programs draw them in different ways."""
WORDS = {
    "id": {"ask": "Apakah hasilnya seperti yang Anda maksud?", "yes": "Ya, pakai hasil ini"},
    "en": {"ask": "Is the result what you mean?", "yes": "Yes, use this result"},
}


def sees_both(person: Person, language: str) -> None:
    person.sees(WORDS[language]["ask"])
    pictures = person.page.locator(".pair img")
    expect(pictures).to_have_count(2)
    if person.scripts:
        person.page.wait_for_function(
            "() => [...document.querySelectorAll('.pair img')].every(i => i.naturalWidth >= 600)"
        )


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_the_pages_are_compared_before_the_stamp_is_placed_or_paid(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person = visitor(width=width, scripts=scripts, language=language)
    person.open("/beli")
    person.upload(LOST_FORM)
    sees_both(person, language)
    person.approve("165-compare")
    asked = person.page.url
    for step in ("letak/1", "syarat/1"):
        person.go(re.sub(r"banding/.*", step, asked))
        expect(person.page).to_have_url(asked)
    person.press(WORDS[language]["yes"])
    expect(person.page).to_have_url(re.compile(r"/letak/1$"))
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")


def test_nobody_comes_to_the_payment_without_having_compared(visitor: Visitor) -> None:
    person, contact = visitor(), new_address()
    buy(person, 1, contact)  # so that the contact is known
    person.open("/beli")
    person.upload(LOST_FORM)
    asked = person.page.url
    person.go(re.sub(r"banding/.*", "bayar", asked))
    expect(person.page).to_have_url(asked)


def test_quota_is_used_only_after_the_comparison(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 1, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files(LOST_FORM)
    person.press_and_wait("Unggah dan pilih letak")
    sees_both(person, "id")
    person.press("Ya, pakai hasil ini")
    person.press("Simpan dan lanjutkan")
    person.page.wait_for_selector("[data-state=released]", timeout=40_000)


def test_a_bundle_refuses_what_a_person_must_compare(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 1, new_address())
    person.open("/saya/banyak")
    person.page.locator("#berkas").set_input_files([LOST_FORM])
    person.press("Unggah dan periksa")
    person.sees("Isian atau komentar di halaman 1 tampak lain")
