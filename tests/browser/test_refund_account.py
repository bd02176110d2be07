"""Asking money back to an account: a code, a wait, and a message that stops it, as people see them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.browser.canary import assert_unmarked, cookies_of
from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address
from tests.running_service import RunningService, running_service

WORDS = {
    "id": {
        "ask": "Minta uangnya kembali",
        "give": "Kirim kode",
        "choose": "Kirim kode ke mana?",
        "add": "Tambah kontak",
        "approve": "Ya, kembalikan Rp25.000",
        "waits": "Menunggu sebelum dikirim",
        "stop": "Ya, hentikan",
        "stopped": "Pengiriman sudah dihentikan",
        "name": "Kembalikan ke rekening ini",
        "renamed": "Rekening lain sudah diisi",
    },
    "en": {
        "ask": "Ask for the money back",
        "give": "Send the code",
        "choose": "Where shall we send the code?",
        "add": "Add a contact",
        "approve": "Yes, return Rp25.000",
        "waits": "Waiting before it is sent",
        "stop": "Yes, stop it",
        "stopped": "Sending was stopped",
        "name": "Send my refund to this account",
        "renamed": "Another account was named",
    },
}


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    """A service whose payouts wait, as an operator's do. It logs all that it ever logs."""
    more = {"METERAI_REFUND_WAIT_MINUTES": "30", "METERAI_LOG_LEVEL": "DEBUG"}
    with running_service(more) as service:
        yield service


def buy_by_transfer(person: Person, contact: str) -> None:
    """Buys two stamps over a virtual account."""
    person.open("/kuota")
    person.page.locator("#jumlah").fill("2")
    person.press(person.words["go_on"])
    if "/kontak" in person.page.url:
        person.prove_contact(contact)
    person.page.locator("input[name=cara][value=va_bni]").check()
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")


def fill_account(person: Person, number: str) -> None:
    """Fills in a bank account."""
    person.page.locator("select[name=bank]").select_option("bni")
    person.page.locator("input[name=rekening]").fill(number)
    person.page.locator("input[name=pemilik]").fill("Sri Wahyuni")


def type_code(person: Person, contact: str, asked_at: float) -> str:
    """Types the code that came to a contact, and returns it."""
    code = person.read_code(contact, asked_at)
    person.page.locator("#kode").fill(code)
    person.page.locator("main button").first.click()
    person.page.wait_for_load_state("domcontentloaded")
    return code


def name_buyer(person: Person, order: str) -> None:
    """Puts a name and an NPWP on the receipt of an order."""
    person.go(order + "/kuitansi")
    person.page.locator("details summary").last.click()
    person.page.locator("#pembeli").fill("Sri Wahyuni Lestari")
    person.page.locator("#npwp").fill("0123456789012345")
    person.page.locator("main form button").last.click()
    person.sees("Sri Wahyuni Lestari")


@pytest.mark.everyday("360-False-id")
@pytest.mark.parametrize(("width", "scripts", "language"), [(360, False, "id"), (1200, True, "en")])
def test_an_account_is_named_with_a_code_and_stopped_by_the_message(
    visitor: Visitor, service: RunningService, *, width: int, scripts: bool, language: str
) -> None:
    person, first, second = visitor(width=width, scripts=scripts, language=language), *contacts()
    words = WORDS[language]
    buy_by_transfer(person, first)
    order = person.page.url.partition("#")[0]
    name_buyer(person, order)
    person.open("/saya/kontak")
    person.sees(words["add"])
    person.prove_contact(second)
    person.go(order)
    person.page.locator("summary", has_text=words["ask"]).click()
    fill_account(person, "1234 5678 90")
    person.press(words["give"])
    person.sees(words["choose"])
    person.approve("50-refund-choose-contact")
    assert first not in person.page.content()
    asked_at = time.time()
    person.page.locator("input[name=kontak_id]").last.check()
    person.page.locator("main button").first.click()
    person.sees("1234567890")
    person.approve("51-refund-code")
    person.page.locator("#kode").fill("000000")
    person.press(words["approve"])
    person.sees("Sri Wahyuni")
    person.approve("52-refund-code-wrong")
    told_at = time.time()
    codes = [type_code(person, second, asked_at)]
    person.sees(words["waits"])
    person.page.locator("details[id^=ganti] summary").click()
    person.approve("53-refund-waits")

    stop = person.read_word(first, told_at, r"(https?://\S+/hentikan/\S+)")
    assert person.read_word(second, told_at, r"(https?://\S+/hentikan/\S+)") == stop
    stranger = visitor(width=width, scripts=scripts, language=language)
    path = stop[stop.index("/hentikan/") :]
    stranger.open(path)
    stranger.sees("Rp25.000")
    stranger.approve("54-refund-stop")
    stranger.press(words["stop"])
    stranger.sees(words["stopped"])
    stranger.approve("55-refund-stopped")
    person.go(order)
    person.approve("56-refund-needs-account-again")
    number = re.sub(r".*/", "", order.partition("#")[0])
    stranger.open(f"/uang?nomor={number}")
    fill_account(person, "5555666677")
    person.press(words["name"])
    person.sees(words["choose"])
    asked_at = time.time()
    person.page.locator("input[name=kontak_id]").first.check()
    person.page.locator("main button").first.click()
    person.sees("5555666677")
    codes.append(type_code(person, first, asked_at))
    person.sees(words["waits"])
    stranger.open(f"/uang?nomor={number}")
    stranger.approve("57-refund-waits-money")
    stranger.open(path)
    stranger.sees(words["renamed"])
    stranger.approve("58-refund-renamed")
    names = ("Sri Wahyuni", "Sri Wahyuni Lestari", "0123456789012345", "1234567890", "5555666677")
    links = [path.rpartition("/")[2], *cookies_of(person), *cookies_of(stranger)]
    phone = second.lstrip("0")
    assert_unmarked(service, [*names, *links, *codes, first, second, phone, f"62{phone}", f"+62{phone}"])


def contacts() -> tuple[str, str]:
    """An address and a telephone that nobody has had before."""
    return new_address(), f"0812{uuid.uuid4().int % 10**8:08}"


def test_the_terms_say_what_stands_before_money(visitor: Visitor) -> None:
    for language in ("id", "en"):
        person = visitor(language=language)
        person.open("/pengembalian")
        person.sees("30")
        person.approve("59-refund-terms")
