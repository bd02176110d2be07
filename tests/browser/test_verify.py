"""Verification in the browser: the document may stay on the phone; nothing bad is ever called genuine."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import expect

from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import come_to_order_page, new_address
from tests.pdf import samples

SIDES = ("top", "right", "bottom", "left")


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "Surat.pdf"
    path.write_bytes(samples.letter())
    return path


def test_a_known_file_is_judged_by_its_digest_without_being_sent(
    visitor: Visitor, paper: Path, tmp_path: Path
) -> None:
    person = visitor()
    come_to_order_page(person, (paper, paper), new_address())
    person.pay()
    person.wait_for_state("completed")
    stamped = tmp_path / "hasil.pdf"
    stamped.write_bytes(person.download())

    judge = visitor()
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(stamped)
    judge.page.locator("[data-keep]").check()
    judge.press("Periksa berkas")
    judge.page.wait_for_selector("[data-verdict=ASLI]")
    assert judge.posts == []
    judge.approve("50-verdict-by-digest")
    assert judge.page.locator("[data-unseen]").is_hidden(), "the file was at hand"
    judge.sees("hasil.pdf")
    led = visitor()
    led.open(urlsplit(judge.page.url).path)
    led.sees("Ini belum berarti dokumen di tangan Anda asli.")
    assert led.page.locator("[data-name]").is_hidden()
    led.approve("50-verdict-by-link")
    led.press("Periksa berkas di tangan Anda")
    led.page.wait_for_selector("#berkas")
    serial = judge.page.locator("dd.serial").first.inner_text().replace(" ", "")

    changed = tmp_path / "diubah.pdf"
    middle = stamped.stat().st_size // 2
    content = bytearray(stamped.read_bytes())
    content[middle] ^= 1
    changed.write_bytes(content)
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(changed)
    judge.page.locator("[data-keep]").check()
    judge.press("Periksa berkas")
    judge.page.wait_for_selector("[data-verdict]")
    assert judge.page.locator("[data-verdict]").get_attribute("data-verdict") != "ASLI"
    assert len(judge.posts) == 1
    judge.approve("51-verdict-changed")

    judge.page.locator("summary").wait_for()
    looks_at_all_of_it(visitor(), stamped, serial)
    photographs(visitor(width=1200, language="en"), stamped)
    judge.open("/periksa")
    judge.page.locator("#nomor").fill(serial.lower())
    judge.press("Cari")
    judge.sees("Nomor seri ini pernah kami terbitkan")
    judge.sees("Ini belum berarti dokumen di tangan Anda asli")
    judge.approve("52-serial")


def looks_at_all_of_it(judge: Person, stamped: Path, serial: str) -> None:
    """Sends the file, looks at the stamp, and prints the result on one sheet."""
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(stamped)
    judge.press("Periksa berkas")
    judge.page.wait_for_selector("[data-verdict=ASLI]")
    for seen in (stamped.name, "Halaman 1", "Ditandatangani oleh"):
        judge.sees(seen)
    assert judge.page.locator(".stampCard img.picture").evaluate("image => image.naturalWidth") > 300
    assert judge.page.locator("details dd.serial").is_hidden(), "the digest is under details"
    judge.approve("57-verdict-genuine")
    judge.page.emulate_media(media="print")
    expect(judge.page.locator(".stampCard .printed svg")).to_be_visible()
    expect(judge.page.locator("details dd.serial")).to_be_visible()
    assert f"/periksa/nomor/{serial}" in judge.page.locator(".serialPage").inner_text()
    assert judge.page.locator("[data-print]").is_hidden()
    paper = pikepdf.open(io.BytesIO(judge.page.pdf(format="A4", margin=dict.fromkeys(SIDES, "12mm"))))
    assert len(paper.pages) == 1


def photographs(judge: Person, stamped: Path) -> None:
    """Sends a photo of the stamped page."""
    page = render_image(RenderRequest(data=stamped.read_bytes(), page=1, width_px=1240)).convert("RGB")
    judge.open("/periksa")
    out = io.BytesIO()
    page.rotate(7, expand=True, fillcolor="grey").save(out, "JPEG", quality=80)
    photo = {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    judge.page.locator("#berkas").set_input_files(photo)  # type: ignore[arg-type]
    judge.press("Check the file")
    judge.page.wait_for_selector("[data-outcome=released]")
    judge.sees("A picture never shows that a document is genuine")
    judge.approve("58-photo")
    nothing = {"name": "kosong.png", "mimeType": "image/png", "buffer": _blank()}
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(nothing)  # type: ignore[arg-type]
    judge.press("Check the file")
    judge.sees("No QR code could be read in this picture.")
    judge.approve("59-photo-without-code")


def _blank() -> bytes:
    out = io.BytesIO()
    Image.new("L", (300, 300), 255).save(out, "PNG")
    return out.getvalue()


def test_a_result_says_when_it_was_checked(visitor: Visitor, paper: Path) -> None:
    person = visitor()
    person.open("/periksa")
    person.page.locator("#berkas").set_input_files(paper)
    person.page.locator("form[enctype] button").click()
    person.page.wait_for_selector("[data-verdict]")
    person.sees(re.compile(r"Diperiksa\s*\d+ \w+ 20\d\d pukul \d\d\.\d\d WIB"))


def test_a_file_is_sent_when_nobody_says_whether_it_is_known(visitor: Visitor, paper: Path) -> None:
    """A mobile connection may be gone without a word; the next one works."""
    person = visitor()
    clock = person.page.clock
    clock.install()
    person.open("/periksa")
    person.page.route("**/periksa/sidik/*", lambda _: None)  # never answered
    person.page.locator("#berkas").set_input_files(paper)
    person.page.locator("[data-keep]").check()
    with person.page.expect_request("**/periksa/sidik/*"):
        person.page.locator("form[enctype] button").click()
    clock.run_for(10_100)
    person.page.wait_for_selector("[data-verdict=NO_STAMP]")


def test_a_plain_pdf_and_a_non_pdf_get_their_verdicts(visitor: Visitor, paper: Path, tmp_path: Path) -> None:
    judge = visitor(width=1200, language="en")
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(paper)
    judge.press("Check the file")
    judge.page.wait_for_selector("[data-verdict=NO_STAMP]")
    judge.approve("53-verdict-no-stamp")
    noise = tmp_path / "bukan.pdf"
    noise.write_bytes(b"not a pdf")
    judge.open("/periksa")
    judge.page.locator("#berkas").set_input_files(noise)
    judge.press("Check the file")
    judge.page.wait_for_selector("[data-verdict=TIDAK_DAPAT_DIPERIKSA]")
    judge.approve("54-verdict-unreadable")


def test_a_serial_that_cannot_be_one_says_so(visitor: Visitor) -> None:
    judge = visitor()
    judge.open("/periksa")
    judge.page.locator("#nomor").fill("ABC 123")
    judge.press("Cari")
    judge.sees("Ini tidak mungkin nomor seri")
    judge.approve("55-serial-impossible")
    judge.open("/C/TIDAKBENAR")
    judge.sees("Kode QR ini tidak dapat dibaca")
    judge.approve("56-code-unreadable")
