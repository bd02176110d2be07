"""What officers do in the console, in a browser of their own."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.evening.album import Album
from tests.evening.place import EveningClock
from tests.officers import code_of

_DESK: Final = {"width": 1000, "height": 700}
_SIGN_WITHIN_S: Final = 60
_PASSWORD: Final = "kuda laut membaca koran"


@dataclass(slots=True)
class Desk:
    """An officer at a desktop. `address` is the console's."""

    officer: str
    page: Page
    address: str
    album: Album
    clock: EveningClock
    secret: bytes = b""
    """Of the authenticator app."""
    used: str = ""
    """The code that was typed last."""

    @classmethod
    def of(cls, officer: str, chromium: Browser, address: str, *, album: Album, clock: EveningClock) -> Desk:
        """A new browser, not signed in."""
        context = chromium.new_context(viewport=_DESK, locale="en-GB", java_script_enabled=False)
        context.set_default_timeout(15_000)
        return cls(officer, context.new_page(), address, album, clock)

    def enrol(self, link: str) -> None:
        """Opens an invitation: chooses a password and sets up the app, then signs out."""
        self.page.goto(f"{self.address}/bahasa/en")
        self.page.goto(link)
        self.secret = base64.b32decode(self.page.input_value("input[name=rahasia]"))
        self.page.fill("#sandi", _PASSWORD)
        self.page.fill("#lagi", _PASSWORD)
        self.page.fill("#kode", self._code())
        self._press("Save and sign in")
        assert self.page.url.rstrip("/") == self.address, self.page.inner_text("main")
        self._press("Sign out")
        assert self.page.url.endswith("/masuk"), self.page.url

    def sign_in(self) -> None:
        """Signs in with name, password and code."""
        self.page.goto(f"{self.address}/masuk")
        self.page.fill("#nama", self.officer)
        self.page.fill("#sandi", _PASSWORD)
        self.page.click("main form button")
        self.page.fill("input[name=code]", self._code())
        self.page.click("main form button")
        assert self.page.url.rstrip("/") == self.address, self.page.inner_text("main")

    def _code(self) -> str:
        """The next code of the app: each counts once."""
        while (code := code_of(self.secret, self.clock.now())) == self.used:
            time.sleep(0.5)
        self.used = code
        return code

    def look_now(self, first: str, *, picture: str) -> None:
        """Looks at the console's first page until its first sentence begins like this."""
        deadline = time.monotonic() + _SIGN_WITHIN_S
        while not self.page.inner_text(".sign .what").startswith(first):
            assert time.monotonic() < deadline, self.page.inner_text("main")
            time.sleep(1)
            self.page.goto(self.address)
        self.album.take(self.page, picture, height=900)

    def declare(self, words: Mapping[str, str], *, component: str, picture: str) -> None:
        """Fills the form of a new incident and looks at its preview. `publish` comes next."""
        self.page.goto(f"{self.address}/kabar/gangguan/baru")
        self.page.check(f"#bagian_{component}")
        self._fill(words)
        self.page.click("form .acts button")
        self.page.wait_for_selector("button[value=kirim]")
        self.album.take(self.page, picture)

    def tell(self, number: int, words: Mapping[str, str], *, state: str) -> None:
        """Fills the form of an update, or of the end, and looks at its preview."""
        self.page.goto(f"{self.address}/kabar/gangguan/{number}")
        self.page.select_option("#keadaan", state)
        self._fill(words)
        self.page.click("section[aria-labelledby=baru] button")

    def draft_apology(self, number: int, changes: Mapping[str, str]) -> None:
        """Says what changes, and looks at the apology that the data give."""
        self.page.goto(f"{self.address}/kabar/gangguan/{number}/maaf")
        self._fill({f"teks_{language}": text for language, text in changes.items()})
        self.page.click("main form .acts button")
        self.sees(f"What we change {changes['en']}")

    def read_apology(self, number: int, changes: Mapping[str, str], *, picture: str) -> None:
        """Reads the apology that another officer has asked for."""
        self.page.goto(f"{self.address}/kabar/gangguan/{number}/maaf")
        for text in ("Waiting for a second officer", *changes.values()):
            self.sees(text)
        self.album.take(self.page, picture, height=1000)

    def approve(self) -> None:
        """Approves what the page shows, with a code."""
        self.page.fill("#kode", self._code())
        self.publish()

    def sees(self, text: str) -> None:
        """Waits until the page has this text. Raises: AssertionError when it does not get it."""
        expect(self.page.locator("main")).to_contain_text(text)

    def publish(self) -> None:
        """Publishes what the preview shows."""
        self.page.click("button[value=kirim]")
        expect(self.page.locator("button[value=kirim]")).to_have_count(0)
        assert "/kabar/gangguan/" in self.page.url, self.page.inner_text("main")

    def _fill(self, words: Mapping[str, str]) -> None:
        for name, text in words.items():
            self.page.fill(f"#{name}", text)

    def _press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
