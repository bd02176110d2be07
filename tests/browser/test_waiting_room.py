"""The way through the waiting room in a real browser, with a real gate.

People join, wait, are called, prove the contact, enter and buy. The tests also see what people get when they
can't.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from meterai.waiting_room.rules.model import QueueState
from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import PEOPLE, Person, Site
from tests.browser.queued_site import QueuedSite, open_queued_site
from tests.pdf import samples

JOIN = {"id": "Ambil tempat", "en": "Take a place"}
ENTER = {"id": "Masuk sekarang", "en": "Enter now"}

type Arrive = Callable[..., Person]


@pytest.fixture(scope="module")
def queued_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueuedSite]:
    """A service behind a gate, one for all tests of this file."""
    with open_queued_site(tmp_path_factory.mktemp("hall")) as queued_site:
        yield queued_site


@pytest.fixture
def arrive(chromium: Browser, queued_site: QueuedSite) -> Iterator[Arrive]:
    """Makes people; the queue is open and nobody is called yet."""
    queued_site.open_door()
    queued_site.publish(QueueState.OPEN)
    addresses = queued_site.service.addresses
    site = Site(addresses.site, addresses.inbox, addresses.gateway, SCREENSHOTS, queued_site.gate)
    people: list[Person] = []

    def come(*, width: int = 360, scripts: bool = True, language: str = "id") -> Person:
        person = Person(chromium, site, width=width, scripts=scripts, language=language)
        people.append(person)
        return person

    yield come
    for person in people:
        person.leave()


@pytest.fixture
def papers(tmp_path: Path) -> tuple[Path, Path]:
    letter, statement = tmp_path / "Surat lamaran.pdf", tmp_path / "Surat pernyataan.pdf"
    letter.write_bytes(samples.letter())
    statement.write_bytes(samples.two_pages())
    return letter, statement


def new_address() -> str:
    return f"pelamar-{uuid.uuid4().hex[:10]}@contoh.id"


def join(person: Person, contact: str) -> str:
    """Takes a place at the gate. Returns the ticket."""
    person.open("/beli?acara=casn")
    assert person.page.url.startswith(person.site.gate), "who has no place is led to the gate"
    person.page.locator("#kontak").fill(contact)
    person.press(JOIN[person.language])
    found = re.search(r"/t/([A-Za-z0-9_-]{128})$", person.page.url)
    assert found, person.page.url
    return found[1]


def be_called(person: Person, queued_site: QueuedSite) -> None:
    """The turn comes, and the wait page says so."""
    queued_site.close_windows()
    queued_site.call_everybody()
    see_turn(person)


def see_turn(person: Person) -> None:
    """Looks at the wait page until it says that the turn has come."""
    deadline = time.monotonic() + 15
    while not person.page.get_by_role("button", name=ENTER[person.language]).count():
        assert time.monotonic() < deadline, "never called"
        time.sleep(0.3)
        person.look_again()


def prove(person: Person, contact: str) -> None:
    """Types the contact and the code that comes there."""
    asked_at = time.time()
    field = person.page.locator("#kontak")
    if field.count():  # the browser in which it was typed does not ask for it again
        field.fill(contact)
    person.press(person.words["send_code"])
    code = person.read_code(contact, asked_at)
    person.page.locator("#kode").fill(code)
    person.press(person.words["go_on"])


def enter(person: Person, queued_site: QueuedSite, contact: str) -> None:
    """From the gate to the upload form."""
    join(person, contact)
    be_called(person, queued_site)
    person.press(ENTER[person.language])
    prove(person, contact)
    assert "/beli?acara=casn" in person.page.url


@pytest.mark.everyday("phone")
@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_an_applicant_waits_enters_and_buys_without_a_second_code(
    queued_site: QueuedSite,
    arrive: Arrive,
    papers: tuple[Path, Path],
    width: int,
    scripts: bool,
    language: str,
) -> None:
    person, contact = arrive(width=width, scripts=scripts, language=language), new_address()
    ticket = join(person, contact)
    person.open("/casn/masuk")
    assert person.page.url.endswith(ticket), "who is not called goes back to the wait page"
    be_called(person, queued_site)
    person.press(ENTER[language])
    person.approve("60-claim")
    person.sees(contact)
    asked_at = time.time()
    person.press(person.words["send_code"])
    person.approve("62-claim-code")
    person.page.locator("#kode").fill(person.read_code(contact, asked_at))
    person.press(person.words["go_on"])

    person.upload(*papers)
    person.press(person.words["next_document"])
    person.press(person.words["save_place"])
    assert person.page.url.endswith("/bayar"), "the contact is proven already"
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.open("/beli?acara=casn")
    assert re.search(r"/pesanan/[0-9A-Z-]+$", person.page.url), "one pass is one order"
    queued_site.publish(QueueState.HALTED)
    person.pay()
    person.wait_for_state("completed")
    assert person.download().startswith(b"%PDF-"), "what is paid is never behind the queue"


def test_another_phone_with_the_same_ticket_proves_the_contact_and_gets_the_same_pass(
    queued_site: QueuedSite, arrive: Arrive
) -> None:
    first, second, contact = arrive(), arrive(language="en"), new_address()
    enter(first, queued_site, contact)
    kept = next(c["value"] for c in first.context.cookies() if c["name"] == "antre_casn")
    second.open(f"/casn/masuk/t/{kept}")
    assert kept not in second.page.url
    second.sees("You may enter already")
    second.approve("63-claim-second-phone")
    assert contact not in second.page.content(), "a link shows no contact in full"
    second.page.locator("#kontak").fill(new_address())
    second.press(second.words["send_code"])
    second.approve("61-claim-other-contact")
    prove(second, contact)
    assert "/beli?acara=casn" in second.page.url


@pytest.mark.everyday("phone")
@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_at_a_full_door_people_are_told_and_enter_by_themselves_when_there_is_room(
    queued_site: QueuedSite, arrive: Arrive, width: int, scripts: bool, language: str
) -> None:
    person, contact = arrive(width=width, scripts=scripts, language=language), new_address()
    join(person, contact)
    be_called(person, queued_site)
    queued_site.fill_door()
    person.press(ENTER[language])
    prove(person, contact)
    person.sees({"id": "Sedang penuh, tunggu sebentar", "en": "Full for a moment, please wait"}[language])
    person.approve("64-door-full")
    queued_site.open_door()
    person.page.wait_for_url("**/beli?acara=casn", timeout=40_000)


@pytest.mark.everyday("360-id")
@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_a_halt_is_said_plainly_and_nobody_loses_a_place(
    queued_site: QueuedSite, arrive: Arrive, width: int, language: str
) -> None:
    person, contact = arrive(width=width, language=language), new_address()
    join(person, contact)
    be_called(person, queued_site)
    queued_site.publish(QueueState.HALTED)
    person.open("/casn/masuk")
    person.sees({"id": "Antrean berhenti sebentar", "en": "The queue is held for a moment"}[language])
    person.approve("65-halted")
    queued_site.publish(QueueState.OPEN)
    person.open("/casn/masuk")
    person.sees({"id": "Giliran Anda", "en": "It is your turn"}[language])


@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_a_ticket_can_be_pasted_with_whatever_stands_around_it(
    arrive: Arrive, width: int, language: str
) -> None:
    person = arrive(width=width, language=language)
    ticket = join(person, new_address())
    other = arrive(width=width, language=language)
    other.open("/casn/masuk")
    other.approve("66-claim-without-ticket")
    other.page.locator("#tiket").fill("bukan tiket")
    other.press({"id": "Lanjutkan", "en": "Continue"}[language])
    other.approve("66-claim-not-a-ticket")
    other.page.locator("#tiket").fill(f"casn {ticket[:70]}\n{ticket[70:]}")
    other.press({"id": "Lanjutkan", "en": "Continue"}[language])
    assert other.page.url.endswith(ticket), "not called yet"


@pytest.mark.parametrize(("width", "scripts", "language"), [(360, False, "id"), (1200, True, "en")])
def test_a_link_that_brings_another_ticket_asks_which_it_is_to_be(
    arrive: Arrive, width: int, scripts: bool, language: str
) -> None:
    person = arrive(width=width, scripts=scripts, language=language)
    mine, other = join(person, new_address()), join(arrive(), new_address())
    keep, replace = {
        "id": ("Simpan tempat saya", "Ganti dengan tiket yang lain"),
        "en": ("Keep my place", "Replace it with the other ticket"),
    }[language]
    for button, ticket in ((keep, mine), (replace, other)):
        person.open(f"/casn/masuk/t/{other}")
        person.approve("69-another-ticket")
        person.press(button)
        assert person.page.url.endswith(ticket), "not called yet"


def test_who_was_inside_when_the_queue_was_switched_on_stays_inside(
    queued_site: QueuedSite, arrive: Arrive, papers: tuple[Path, Path]
) -> None:
    queued_site.publish(QueueState.DIRECT)
    time.sleep(1.1)  # the site looks once a second
    person, late = arrive(), arrive()
    person.open("/beli?acara=casn")
    queued_site.publish(QueueState.OPEN)
    time.sleep(1.1)
    late.open("/beli?acara=casn")
    assert late.page.url.startswith(late.site.gate)
    person.upload(*papers)
    person.press(person.words["next_document"])
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")


@pytest.mark.everyday("360-id")
@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_being_told_is_asked_for_and_stopped(
    queued_site: QueuedSite, arrive: Arrive, width: int, language: str
) -> None:
    person, contact = arrive(width=width, language=language), new_address()
    join(person, contact)
    person.open("/casn/kabari")
    prove(person, contact)
    person.approve("67-will-be-told")
    person.press({"id": "Tidak usah dikabari", "en": "Do not tell me"}[language])
    person.approve("67-tell-me")
    person.press({"id": "Kabari saya", "en": "Tell me"}[language])
    asked_at = time.time()
    queued_site.close_windows()
    queued_site.tell("UPDATE waiting_room.queue SET revealed_through = frontier_window + 1000")
    queued_site.call_everybody()
    link = person.read_word(contact, asked_at, r"(http://localhost:\d+\S*/antre/casn/t/[A-Za-z0-9_-]{128})")
    person.go(link)
    see_turn(person)


@pytest.mark.everyday("1200-en")
@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_who_was_in_line_at_the_closing_takes_a_certificate_home_that_anyone_can_check(
    queued_site: QueuedSite, arrive: Arrive, tmp_path: Path, width: int, language: str
) -> None:
    person, contact = arrive(width=width, language=language), new_address()
    join(person, contact)
    queued_site.close_windows()
    queued_site.set_closing(int(time.time()) - 1)
    queued_site.publish(QueueState.CLOSED)
    try:
        person.open("/casn/sertifikat")
        prove(person, contact)
        person.sees({"id": "ia masih mengantre", "en": "they were still waiting"}[language])
        person.approve("68-certificate")
        code = person.page.locator(".facts .mono").first.inner_text()
        with person.page.expect_download() as caught:
            person.page.locator("a[download]").click()
        file = tmp_path / "sertifikat.txt"
        caught.value.save_as(file)
        agency = arrive(width=width, language=language)
        agency.open("/antrean/sertifikat")
        agency.approve("69-certificate-check")
        agency.page.locator("#kode").fill(code.lower())
        agency.page.locator("form[method=get] button").click()
        genuine = {"id": "Bukti antre ini asli", "en": "This certificate is genuine"}[language]
        agency.sees(genuine)
        agency.approve("69-certificate-genuine")
        agency.open("/antrean/sertifikat")
        agency.page.locator("#berkas").set_input_files(file)
        agency.page.locator("form[enctype] button").click()
        agency.sees(genuine)
        file.write_text(file.read_text().replace('"not_called"', '"door_full"'))
        agency.open("/antrean/sertifikat")
        agency.page.locator("#berkas").set_input_files(file)
        agency.page.locator("form[enctype] button").click()
        agency.sees({"id": "tidak asli", "en": "not genuine"}[language])
        agency.approve("69-certificate-forged")
    finally:
        queued_site.set_closing(queued_site.queue.schedule.closes_at)


def set_share(queued_site: QueuedSite, places: float) -> None:
    """The general shop has this number of places from now on, and gets no more."""
    queued_site.tell(
        "UPDATE waiting_room.general_share SET level = $1, filled_at = $2", places, time.time() + 9_999
    )


@pytest.mark.everyday("desk-without-scripts-english")
@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_who_wants_to_go_round_the_line_by_the_general_shop_is_told_what_to_do(
    queued_site: QueuedSite,
    arrive: Arrive,
    papers: tuple[Path, Path],
    width: int,
    scripts: bool,
    language: str,
) -> None:
    time.sleep(1.1)  # the site looks once a second
    person = arrive(width=width, scripts=scripts, language=language)
    again = {"id": "Coba lagi", "en": "Try again"}[language]
    set_share(queued_site, 0)
    person.open("/beli")
    person.sees({"id": "jatah menit ini habis", "en": "this minute's places are taken"}[language])
    person.approve("68-shop-full")
    set_share(queued_site, 10)
    person.press(again)
    person.sees({"id": "Tempat Anda baru diambil saat", "en": "Your place is taken only when"}[language])
    person.approve("68-shop-form")
    set_share(queued_site, 0)
    person.upload(papers[0])
    person.sees({"id": "belum menjadi pesanan", "en": "has not become an order"}[language])
    person.approve("68-shop-too-late")
    set_share(queued_site, 10)
    person.press(again)
    person.upload(papers[0])
    assert re.search(r"/pesanan/[^/]+/letak/1", person.page.url)
    set_share(queued_site, 1)
    person.open("/kuota")
    person.sees({"id": "disimpan untuk jaringan lain", "en": "kept for other networks"}[language])
    person.approve("68-shop-for-others")
    set_share(queued_site, 10)
    person.press(again)
    person.approve("68-shop-quota")
