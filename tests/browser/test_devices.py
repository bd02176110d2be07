"""The list of devices, and the page for a code after wrong ones: what people see and do there."""

from __future__ import annotations

import time

import pytest

from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address

WORDS = {
    "id": {
        "devices": "Perangkat Anda",
        "messages": "Pesan untuk Anda",
        "announcement": "Pengumuman dari kami",
        "save": "Simpan",
        "saved": "Tersimpan.",
        "here": "perangkat ini",
        "others": "Akhiri semua yang lain",
        "all": "Akhiri semua, juga di sini",
        "sign_in": "Masuk ke Meterai saya",
        "wait": "Coba lagi setelah",
        "early": "Percobaan ini tidak dihitung",
    },
    "en": {
        "devices": "Your devices",
        "messages": "Messages for you",
        "announcement": "Announcements from us",
        "save": "Save",
        "saved": "Saved.",
        "here": "this device",
        "others": "End all others",
        "all": "End all, also here",
        "sign_in": "Sign in to My stamps",
        "wait": "Try again after",
        "early": "This try was not counted",
    },
}


def sign_in(person: Person, contact: str) -> None:
    person.open("/saya")
    person.prove_contact(contact)


@pytest.mark.parametrize(("width", "language", "scripts"), [(360, "id", True), (1200, "en", False)])
def test_people_see_their_devices_and_end_them(
    visitor: Visitor, width: int, language: str, *, scripts: bool
) -> None:
    words, contact = WORDS[language], new_address()
    phone = visitor(width=width, language=language, scripts=scripts)
    sign_in(phone, contact)
    other = visitor(width=1200, language=language)
    sign_in(other, contact)
    phone.open("/saya")
    phone.approve("36-mine-with-devices")
    phone.page.get_by_role("link", name=words["messages"]).click()
    phone.page.get_by_role("group", name=words["announcement"]).get_by_role("checkbox").check()
    phone.press(words["save"])
    phone.sees(words["saved"])
    phone.approve("38-choices-of-messages")
    phone.open("/saya")
    phone.page.get_by_role("link", name=words["devices"]).click()
    phone.sees(words["here"])
    assert phone.page.locator("li.item").count() == 2
    phone.approve("37-devices")
    phone.press(words["others"])
    phone.sees(words["here"])
    assert phone.page.locator("li.item").count() == 1
    other.open("/saya/perangkat")
    other.sees(words["sign_in"])
    phone.press(words["all"])
    phone.sees(words["sign_in"])


@pytest.mark.long
@pytest.mark.parametrize(("width", "language"), [(360, "en")])
def test_people_are_told_when_the_next_try_is_possible(visitor: Visitor, width: int, language: str) -> None:
    words, contact, person = WORDS[language], new_address(), visitor(width=width, language=language)
    person.open("/saya")
    asked_at = time.time()
    person.page.locator("#kontak").fill(contact)
    person.press(person.words["send_code"])
    code = person.read_code(contact, asked_at)
    for _ in range(3):
        person.page.locator("#kode").fill(f"{(int(code) + 1) % 1_000_000:06}")
        person.press(person.words["go_on"])
    person.sees(words["wait"])
    person.approve("38-code-wrong-wait")
    person.page.locator("#kode").fill(code)
    person.press(person.words["go_on"])
    person.sees(words["early"])
    person.approve("39-code-early")
    time.sleep(15)
    person.page.locator("#kode").fill(code)
    person.press(person.words["go_on"])
    person.page.wait_for_url("**/saya")
