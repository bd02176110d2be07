"""Quota: bought, used on a document later, given back piece by piece; also to a bank account."""

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address
from tests.pdf import samples


def buy(person: Person, pieces: int, contact: str, *, channel: str = "qris") -> None:
    """Buys quota and pays."""
    person.open("/kuota")
    person.page.locator("#jumlah").fill(str(pieces))
    person.press("Lanjutkan")
    if "/kontak" in person.page.url:
        person.prove_contact(contact, spaced=False)
    person.page.locator(f"input[name=cara][value={channel}]").check()
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")


def approve_refund(person: Person, contact: str, *, shows: tuple[str, ...] = ()) -> None:
    """Sends the form that asks money back, and types the code that comes for it."""
    asked_at = time.time()
    person.press("Kirim kode")
    person.sees(re.compile(r"Kembalikan Rp[\d.]+\?"))
    for words in shows:
        person.sees(words)
    person.page.locator("#kode").fill(person.read_code(contact, asked_at))
    person.press("Ya, kembalikan Rp")


def test_quota_is_bought_used_and_the_rest_given_back(visitor: Visitor, tmp_path: Path) -> None:
    person, contact = visitor(), new_address()
    person.open("/kuota")
    person.approve("30-quota")
    buy(person, 3, contact)
    person.sees("Kuota Anda siap dipakai")
    person.approve("31-quota-ready")
    order_page = person.page.url

    paper = tmp_path / "Perjanjian.pdf"
    paper.write_bytes(samples.letter())
    person.open("/saya")
    person.sees("3 meterai siap dipakai")
    person.page.locator("#berkas").set_input_files(paper)
    person.press_and_wait("Unggah dan pilih letak")
    person.approve("32-quota-place")
    person.press("Simpan dan lanjutkan")
    person.page.wait_for_selector("[data-state=released]", timeout=40_000)
    person.approve("33-quota-stamped")
    assert person.download().startswith(b"%PDF-")
    person.open("/saya")
    person.sees("2 meterai siap dipakai")
    person.approve("34-mine")

    person.page.goto(order_page)
    person.page.locator("summary", has_text="Minta uangnya kembali").click()
    person.page.locator("input[name=keping]").fill("1")
    approve_refund(person, contact)
    person.sees("Pengembalian dana")
    person.page.wait_for_selector(".chip.done:has-text('Sudah kembali kepada Anda')", timeout=40_000)
    person.sees("Rp12.500 · 1 keping")
    person.approve("35-refunded")
    person.open("/saya")
    person.sees("1 meterai siap dipakai")


def test_stamps_of_one_document_from_several_purchases_are_told_apart_from_too_few(visitor: Visitor) -> None:
    person, contact = visitor(scripts=False), new_address()
    buy(person, 1, contact)
    buy(person, 1, contact)
    person.open("/saya")
    person.sees("2 meterai siap dipakai")
    person.page.locator("#berkas").set_input_files(
        {"name": "dua.pdf", "mimeType": "application/pdf", "buffer": samples.letter()}
    )
    person.press_and_wait("Unggah dan pilih letak")
    person.press("Tambah meterai pada dokumen ini")
    person.press(person.words["save_place"])
    person.sees("Kuota Anda cukup, tetapi terbagi")
    person.sees("beli 2 keping sekaligus")
    person.sees("Kuota Anda tidak terpakai")


def test_more_than_what_is_unused_is_refused_with_the_number_that_is_left(visitor: Visitor) -> None:
    person = visitor()
    buy(person, 2, new_address())
    person.page.locator("summary", has_text="Minta uangnya kembali").click()
    person.page.locator("input[name=keping]").fill("5")
    person.press("Kirim kode")
    person.sees("Kuota yang belum dipakai tidak sebanyak itu")
    person.approve("36-refund-refused")


@pytest.mark.long
def test_money_paid_by_virtual_account_goes_back_to_an_account_that_is_named_later(visitor: Visitor) -> None:
    person, contact = visitor(width=1200), new_address()
    buy(person, 1, contact, channel="va_bni")
    number = person.page.url.rpartition("/")[2]
    person.page.locator("summary", has_text="Minta uangnya kembali").click()
    person.approve("37-refund-account")
    person.page.locator("select[name=bank]").select_option("bca")
    person.page.locator("input[name=rekening]").fill("1234 5678 90")
    person.page.locator("input[name=pemilik]").fill("Sri Wahyuni")
    approve_refund(person, contact, shows=("1234567890", "Sri Wahyuni"))
    person.page.wait_for_selector(".chip.done:has-text('Sudah kembali kepada Anda')", timeout=60_000)
    person.approve("38-refund-paid-out")

    anybody = visitor()
    anybody.open(f"/uang?nomor={number}")
    anybody.sees("Semua uang sudah kembali kepada Anda")
    assert "Wahyuni" not in anybody.page.content()
    anybody.approve("39-where-is-my-money")


def test_an_account_with_a_wrong_number_is_typed_once(visitor: Visitor) -> None:
    person, contact = visitor(scripts=False), new_address()
    buy(person, 2, contact, channel="va_bni")
    person.page.locator("summary", has_text="Minta uangnya kembali").click()
    person.page.locator("input[name=keping]").fill("1")
    person.page.locator("select[name=bank]").select_option("bca")
    person.page.locator("input[name=rekening]").fill("12")
    person.page.locator("input[name=pemilik]").fill("Sri <Wahyuni>")
    person.press("Kirim kode")
    person.sees("Nomor rekeningnya belum benar")
    assert person.page.locator("input[name=pemilik]").input_value() == "Sri <Wahyuni>"
    assert person.page.locator("select[name=bank]").input_value() == "bca"
    assert person.page.locator("input[name=keping]").input_value() == "1"
    person.approve("37-refund-account-wrong")
    person.page.locator("input[name=rekening]").fill("1234567890")
    approve_refund(person, contact, shows=("1234567890", "Sri <Wahyuni>"))
    person.sees("Pengembalian dana")


@pytest.mark.parametrize(("scripts", "language"), [(False, "id"), (True, "en")])
def test_a_contact_is_added_and_another_removed(visitor: Visitor, *, scripts: bool, language: str) -> None:
    person, old, new = visitor(scripts=scripts, language=language), new_address(), new_address()
    add, remove, here = {
        "id": ("Tambah kontak", "Hapus kontak ini", "Kirim kode ke sini"),
        "en": ("Add a contact", "Remove this contact", "Send a code here"),
    }[language]
    person.open("/saya")
    person.prove_contact(old)
    person.open("/saya/kontak")
    person.sees(add)
    person.prove_contact(new)
    person.approve("48-contacts")
    asked_at = time.time()
    person.press(here)
    person.page.locator("#kode").fill(person.read_code(new, asked_at))
    person.press(person.words["go_on"])
    person.press(remove)
    assert person.page.locator("li.item").count() == 1
    person.approve("49-contact-removed")


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    person = visitor()
    person.open("/saya")
    person.approve("40-sign-in")
    person.prove_contact("0812" + str(hash(new_address()) % 10**8).zfill(8))
    person.sees("0")
    person.approve("41-mine-empty")
    person.press("Keluar")
    person.open("/saya")
    person.sees("Kirim kode")


def test_a_wrong_code_is_counted_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    person = visitor()
    person.open("/saya")
    person.page.locator("#kontak").fill("bukan alamat")
    person.press("Kirim kode")
    person.sees("Ini belum berbentuk alamat")
    assert person.page.locator("#kontak").input_value() == "bukan alamat"
    person.approve("42-contact-unreadable")
    person.page.locator("#kontak").fill(new_address())
    person.press("Kirim kode")
    person.approve("43-code")
    person.page.locator("#kode").fill("000000")
    person.press("Lanjutkan")
    person.sees("Sisa percobaan: 4")
    person.approve("44-code-wrong")


def test_my_stamps_fit_a_small_phone_whatever_the_contact(visitor: Visitor) -> None:
    person = visitor(width=320)
    person.open("/saya")
    person.prove_contact(f"sri-{uuid.uuid4()}@subdomainyangpanjang.sekolahku.contoh.id")
    person.approve("47-mine-long-contact")


def test_a_company_buys_many_pieces_with_its_npwp(visitor: Visitor) -> None:
    person, contact = visitor(scripts=False), new_address()
    person.open("/kuota")
    person.page.locator("#jumlah").fill("2.500")
    person.press("Lanjutkan")
    person.sees("hanya untuk pembeli dengan NPWP")
    person.approve("250-large-quota-refused")
    person.page.locator("#pembeli").fill("PT Maju Bersama")
    person.page.locator("#npwp").fill("0123 4567 8901 2000")
    person.press("Lanjutkan")
    person.prove_contact(contact, spaced=False)
    ways = person.page.locator("input[name=cara]")
    assert all((ways.nth(n).get_attribute("value") or "").startswith("va_") for n in range(ways.count()))
    ways.first.check()
    person.approve("251-large-check")
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")
    person.open(f"/pesanan/{person.page.url.rpartition('/')[2]}/kuitansi")
    person.sees("PT Maju Bersama")
    person.sees("0123 4567 8901 2000")
    person.approve("252-receipt")
