"""Bad files in the browser: people get a reason and a next step, and keep the good files."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.person import paper
from tests.pdf import samples

BAD = [
    ("catatan.pdf", b"a note", "Berkas ini bukan PDF."),
    ("foto.pdf", b"\xff\xd8\xff\xe0 a picture", "Foto ini tidak dapat dibuka"),
    ("kosong.pdf", b"", "Berkas ini kosong."),
    ("terkunci.pdf", samples.encrypted(), "PDF ini dikunci dengan kata sandi."),
    ("tanpa-halaman.pdf", samples.no_pages(), "PDF ini tidak punya halaman."),
    ("kecil.pdf", samples.tiny_page(), "Ukuran halaman PDF ini di luar batas."),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=[bad[0] for bad in BAD])
def test_a_bad_file_is_refused_before_payment_with_its_reason(
    visitor: Visitor, name: str, content: bytes, reason: str
) -> None:
    person = visitor(scripts=False)
    person.open("/beli")
    person.upload(paper(name, content))
    person.sees(reason)
    person.sees("Belum ada uang yang kami terima")
    person.shoot(f"60-bad-{name}")


def test_the_good_one_of_two_files_is_kept(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli?acara=casn")
    person.upload(paper("Surat lamaran.pdf", samples.letter()), paper("rusak.pdf", b"nonsense"))
    person.sees("Berkas ini bukan PDF")
    person.sees("Sudah kami simpan")
    assert person.page.locator("input[type=file]").count() == 1
    person.approve("61-one-kept")
    person.upload(paper("Surat pernyataan.pdf", samples.letter()))
    person.sees("Surat lamaran.pdf · dokumen 1 dari 2")
    person.press(person.words["next_document"])
    person.sees("Surat pernyataan.pdf · dokumen 2 dari 2")


@pytest.mark.long
def test_a_file_over_ten_megabytes_is_stopped_by_the_browser_and_by_the_service(visitor: Visitor) -> None:
    large = b"%PDF-1.7\n" + bytes(11 * 1024 * 1024)
    person = visitor()
    person.open("/beli")
    person.page.locator("input[type=file]").set_input_files(paper("besar.pdf", large))  # type: ignore[arg-type]
    person.sees("Berkas ini lebih dari 10 MB")
    plain = visitor(scripts=False)
    plain.open("/beli")
    plain.upload(paper("besar.pdf", large))
    plain.sees("Berkas ini lebih dari 10 MB")
    plain.open("/beli")
    plain.upload(paper("baik.pdf", samples.letter()))
    plain.sees("baik.pdf")


def test_a_scan_over_the_agencys_limit_is_made_smaller_with_consent(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli?acara=casn")
    person.upload(paper("pindai.pdf", samples.scan(1_500_000)), paper("Surat.pdf", samples.letter()))
    person.press(person.words["next_document"])
    person.sees("Hasilnya belum memenuhi syarat instansi")
    person.approve("62-too-large")
    person.press("Ya, kerjakan")
    person.sees("pindai.pdf")
    person.approve("63-after-rewrite")
    person.page.go_back()
    person.page.wait_for_load_state()
    assert person.page.locator("main").inner_text().count("belum memenuhi syarat") == 0, "it does now"
    person.sees("pindai.pdf")
    person.open("/beli")
    person.upload(paper("pindai.pdf", samples.scan(1_500_000)))
    person.sees("Untuk Seleksi CASN berkas ini tidak akan diterima.")
    person.approve("64-not-for-an-event")


@pytest.mark.parametrize(("width", "scripts"), [(360, False), (1200, True)])
def test_a_name_without_a_blank_and_a_long_address_fit_the_page(
    visitor: Visitor, width: int, scripts: bool
) -> None:
    person = visitor(width=width, scripts=scripts)
    person.open("/beli")
    person.upload(paper("Surat_pernyataan_" + "A" * 150 + ".pdf", samples.letter()))
    person.press(person.words["save_place"])
    person.prove_contact(f"{uuid.uuid4().hex}@dinas-kependudukan.kabupaten.contoh.id")
    person.approve("65-long-name-check")
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.approve("66-long-name-order")
    person.open("/saya")
    person.approve("67-long-name-mine")


def test_who_adds_more_documents_than_an_order_takes_sees_which_are_in_it(visitor: Visitor) -> None:
    person = visitor(scripts=False)
    person.open("/beli")
    person.upload(paper("pertama.pdf", samples.letter()))
    person.go(person.page.url.replace("letak/1", "dokumen"))
    more: list[Any] = [paper(f"lagi-{n}.pdf", samples.letter()) for n in range(10)]
    person.page.locator("input[type=file]").set_input_files(more)
    person.press(person.words["upload"])
    person.sees("Terlalu banyak dokumen dalam satu pesanan")
    person.sees("Sudah kami simpan")
    person.sees("lagi-8.pdf")
    assert "lagi-9.pdf" not in person.page.locator("main").inner_text()


def test_a_bomb_hurts_nobody(visitor: Visitor, tmp_path: Path) -> None:
    person = visitor(scripts=False)
    person.open("/beli")
    person.upload(paper("bom.pdf", samples.nested_forms()))
    person.page.wait_for_load_state()
    person.shoot("64-bomb")
    person.open("/beli")
    person.upload(paper("baik.pdf", samples.letter()))
    person.sees("baik.pdf")


def test_a_form_whose_sending_was_stopped_can_be_sent_again(visitor: Visitor) -> None:
    person = visitor()
    person.open("/kuota")
    idle = person.page.locator("main button").inner_text()
    person.page.route("**/kuota", lambda _: None)  # never answered
    look = """new Promise(seen => {
        const button = document.querySelector("main button"), states = [];
        const note = () => states.push(button.textContent + " " + button.getAttribute("aria-disabled"));
        const steps = [() => button.click(), () => button.click(), note, () => stop(), note,
                       () => button.click(), () => stop(), () => seen(states)];
        steps.forEach((step, at) => setTimeout(step, 300 * (at + 1)));
    })"""
    assert person.page.evaluate(look) == ["Sedang dibuat… true", f"{idle} null"]
    assert len(person.posts) == 2, "a second press while it is on its way sends nothing"
    person.page.unroute("**/kuota")
    person.press(person.words["go_on"])
    assert person.page.url.endswith("/kontak")


NEVER_ANSWERED = """new Promise(seen => {
    const button = document.querySelector("main form[method=post] button.button");
    const states = [], now = Date.now, press = () => button.click();
    const later = () => { Date.now = () => now() + 25e3; };
    const note = () => states.push(button.textContent + " " + button.getAttribute("aria-disabled"));
    const steps = [press, note, later, press, note, () => stop(), () => seen(states)];
    steps.forEach((step, at) => setTimeout(step, 300 * (at + 1)));
})"""


def test_a_press_in_the_place_of_one_that_was_not_answered_is_on_its_way_as_well(visitor: Visitor) -> None:
    person = visitor()
    person.open("/kuota")
    person.page.route("**/kuota", lambda _: None)
    assert person.page.evaluate(NEVER_ANSWERED) == ["Sedang dibuat… true"] * 2
    assert len(person.posts) == 2


def test_a_file_that_is_on_its_way_for_long_does_not_start_again(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli")
    person.page.route("**/beli", lambda _: None)
    person.page.locator("input[type=file]").set_input_files(paper("surat.pdf", samples.letter()))  # type: ignore[arg-type]
    assert person.page.evaluate(NEVER_ANSWERED) == ["Sedang diunggah dan diperiksa… true"] * 2
    assert len(person.posts) == 1
