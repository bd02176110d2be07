"""The evening, step by step. Each step does something, asserts what must follow, and takes a picture."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from playwright.sync_api import Browser

from simulator.crowd.papers import make_letter
from simulator.crowd.service import find_service
from simulator.rehearsal.schedule import FaultKind
from simulator.rehearsal.victims import Victim, strike, victims
from tests.evening.album import Album
from tests.evening.apology import publish_apology
from tests.evening.console import Desk
from tests.evening.customers import PHONE, Customer
from tests.evening.people import Evening
from tests.evening.place import WIB, Place
from tests.evening.readers import Reader, measure, told
from tests.evening.statement import check_statement

PEOPLE_PER_SECOND: Final = 1.0
TITLE: Final = "QRIS payments do not reach us."
DECLARED: Final = {
    "judul_id": "Pembayaran QRIS tidak sampai kepada kami.",
    "judul_en": TITLE,
    "teks_id": "Penyedia pembayaran tidak menjawab. Uang yang sudah dibayar menjadi meterai atau kembali.",
    "teks_en": "The payment provider does not answer. Paid money becomes a stamp or comes back.",
    "menit": "20",
}
ENDED: Final = {
    "teks_id": "Pembayaran berjalan lagi. Semua pembayaran yang terlambat sudah diproses.",
    "teks_en": "Payments work again. All late payments have been processed.",
}
SARIS_PAPERS: Final = 2
RINAS_RUPIAH: Final = 25_000
_LINE_MIN: Final = 8


@dataclass(slots=True)
class Story:
    """The evening of one service."""

    place: Place
    chromium: Browser
    album: Album
    crowd: Evening = field(init=False)
    gateway: Victim = field(init=False)
    officer: Desk = field(init=False)
    colleague: Desk = field(init=False)
    """Approves what the officer asks for."""
    finished: int = 0
    """People of the crowd who have their stamped papers."""

    def play(self) -> None:
        """Plays it from 23.20 WIB until after midnight. Raises: AssertionError for what goes wrong."""
        service = find_service(self.place.service.data)
        [self.gateway] = victims(service.pid, FaultKind.GATEWAY_DOWN)
        self.officer, self.colleague = self._desk("ani"), self._desk("budi")
        sari, rina, budi = (self._customer() for _ in range(3))
        letter = make_letter("SURAT LAMARAN", "Pelamar Malam", size_bytes=60_000)
        try:
            sari.order_stamp()
            rina.order_stamp()
            sari.picture("01-ready-to-pay")
            with Evening.of(service, letter, per_second=PEOPLE_PER_SECOND) as self.crowd:
                self._live_through(sari, rina, budi)
        finally:
            strike(self.gateway, signal.SIGCONT)  # a frozen process would not hear that it shall end
        for customer in (sari, rina, budi):
            customer.person.leave()
        self._close_day()

    def _live_through(self, sari: Customer, rina: Customer, budi: Customer) -> None:
        officer = self.officer
        self._quiet()
        self._gateway_dies(sari, rina, budi)
        self._officer_tells(officer, sari, budi)
        self._gateway_returns(sari, rina)
        self._officer_ends(officer)

    def _quiet(self) -> None:
        self._say("People apply for CASN. Nobody waits.")
        self._until(lambda: len(self.crowd.crowd.finished) >= 3, 60, "three people with stamped papers")
        assert self._line()["state"] == "direct", self._line()

    def _gateway_dies(self, sari: Customer, rina: Customer, budi: Customer) -> None:
        rina.cancel()
        rina.pay_cancelled_order()
        strike(self.gateway, signal.SIGSTOP)
        sari.pay_to_dead_gateway()
        self._say("The payment gateway dies. Sari pays. Rina has paid and cancelled. We hear of neither.")
        self._until(lambda: self._line()["waiting"] >= _LINE_MIN, 60, f"{_LINE_MIN} people in line")
        budi.join_line()
        self._say(f"The line grows: {self._line()['waiting']} people. Budi takes a place in it.")
        budi.picture("02-in-line")

    def _officer_tells(self, officer: Desk, sari: Customer, budi: Customer) -> None:
        officer.sign_in()
        officer.look_now("The gateway midtrans refuses", picture="03-officer-now")
        began = f"{self.place.clock.now().astimezone(WIB):%Y-%m-%d}T23:20"
        officer.declare({**DECLARED, "mulai": began}, component="payment", picture="03-officer-preview")
        readers = self._readers(sari, budi)
        for name, reader in readers.items():
            text = reader.reads()
            assert text, f"{name} does not answer"
            assert TITLE not in text, f"{name} has the news before they are published"
        since = time.monotonic()
        officer.publish()
        seconds = measure(readers, TITLE, since=since)
        self._say("An officer declares the incident. Seconds until it could be read: " + told(seconds))
        sari.reads("/", TITLE)
        sari.picture("04-home")
        sari.person.go(sari.order)
        budi.person.look_again()
        budi.picture("05-wait-page")
        status_page = self.chromium.new_page(viewport=PHONE)
        status_page.goto(f"{self.place.service.addresses.status}/en/")
        self.album.take(status_page, "06-status-page")

    def _gateway_returns(self, sari: Customer, rina: Customer) -> None:
        sari.sees_state("awaiting_payment")
        rina.person.look_again()
        rina.sees_state("cancelled")
        strike(self.gateway, signal.SIGCONT)
        sari.sees_state("completed", 90)
        assert sari.person.download().startswith(b"%PDF-")
        sari.picture("07-late-and-stamped")
        self._until(lambda: rina.at_gateway() == "refund", 90, "Rina's money on its way back")
        rina.person.look_again()
        rina.picture("08-late-and-returned")
        self._say("The gateway is back. Sari's late payment became a stamp, Rina's money went back.")

    def _officer_ends(self, officer: Desk) -> None:
        counts = self.crowd.end()
        self.finished, came = len(self.crowd.crowd.finished), counts["came"]
        assert self.finished > counts["refused"], counts
        assert counts["lost"] + counts["unfinished"] == 0, (counts, self.crowd.crowd.problems)
        self._say(
            f"{came} people came. {self.finished} have their papers, {counts['refused']} have their money."
        )
        self._until(lambda: self._line()["state"] == "direct", 90, "nobody in line")
        officer.tell(1, ENDED, state="resolved")
        home = {"home": Reader(f"{self.place.service.addresses.site}/en")}
        since = time.monotonic()
        officer.publish()
        seconds = measure(home, TITLE, since=since, there=False)
        self._say("The officer ends the incident. Seconds until it was gone: " + told(seconds))
        self.album.take(officer.page, "09-ended", height=900)

    def _close_day(self) -> None:
        day = self.place.clock.now().astimezone(WIB).date()
        self.place.clock.pass_to(0, 16)
        reader = self._customer()
        statement = check_statement(self.place.service.addresses.site, day)
        assert statement["stamped"]["pieces"] == self.finished + SARIS_PAPERS, statement
        assert statement["refunded"]["rupiah"] == statement["paid_back"] == RINAS_RUPIAH, statement
        paid, stamped = statement["paid"]["rupiah"], statement["stamped"]["rupiah"]
        self._say(f"The day closes. Paid Rp{paid:,} = stamped Rp{stamped:,} + given back Rp{RINAS_RUPIAH:,}.")
        reader.reads(f"/hari/{day}", "Rp")
        reader.picture("10-statement", height=900)
        publish_apology(self.place, self.officer, self.colleague, picture="11-apology-waits")
        for rupiah in (paid, stamped, RINAS_RUPIAH):  # counted from the ledger in another way
            reader.reads("/kabar/1", f"Rp{rupiah:,}".replace(",", "."))
        reader.picture("12-apology", height=1400)
        reader.person.leave()
        self.place.meterai("check")
        self._say("The apology is published. meterai check: every invariant holds.")
        self._say(f"The pictures have {self.album.weigh():,} bytes.")

    def _readers(self, sari: Customer, budi: Customer) -> dict[str, Reader]:
        at = self.place.service.addresses
        return {
            "home": Reader(f"{at.site}/en"),
            "checkout": sari.here,
            "wait page": budi.here,
            "status page": Reader(f"{at.status}/en/"),
            "status page, JSON": Reader(f"{at.status}/status.json"),
            "API": Reader(f"{at.site}/api/v1/announcements"),
            "Atom": Reader(f"{at.status}/en/feed.atom"),
        }

    def _desk(self, officer: str) -> Desk:
        """The desk of an officer who has enrolled by an invitation."""
        address = self.place.service.addresses.console
        desk = Desk.of(officer, self.chromium, address, album=self.album, clock=self.place.clock)
        desk.enrol(self.place.meterai("officers", "invite", officer).split()[0])
        return desk

    def _customer(self) -> Customer:
        return Customer.of(self.chromium, self.place.service.addresses, self.album)

    def _line(self) -> dict[str, Any]:
        """What the gates publish of the line."""
        said = Reader(f"{self.place.service.addresses.gate}/antre/casn/d/status.json").reads()
        return msgspec.json.decode(said.partition("\n")[0], type=dict[str, Any])

    def _until(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}; the line: {self._line()}"
            time.sleep(0.5)

    def _say(self, words: str) -> None:
        moment = self.place.clock.now().astimezone(WIB)
        print(f"{moment:%H.%M} WIB  {words}", flush=True)
