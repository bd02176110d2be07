"""Three people of the evening by name: Sari pays late, Rina cancels what she paid, Budi stands in line."""

from __future__ import annotations

import threading
import urllib.request
from dataclasses import dataclass
from typing import Final

import msgspec
from playwright.sync_api import Browser, ViewportSize, expect

from meterai.kit.installation import Addresses
from tests.browser.person import Person, Site, paper
from tests.browser.test_waiting_room import JOIN, new_address
from tests.evening.album import Album
from tests.evening.readers import Reader
from tests.pdf import samples

PHONE: Final[ViewportSize] = {"width": 360, "height": 800}
_BANK_WAITS_S: Final = 240
_NOTICE_LATE_S: Final = 10


@dataclass(slots=True)
class Customer:
    """Somebody with a phone, who reads English."""

    person: Person
    album: Album
    order: str = ""
    """Its address."""
    reference: str = ""
    """Of its charge at the gateway."""

    @classmethod
    def of(cls, chromium: Browser, addresses: Addresses, album: Album) -> Customer:
        """A new visitor."""
        site = Site(addresses.site, addresses.inbox, addresses.gateway, None, addresses.gate)
        return cls(Person(chromium, site, width=PHONE["width"], scripts=True, language="en"), album)

    @property
    def here(self) -> Reader:
        """The page that the phone shows, for somebody who reads it beside the phone."""
        address = self.person.page.url
        cookies = self.person.context.cookies(address)
        return Reader(address, "; ".join(f"{one['name']}={one['value']}" for one in cookies))

    def order_stamp(self) -> None:
        """Orders a stamp on a letter, up to the page on which it can be paid."""
        person = self.person
        person.open("/beli?acara=casn")
        person.upload(
            paper("Surat lamaran.pdf", samples.letter()), paper("Pernyataan.pdf", samples.two_pages())
        )
        person.press(person.words["next_document"])
        person.press(person.words["save_place"])
        person.prove_contact(new_address())
        person.press(person.words["order"])
        person.wait_for_state("awaiting_payment")
        self.order = person.page.url
        self.reference = person.page.locator("#keadaan").get_attribute("data-reference") or ""

    def pay_to_dead_gateway(self) -> None:
        """Pays in the app of a bank, which hears nothing until the gateway is back."""
        body = msgspec.json.encode({"order_id": self.reference})
        address = f"{self.person.site.gateway}/_pay"
        asked = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})

        def pay() -> None:
            urllib.request.urlopen(asked, timeout=_BANK_WAITS_S).close()

        threading.Thread(target=pay, daemon=True).start()

    def pay_cancelled_order(self) -> None:
        """The bank moves the money although the order was cancelled. Its word of it comes late."""
        faults = {"pay_after_expiry": True, "notice_delay_seconds": _NOTICE_LATE_S}
        self.person.tell_gateway("_script", {"order_id": self.reference, "faults": faults})
        self.person.tell_gateway("_pay", {"order_id": self.reference})

    def cancel(self) -> None:
        """Cancels the order."""
        self.person.page.locator("summary", has_text="Cancel the order").click()
        self.person.press("Yes, cancel it")
        self.person.wait_for_state("cancelled")

    def sees_state(self, state: str, seconds: float = 60) -> None:
        """Waits until the order's page shows a state by itself."""
        self.person.wait_for_state(state, seconds)

    def at_gateway(self) -> str:
        """What the gateway says of the payment: `settlement`, `refund`, ..."""
        said = Reader(f"{self.person.site.gateway}/_charges?order_id={self.reference}").reads()
        charges = msgspec.json.decode(said)["charges"]
        return str(charges[0]["transaction_status"])

    def join_line(self) -> None:
        """Takes a place at the gate, to which the site leads who wants to buy."""
        person = self.person
        person.open("/beli?acara=casn")
        assert person.page.url.startswith(person.site.gate), f"no line, but {person.page.url}"
        person.page.locator("#kontak").fill(new_address())
        person.press(JOIN["en"])
        person.page.wait_for_url("**/t/*")

    def reads(self, path: str, words: str) -> None:
        """Opens a page of the site, which has these words."""
        self.person.open(path)
        expect(self.person.page.locator("body")).to_contain_text(words)

    def picture(self, name: str, *, height: int = 640) -> None:
        """Keeps what the phone shows."""
        self.album.take(self.person.page, name, height=height)
