"""The applicant's whole path in a real browser: phone and desk, with and without scripts, both languages."""

from __future__ import annotations

import re
import time
import uuid
import zipfile
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person
from tests.pdf import samples


@pytest.fixture
def papers(tmp_path: Path) -> tuple[Path, Path]:
    letter, statement = tmp_path / "Surat lamaran.pdf", tmp_path / "Surat pernyataan.pdf"
    letter.write_bytes(samples.letter())
    statement.write_bytes(samples.two_pages())
    return letter, statement


def new_address() -> str:
    return f"pelamar-{uuid.uuid4().hex[:10]}@contoh.id"


def come_to_order_page(person: Person, papers: tuple[Path, Path], contact: str) -> None:
    """From the event's page to an order that waits for its payment, in 12 taps. One more saves the code."""
    taps: list[str] = []
    person.page.add_init_script("addEventListener('click', (e) => e.isTrusted && console.log('tap'), true)")
    person.page.on("console", lambda message: taps.append(message.text) if message.text == "tap" else None)
    person.open("/casn")
    person.page.locator(".hero a.button").click()
    person.upload(*papers)
    person.press(person.words["next_document"])
    person.press(person.words["save_place"])
    person.prove_contact(contact)
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    fields = 2  # the contact and the code
    assert len(taps) + len(papers) + fields <= 12
    assert taps or not person.scripts


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_an_applicant_gets_two_stamped_papers_that_anyone_can_verify(
    visitor: Visitor, papers: tuple[Path, Path], tmp_path: Path, width: int, scripts: bool, language: str
) -> None:
    person = visitor(width=width, scripts=scripts, language=language)
    contact = new_address()

    person.open("/")
    person.approve("01-home")
    seen: list[str] = []
    person.page.on("domcontentloaded", lambda page: seen.append(page.url))
    person.open("/casn")
    person.approve("02-event")
    person.page.locator(".hero a.button").click()
    person.approve("03-upload")
    person.upload(*papers)

    person.sees("Surat lamaran.pdf")
    person.approve("04-place")
    if scripts:
        move_stamp(person)
    else:
        person.page.locator("input[name=letak][value=bawah_kiri]").check()
    person.press(person.words["next_document"])
    person.sees("Surat pernyataan.pdf")
    person.approve("05-place-second")
    person.press(person.words["save_place"])

    person.approve("06-contact")
    asked = person.page.url
    person.prove_contact(contact)
    assert asked != person.page.url
    person.sees("Surat lamaran.pdf")
    person.approve("07-check")
    person.sees("Rp25.000")
    person.press(person.words["order"])

    person.wait_for_state("awaiting_payment")
    assert len(seen) <= 8, seen
    person.approve("08-waiting")
    person.pay()
    person.wait_for_state("completed")
    person.sees(person.words["paid"])
    person.approve("09-done")

    stamped = [person.download(0), person.download(1)]
    paper = tmp_path / "hasil.pdf"
    paper.write_bytes(stamped[0])
    judge = visitor(width=width, scripts=scripts, language=language)
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(paper)
    judge.page.locator("form[enctype] button").click()
    judge.page.wait_for_selector("[data-verdict=ASLI]")
    judge.approve("10-verdict")
    use_result(person, stamped)
    assert judge.page.request.get(f"{person.page.url}/hasil.zip").status == 404
    assert judge.page.request.get(f"{person.page.url}/cek/1").status == 404


def use_result(person: Person, stamped: list[bytes]) -> None:
    """Reads the next step, downloads everything at once, and checks a file in one tap."""
    order = person.page.url
    next_step = person.page.locator("section[aria-labelledby=berikutnya]")
    expect(next_step.get_by_role("link", name="sscasn.bkn.go.id")).to_be_visible()
    expect(next_step).to_contain_text("2034")
    expect(next_step).to_contain_text(re.compile(r"Surat lamaran\.pdf: \d+ KB, .* 800 KB"))
    with person.page.expect_download() as caught:
        next_step.locator("a[data-all]").click()
    with zipfile.ZipFile(caught.value.path()) as archive:
        assert [archive.read(name) for name in archive.namelist()] == stamped
        assert archive.namelist() == ["bermeterai-Surat lamaran.pdf", "bermeterai-Surat pernyataan.pdf"]
    person.page.locator("a[href$='/cek/2']").click()
    person.page.wait_for_selector("[data-verdict=ASLI]")
    person.sees("Surat pernyataan.pdf")
    person.approve("11-checked-in-one-tap")
    person.page.locator("a.crumb").click()
    expect(person.page).to_have_url(order)


def move_stamp(person: Person) -> None:
    """Taps the page where it is empty, then nudges; the form must follow."""
    page = person.page
    box = page.locator("[data-place]").bounding_box()
    assert box
    page.locator("[data-place]").click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.75})
    first = page.locator("[name=x]").input_value(), page.locator("[name=y]").input_value()
    page.locator("[data-nudge=r]").click()
    page.locator("[data-nudge=u]").click()
    second = page.locator("[name=x]").input_value(), page.locator("[name=y]").input_value()
    assert float(second[0]) == pytest.approx(float(first[0]) + 6, abs=0.02)
    assert float(second[1]) == pytest.approx(float(first[1]) + 6, abs=0.02)


def test_the_permanent_link_opens_the_order_on_another_phone_and_leaves_no_token_in_the_address(
    visitor: Visitor, papers: tuple[Path, Path]
) -> None:
    person, contact = visitor(), new_address()
    come_to_order_page(person, papers, contact)
    number = re.search(r"/pesanan/([0-9A-Z-]+)", person.page.url)
    assert number
    link = person.page.locator(".serial", has_text="/p/").inner_text()
    other = visitor()
    other.page.goto(link.strip())
    assert other.page.url.endswith(f"/pesanan/{number[1]}")
    assert "/p/" not in other.page.url
    other.sees("Menunggu pembayaran")
    stranger = visitor()
    response = stranger.open(f"/pesanan/{number[1]}")
    assert response.status == 404
    stranger.approve("90-foreign-order")


def test_a_person_pays_on_the_gateways_page_and_comes_back(
    visitor: Visitor, papers: tuple[Path, Path]
) -> None:
    person = visitor(width=1200)
    come_to_order_page(person, papers, new_address())
    order_page = person.page.url
    with person.page.expect_download() as saved:
        person.page.get_by_role("link", name="Simpan kode QRIS").click()
    assert re.fullmatch(r"qris-[0-9A-Z-]+\.png", saved.value.suggested_filename)
    with Image.open(saved.value.path()) as code:
        (read,) = zxingcpp.read_barcodes(code)
    assert read.text.startswith("000201")  # EMV, merchant-presented (QRIS)
    person.press("Bayar di halaman percobaan")
    person.page.locator("button[name=pay]").click()
    person.page.goto(order_page)
    person.wait_for_state("completed")
    assert person.page.request.get(f"{order_page}/qris.png").status == 404


def test_the_way_to_pay_is_changed_and_the_order_is_cancelled(
    visitor: Visitor, papers: tuple[Path, Path]
) -> None:
    person = visitor()
    come_to_order_page(person, papers, new_address())
    person.page.locator("summary", has_text="Ganti cara bayar").click()
    person.approve("20-ways-to-pay")
    person.press("BNI")
    person.sees(re.compile("virtual account BNI", re.IGNORECASE))
    person.approve("20-virtual-account")
    person.page.locator("summary", has_text="Batalkan pesanan").click()
    person.sees("Batalkan pesanan sebesar Rp25.000 ini?")
    person.approve("20-cancel-asked")
    person.press("Ya, batalkan")
    person.wait_for_state("cancelled")
    person.sees("Belum ada uang yang kami terima")
    person.approve("21-cancelled")


def test_cancelling_asks_once_with_the_sum_without_scripts(visitor: Visitor) -> None:
    person = visitor(scripts=False, language="en")
    person.open("/kuota")
    person.press(person.words["go_on"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    assert not person.page.get_by_role("button", name="Yes, cancel it").is_visible()
    person.page.locator("summary", has_text="Cancel the order").click()
    person.sees("Cancel this order of Rp12.500?")
    person.press("Yes, cancel it")
    person.wait_for_state("cancelled", 2)


def test_a_screen_reader_is_told_that_the_money_arrived(visitor: Visitor, papers: tuple[Path, Path]) -> None:
    """It says what changes in a place that was there before, not what came with a new one."""
    person = visitor()
    come_to_order_page(person, papers, new_address())
    person.page.evaluate("self.places = [...document.querySelectorAll('[role=status]')]")
    person.pay()
    person.wait_for_state("completed")
    told = person.page.evaluate("places.filter(place => place.isConnected).map(place => place.textContent)")
    assert [text for text in told if person.words["paid"] in text and person.words["done"] in text]


def test_one_form_makes_one_order_however_often_it_is_sent(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli?acara=casn")
    form = {
        name: person.page.locator(f"main [name={name}]").input_value()
        for name in ("bukti_formulir", "kiriman", "acara")
    }
    paper = {"name": "Surat.pdf", "mimeType": "application/pdf", "buffer": samples.letter()}
    sent = [
        person.page.request.post(
            person.path("/beli"),
            multipart={**form, "berkas_surat_lamaran": paper, "berkas_surat_pernyataan": paper},  # type: ignore[dict-item]
        ).url
        for _ in range(2)
    ]
    assert sent[0] == sent[1]
    person.page.goto(sent[0])
    person.sees("dokumen 1 dari 2")


@pytest.mark.long
def test_a_page_that_follows_comes_back_after_an_outage_and_says_when_it_may_not_any_more(
    visitor: Visitor, tmp_path: Path
) -> None:
    person = visitor()
    person.open("/kuota")
    person.press(person.words["go_on"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.page.wait_for_timeout(3000)  # once followed: from now on nothing is new
    person.page.route("**/keadaan", lambda route: route.fulfill(status=503))
    asked: list[float] = []
    person.page.on("request", lambda request: asked.append(time.monotonic()))
    person.page.wait_for_timeout(9_000)
    assert len(asked) < 3, "the longer it lasts, the less it asks"
    person.page.unroute("**/keadaan")
    person.page.wait_for_timeout(8_000)
    asked.clear()
    person.page.wait_for_timeout(6000)
    assert len(asked) >= 2, "as quick as before"
    person.context.clear_cookies()
    person.sees("Pesanan ini tidak kami temukan.")
