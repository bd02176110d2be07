"""Forms answered with the next page, in Chromium: its address, loading it again, going back."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Request

from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address
from tests.pdf import samples


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / "Lamaran.pdf"
    file.write_bytes(samples.letter())
    return file


def documents_of(person: Person) -> list[str]:
    """Notes every page and form that the browser asks for from now on: method, and address without
    numbers.
    """
    asked: list[str] = []

    def watch(request: Request) -> None:
        if request.is_navigation_request():
            path = request.url.removeprefix(person.site.address)
            asked.append(f"{request.method} {re.sub(r'pesanan/[0-9A-Z-]+', 'pesanan/N', path)}")

    person.page.on("request", watch)
    return asked


@pytest.mark.long
def test_a_purchase_asks_for_no_page_twice_and_every_page_has_its_own_address(
    visitor: Visitor, paper: Path
) -> None:
    person = visitor()
    asked = documents_of(person)
    person.open("/beli")
    person.upload(paper)
    assert re.fullmatch(r"/pesanan/[0-9A-Z-]+/letak/1", person.page.url.removeprefix(person.site.address))
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    assert person.page.url.endswith("/bayar")
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    steps = ["pesanan/N/letak/1", "pesanan/N/kontak", "pesanan/N/kode", "pesanan/N/bayar"]
    arrived = "GET /pesanan/N/letak/1"  # a script sent the file
    assert asked == ["GET /beli", arrived, *(f"POST /{step}" for step in steps)]


def test_a_page_that_came_as_an_answer_is_loaded_again_from_its_own_address(
    visitor: Visitor, paper: Path
) -> None:
    person = visitor(language="en")
    person.open("/beli")
    person.upload(paper)
    asked, placing = documents_of(person), person.page.url
    person.page.reload()
    assert asked == ["GET /en/pesanan/N/letak/1"]
    assert person.page.url == placing
    person.sees("Lamaran.pdf")


def test_back_and_forth_leads_over_the_same_pages_and_sends_nothing_again(
    visitor: Visitor, paper: Path
) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper)
    placing = person.page.url
    person.press(person.words["save_place"])
    contact = person.page.url
    person.posts.clear()
    person.page.go_back(wait_until="load")
    assert person.page.url == placing
    person.sees("Lamaran.pdf")
    person.page.go_back(wait_until="load")
    assert person.page.url == person.path("/beli")
    for address in (placing, contact):
        person.page.go_forward(wait_until="load")
        assert person.page.url == address
    assert person.posts == []
    person.press(person.words["send_code"])  # nothing typed: the page works
    assert person.page.url == contact


def test_who_typed_a_wrong_code_can_go_back_and_load_again_without_sending_it_again(
    visitor: Visitor, paper: Path
) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper)
    person.press(person.words["save_place"])
    contact, asked_at = new_address(), time.time()
    person.page.get_by_role("textbox").first.fill(contact)
    person.press(person.words["send_code"])
    code, typing = person.read_code(contact, asked_at), person.page.url
    person.page.locator("#kode").fill("".join(str((int(digit) + 1) % 10) for digit in code))
    person.press(person.words["go_on"])
    person.sees("Kodenya tidak cocok")
    person.posts.clear()
    person.page.reload()
    assert person.page.url == typing
    person.page.locator("#kode").fill(code[::-1] if code[::-1] != code else "x")
    person.press(person.words["go_on"])
    person.page.locator("#kode").fill(code)
    person.press(person.words["go_on"])
    assert person.page.url.endswith("/bayar")
    assert len(person.posts) == 2
    person.page.go_back(wait_until="load")
    assert person.page.url == typing
    assert len(person.posts) == 2


def test_without_scripts_every_form_leads_to_an_address_of_its_own(visitor: Visitor, paper: Path) -> None:
    person = visitor(scripts=False)
    asked = documents_of(person)
    person.open("/beli")
    person.upload(paper)
    assert asked == ["GET /beli", "POST /beli", "GET /pesanan/N/letak/1"]
    asked.clear()
    person.page.reload()
    assert asked == ["GET /pesanan/N/letak/1"]
