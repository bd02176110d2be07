"""Several stamps on one document: added, placed, taken off; with scripts and without, bought or of quota."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy
from tests.pdf import samples

WORDS = {
    "id": {
        "add": "Tambah meterai pada dokumen ini",
        "remove": "Hapus meterai",
        "place": "Atur meterai",
        "second": "meterai 2 dari 2",
        "overlap": "Dua meterai saling menutupi",
        "two": "2 meterai",
    },
    "en": {
        "add": "Add a stamp to this document",
        "remove": "Remove stamp",
        "place": "Place stamp",
        "second": "stamp 2 of 2",
        "overlap": "Two stamps cover each other",
        "two": "2 stamps",
    },
}


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / "Surat perjanjian.pdf"
    file.write_bytes(samples.nearly_empty())
    return file


def put_at(person: Person, name: str, *, aside: float = 0) -> None:
    """One of the nine places; with scripts by tapping there, or that share of the width to the left."""
    if not person.scripts:
        person.page.locator(f"input[name=letak][value={name}]").check()
        return
    page = person.page.locator("[data-place]")
    box = page.bounding_box()
    assert box
    across = {"kiri": 0.13, "kanan": 0.87}.get(name.rpartition("_")[2], 0.5)
    down = {"atas": 0.1, "bawah": 0.9}.get(name.partition("_")[0], 0.5)
    page.click(position={"x": box["width"] * (across - aside), "y": box["height"] * down})


def choose_page(person: Person, number: int) -> None:
    person.page.locator(f".pageStrip a[href*='halaman={number}']").click()
    expect(person.page.locator("form[method=post] [name=halaman]")).to_have_value(str(number))


@pytest.mark.everyday("phone")
@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_two_stamps_are_placed_bought_and_sealed_on_one_document(
    visitor: Visitor, paper: Path, tmp_path: Path, width: int, scripts: bool, language: str
) -> None:
    person = visitor(width=width, scripts=scripts, language=language)
    words = WORDS[language]
    person.open("/beli")
    person.upload(paper)
    person.approve("150-one-stamp")
    put_at(person, "tengah_kanan")
    person.press(words["add"])
    person.sees(words["second"])
    assert person.page.locator("[data-other='1']").count() == 1
    person.approve("151-second-stamp")

    # Over the first one: refused, and what was chosen is still there.
    put_at(person, "tengah_kanan", aside=0.1)
    if scripts:
        expect(person.page.locator(".clash[role=status]")).to_contain_text(words["overlap"])
    person.press(person.words["save_place"])
    person.sees(words["overlap"])
    person.sees(words["second"])
    person.approve("152-overlap")
    if scripts:
        expect(person.page.locator("g.clash")).to_have_count(1)
    else:
        assert person.page.locator("input[name=letak][value=tengah_kanan]").is_checked()

    choose_page(person, 1)
    put_at(person, "bawah_kiri")
    person.press(words["place"])
    expect(person.page.locator("form[method=post] [name=meterai]")).to_have_value("1")
    expect(person.page.locator("form[method=post] [name=halaman]")).to_have_value("2")
    assert person.page.locator("[data-other]").count() == 0
    person.approve("153-first-again")
    person.press(person.words["save_place"])

    contact = new_address()
    person.prove_contact(contact)
    person.sees(words["two"])
    person.sees("Rp25.000")
    person.approve("154-check-two")
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")
    serials = re.findall(r"[0-9A-Z]{4}(?:[ -]?[0-9A-Z]+)+", person.page.locator(".item .serial").inner_text())
    assert len(set(serials)) == 2, serials
    person.approve("155-two-done")

    stamped = tmp_path / "hasil.pdf"
    stamped.write_bytes(person.download())
    person.open("/periksa")
    person.page.locator("#berkas").set_input_files(stamped)
    person.page.locator("form[enctype] button").click()
    person.page.wait_for_selector("[data-verdict=ASLI]")
    shown = person.page.locator("main").inner_text()
    assert all(serial in shown for serial in serials)
    person.approve("156-two-verified")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_stamp_added_and_taken_off_again_leaves_the_price_of_one(
    visitor: Visitor, paper: Path, scripts: bool
) -> None:
    person = visitor(scripts=scripts)
    person.open("/beli")
    person.upload(paper)
    for _ in range(2):
        person.press(WORDS["id"]["add"])
    person.sees("meterai 3 dari 3")
    person.approve("157-three-stamps")
    person.press(WORDS["id"]["remove"])
    person.sees("meterai 2 dari 2")
    person.press(WORDS["id"]["remove"])
    expect(person.page.locator(".stamps li")).to_have_count(0)
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.sees("Rp12.500")
    person.sees("1 meterai")


def test_a_tap_on_another_stamp_takes_it_in_hand(visitor: Visitor, paper: Path) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper)
    put_at(person, "tengah_kanan")
    person.press(WORDS["id"]["add"])
    put_at(person, "atas_kiri")
    person.page.locator("[data-other='1']").click()
    expect(person.page.locator("form[method=post] [name=meterai]")).to_have_value("1")
    assert person.page.locator("[data-other='2']").count() == 1


def test_ten_stamps_fit_on_one_document_and_no_more_are_offered(visitor: Visitor, paper: Path) -> None:
    person = visitor(scripts=False)
    person.open("/beli")
    person.upload(paper)
    for _ in range(9):
        person.press(WORDS["id"]["add"])
    person.sees("meterai 10 dari 10")
    assert person.page.locator("button[name=tambah]").count() == 0
    person.shoot("158-ten-stamps")


def test_what_is_ordered_keeps_its_number_of_stamps(visitor: Visitor, paper: Path) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper)
    placing = person.page.url
    kept = person.page.locator("form[method=post]").first.evaluate("f => Object.fromEntries(new FormData(f))")
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    from_page = {"Sec-Fetch-Site": "same-origin"}  # as browsers say: the page was loaded before the sign-in
    answer = person.page.request.post(placing, form=kept | {"tambah": "2"}, headers=from_page)
    assert answer.status == 409
    assert "tidak dapat diubah lagi" in answer.text()
    person.page.goto(placing)
    assert person.page.locator("button[name=tambah]").count() == 0


def test_two_stamps_from_quota_however_often_the_button_is_pressed(visitor: Visitor, paper: Path) -> None:
    person = visitor()
    buy(person, 3, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files(paper)
    person.press_and_wait("Unggah dan pilih letak")
    person.press(WORDS["id"]["add"])
    person.sees("meterai 2 dari 2")
    person.approve("159-quota-two")
    placing = person.page.url.partition("?")[0]
    at_once = person.page.evaluate(
        """async () => {
            const form = document.querySelector("form[method=post] [name=x]").form;
            const press = () => fetch(form.action, { method: "POST", body: new FormData(form) });
            return (await Promise.all([press(), press(), press(), press()])).map((a) => [a.status, a.url]);
        }"""
    )
    assert at_once == [[200, placing.removesuffix("/letak")]] * 4
    person.press(person.words["save_place"])  # and once more, later
    assert person.page.url == placing.removesuffix("/letak")
    person.page.goto(placing)
    assert person.page.url == placing.removesuffix("/letak")
    person.page.wait_for_selector("[data-state=released]", timeout=40_000)
    assert len(person.page.locator(".serial").inner_text().splitlines()) == 2
    person.approve("160-quota-two-done")
    person.open("/saya")
    person.sees("1 meterai siap dipakai")


def test_more_stamps_than_the_quota_holds_are_refused_and_their_places_kept(
    visitor: Visitor, paper: Path
) -> None:
    person = visitor(scripts=False)
    buy(person, 1, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files(paper)
    person.press_and_wait("Unggah dan pilih letak")
    person.press(WORDS["id"]["add"])
    put_at(person, "atas_kiri")
    person.press(person.words["save_place"])
    person.sees("Kuota Anda tidak cukup")
    person.sees("meterai 2 dari 2")
    assert person.page.locator("input[name=letak][value=atas_kiri]").is_checked()
    person.shoot("161-quota-too-small")
    person.press("Hapus meterai 2")
    person.press(person.words["save_place"])
    person.sees(paper.name)
    assert "/letak" not in person.page.url


def test_two_presses_at_the_same_moment_bring_each_document_once(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli?acara=casn")
    person.page.evaluate(
        """async (letter) => {
            const bytes = Uint8Array.from(atob(letter), (c) => c.charCodeAt(0));
            const press = () => {
                const body = new FormData(document.querySelector("main form[enctype]"));
                for (const name of ["berkas_surat_lamaran", "berkas_surat_pernyataan"]) {
                    body.set(name, new File([bytes], name + ".pdf", { type: "application/pdf" }));
                }
                return fetch(location.pathname, { method: "POST", body, redirect: "follow" });
            };
            const answers = await Promise.all([press(), press(), press()]);
            document.title = answers.map((answer) => answer.url).join(" ");
        }""",
        base64.b64encode(samples.letter()).decode(),
    )
    addresses = set(person.page.title().split())
    assert len(addresses) == 1
    person.page.goto(addresses.pop())
    person.sees("dokumen 1 dari 2")


def test_a_document_taken_out_in_another_window_takes_no_other_with_it(visitor: Visitor) -> None:
    person = visitor(scripts=False)
    person.open("/beli")
    papers: list[Any] = [
        {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": samples.nearly_empty(1)}
        for name in "ABC"
    ]
    person.page.locator("input[type=file]").set_input_files(papers)
    person.press_and_wait(person.words["upload"])
    first, other = person.page.url, person.context.new_page()
    other.goto(first.replace("letak/1", "letak/2"))
    place_of_b = other.locator("[data-spot]").get_attribute("transform")

    # Pressed twice, as a finger does that sees nothing happen: A is out, and only A.
    drop = person.page.locator("form[action*=hapus]")
    pressed = str(drop.get_attribute("action")), drop.evaluate("f => Object.fromEntries(new FormData(f))")
    for _ in range(2):
        answer = person.page.request.post(person.site.address + pressed[0], form=pressed[1])
        assert "B.pdf, C.pdf" in answer.text()

    # The window that still shows A places nothing on what stands there now; the one with B places B.
    person.page.locator("input[name=letak][value=atas_kiri]").check()
    person.press(person.words["next_document"])
    person.sees("Bagian pesanan ini tidak ada")
    person.go(first)
    person.sees("B.pdf")
    assert person.page.locator("[data-spot]").get_attribute("transform") == place_of_b
    other.locator("input[name=letak][value=tengah]").check()
    other.get_by_role("button", name=person.words["next_document"]).first.click()
    expect(other.locator("main")).to_contain_text("C.pdf")
    person.go(first)
    assert person.page.locator("[data-spot]").get_attribute("transform") != place_of_b
