"""Many documents at once: a ZIP on a phone, loose files at a desk without scripts; checked, stamped, kept."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy
from tests.pdf import samples, signed_files
from tests.stamping.letters import make_letter


def packed(files: dict[str, bytes]) -> dict[str, object]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return {"name": "kontrak.zip", "mimeType": "application/zip", "buffer": out.getvalue()}


def loose(name: str, text: str) -> dict[str, object]:
    return {"name": name, "mimeType": "application/pdf", "buffer": make_letter(text, pages=2)}


def fetch(person: Person, words: str) -> bytes:
    with person.page.expect_download() as caught:
        person.page.locator("a[download]", has_text=words).first.click()
    return Path(caught.value.path()).read_bytes()


def test_a_zip_is_checked_stamped_and_fetched(visitor: Visitor) -> None:
    person, contact = visitor(), new_address()
    buy(person, 4, contact)
    person.open("/saya")
    person.approve("50-mine-many")
    person.press("Banyak dokumen sekaligus")
    person.approve("51-many-upload")
    given = {
        "Jakarta/Perjanjian Sri.pdf": make_letter("Sri"),
        "Jakarta/Perjanjian Budi.pdf": make_letter("Budi"),
        "Bandung/Perjanjian Wati.pdf": make_letter("Wati"),
        "Bandung/rusak.pdf": b"%PDF-1.7 rusak",
        "Bandung/lama.zip": b"PK\x03\x04",
    }
    person.page.locator("#berkas").set_input_files([packed(given)])  # type: ignore[list-item]
    person.press("Unggah dan periksa")
    person.sees("3 dokumen siap diberi meterai")
    person.sees("2 berkas tidak dapat diberi meterai")
    person.sees("Memakai 3 dari 4 kuota Anda.")
    person.sees("Tidak ada yang tampak menyimpang.")
    expect(person.page.locator(".thumb img").first).to_have_js_property("complete", value=True)
    person.approve("52-many-checked")
    person.page.locator(".thumb").first.click()
    person.page.wait_for_selector("[data-place]")
    person.page.locator("[data-place]").click(position={"x": 60, "y": 300})
    person.approve("52-many-moving")
    person.press("Simpan dan kembali")
    person.sees("Anda atur sendiri.")
    assert person.page.url.endswith(person.page.locator(".thumbs li").first.get_attribute("id") or "-")
    person.press("Beri meterai pada 3 dokumen")
    person.page.wait_for_selector("[data-state=ended]", timeout=40_000)
    person.sees("3 dari 3 sudah diberi meterai")
    person.approve("53-many-stamped")

    with zipfile.ZipFile(io.BytesIO(fetch(person, "Unduh semuanya"))) as archive:
        stamped = {name: archive.read(name) for name in archive.namelist()}
    assert set(stamped) == {name for name in given if "Perjanjian" in name}
    assert all(b"/ByteRange" in content for content in stamped.values())
    rows = list(csv.reader(io.StringIO(fetch(person, "Unduh laporan").decode("utf-8-sig"))))
    assert len(rows) == 6
    serials = {row[2] for row in rows[1:] if row[2]}
    assert len(serials) == 3
    assert fetch(person, "Unduh Bandung") in stamped.values(), "each file by itself too"
    person.open("/saya")
    person.sees("1 meterai siap dipakai")
    person.sees("3 dari 5 sudah diberi meterai")
    person.approve("57-mine-bundles")

    desk = visitor(width=1200, scripts=False, language="en")
    desk.open("/saya")
    desk.prove_contact(contact)
    desk.open("/saya/banyak")
    desk.sees("3 of 5 stamped")
    desk.approve("54-many-again")
    desk.page.locator("#berkas").set_input_files(
        [loose("A.pdf", "Satu"), loose("B.pdf", "Dua")]  # type: ignore[list-item]
    )
    desk.press("Upload and check")
    desk.sees("2 needed, 1 available, 1 missing")
    desk.approve("55-many-too-little-quota")
    desk.page.get_by_role("button", name="Take out B.pdf").click()
    desk.sees("1 document is ready to be stamped")
    desk.page.locator("summary", has_text="One place, the same for all").click()
    desk.page.locator("input[name=letak][value=bawah_kanan]").check()
    desk.page.locator("#halaman").select_option("pertama")
    desk.press("Stamp 1 document")
    deadline = time.monotonic() + 30
    while not desk.page.locator("[data-state=ended]").count():
        assert time.monotonic() < deadline, "the page follows by its refresh"
        time.sleep(0.5)
    desk.sees("All stamped")
    desk.approve("56-many-done")


@pytest.mark.long
def test_what_was_found_is_told_and_what_is_stamped_already_is_set_apart(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 3, new_address())
    check(person, {"kosong.pdf": signed_files.waiting(), "dengan lampiran.pdf": samples.living()})
    person.sees("Yang perlu Anda ketahui")
    person.approve("57-many-told")
    person.page.get_by_role("button", name="Keluarkan dengan lampiran.pdf").click()
    person.page.locator("input[name=sesudah][value=tanda_tangan]").check()
    person.press("Beri meterai pada 1 dokumen")
    person.page.wait_for_selector("[data-state=ended]", timeout=40_000)
    with zipfile.ZipFile(io.BytesIO(fetch(person, "Unduh semuanya"))) as archive:
        old = archive.read("kosong.pdf")

    check(person, {"lama.pdf": old, "baru.pdf": make_letter("Baru")})
    person.sees("1 dokumen siap diberi meterai")
    person.sees("1 dokumen sudah bermeterai")
    person.approve("58-many-stamped-already")
    person.page.locator("input[name=lagi]").check()
    person.press("Beri meterai sekarang")
    person.page.wait_for_selector("[data-state=ended]", timeout=40_000)
    person.sees("2 dari 2 sudah diberi meterai")


def check(person: Person, files: dict[str, bytes]) -> None:
    person.open("/saya/banyak")
    person.page.locator("#berkas").set_input_files([packed(files)])  # type: ignore[list-item]
    person.press("Unggah dan periksa")
