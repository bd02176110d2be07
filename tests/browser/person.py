"""A person with a browser: what people do on the site, and checks that always hold."""

from __future__ import annotations

import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import axe_playwright_python
import msgspec
import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect
from playwright.sync_api import Error as PlaywrightError

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
PHONE_WIDTH_MAX = 480
SMALL_TARGETS = (Path(__file__).parent / "small_targets.js").read_text()
WORDS = {
    "id": {
        "upload": "Unggah dan lanjutkan",
        "next_document": "Simpan, dokumen berikutnya",
        "save_place": "Simpan dan lanjutkan",
        "send_code": "Kirim kode",
        "go_on": "Lanjutkan",
        "order": "Pesan dan bayar",
        "paid": "Uang Anda sudah kami terima",
        "done": "Selesai",
        "download": "Unduh PDF bermeterai",
    },
    "en": {
        "upload": "Upload and continue",
        "next_document": "Save, next document",
        "save_place": "Save and continue",
        "send_code": "Send the code",
        "go_on": "Continue",
        "order": "Order and pay",
        "paid": "We have received your money",
        "done": "Done",
        "download": "Download the stamped PDF",
    },
}

PEOPLE = [
    pytest.param(360, True, "id", id="phone"),
    pytest.param(1200, False, "en", id="desk-without-scripts-english"),
]
"""Width, scripts and language of the people who go through a whole journey."""

_CAME_AGAIN = ("interrupted by another navigation", "net::ERR_ABORTED")
"""What Chromium says of a page that the previous page interrupted."""


def paper(name: str, data: bytes) -> dict[str, object]:
    """A PDF as a person chooses it in a form."""
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


@dataclass(frozen=True, slots=True)
class Site:
    """The addresses of the running service and the folder for screenshots."""

    address: str
    inbox: str
    gateway: str
    screenshots: Path | None
    gate: str = ""


class Person:
    """A person with a phone or a desktop, with or without JavaScript."""

    def __init__(self, chromium: Browser, site: Site, *, width: int, scripts: bool, language: str) -> None:
        self.site = site
        self.language = language
        self.scripts = scripts
        self.width = width
        self.words = WORDS[language]
        self.context = chromium.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            locale="id-ID" if language == "id" else "en-GB",
            device_scale_factor=1,
            accept_downloads=True,
        )
        self.context.set_default_timeout(15_000)
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.posts: list[Request] = []
        self.context.on("request", self._watch)
        self.context.on("console", lambda message: self._complain(message.type, message.text))
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page: Page = self.context.new_page()
        self.run = f"{width}-{'js' if scripts else 'plain'}-{language}"

    def _watch(self, request: Request) -> None:
        if request.method == "POST":
            self.posts.append(request)
        here = (self.site.address, self.site.gateway, "data:", "blob:")
        if self.site.gate:
            here = (*here, self.site.gate)
        if not request.url.startswith(here):
            self.strangers.append(request.url)

    def _complain(self, kind: str, text: str) -> None:
        expected = re.search("the server responded with a status of (4|503)", text)
        if kind == "error" and not expected:
            self.errors.append(text)

    def leave(self) -> None:
        """Closes the browser and checks that nothing failed."""
        self.look_away()  # closed while a page comes again by itself, Chromium may never answer
        self.context.close()
        self._nothing_astray()

    def forget(self) -> None:
        """Leaves the page, loses the cookies like a new visitor, and checks that nothing failed."""
        self.look_away()
        self.page.unroute_all()
        self.context.clear_cookies()
        self.posts.clear()
        self._nothing_astray()

    def _nothing_astray(self) -> None:
        strangers, self.strangers = self.strangers, []
        errors, self.errors = self.errors, []
        assert not strangers, strangers
        assert not errors, errors

    # looking

    def go(self, address: str) -> Response | None:
        """Goes to an address, a second time if the previous page reloaded itself at this moment."""
        for _ in range(10):
            try:
                return self.page.goto(address)
            except PlaywrightError as error:
                if not any(words in error.message for words in _CAME_AGAIN):
                    raise
                self.page.wait_for_timeout(100)  # until what came in between is over
        raise AssertionError(f"{self.page.url} does not let go")

    def look_again(self) -> None:
        """Loads this page again."""
        self.go(self.page.url.partition("#")[0])  # with a fragment the browser would only scroll

    def look_away(self) -> None:
        """Leaves a page that reloads itself."""
        self.go("about:blank")

    def path(self, path: str) -> str:
        """The address of a page in this person's language."""
        prefix = "/en" if self.language == "en" else ""
        return self.site.address + (prefix + path if path != "/" else prefix or "/")

    def open(self, path: str) -> Response:
        """Goes to a page."""
        response = self.go(self.path(path))
        assert response is not None
        return response

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Waits until the main part of the page contains a text."""
        expect(self.page.locator("main")).to_contain_text(text)

    def press(self, name: str) -> None:
        """Presses the first button or link of this name in the main part of the page.

        Returns when the scripts of the next page have run: the answer to a form has its own address then.
        """
        pattern = re.compile(re.escape(name))
        main = self.page.locator("main")
        main.get_by_role("button", name=pattern).or_(main.get_by_role("link", name=pattern)).first.click()
        self.page.wait_for_load_state("domcontentloaded")

    def approve(self, name: str) -> None:
        """Checks the page as `_approve` does, again if it came again by itself meanwhile."""
        for patience in (True, True, False):
            try:
                self._approve(name)
                return
            except PlaywrightError as error:
                if not (patience and "Execution context was destroyed" in error.message):
                    raise
                self.page.wait_for_load_state("domcontentloaded")

    def _approve(self, name: str) -> None:
        """Checks the page: it fits the width and has no barrier that axe finds. Takes the screenshot."""
        self.shoot(name)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, f"{name} is too wide"
        barriers = self.barriers()
        assert not barriers, f"{name}: {barriers}"
        small = self.small_targets() if self.width <= PHONE_WIDTH_MAX else []
        assert not small, f"{name}: {small}"
        assert self.page.evaluate("document.documentElement.lang") == self.language

    def shoot(self, name: str) -> None:
        """Takes a screenshot of the whole page, if wanted. On a very busy machine Chromium may fail."""
        if self.site.screenshots is None:
            return
        for patience in (True, True, False):
            try:
                path = self.site.screenshots / f"{name}-{self.run}.jpg"
                self.page.screenshot(path=path, type="jpeg", quality=90, full_page=True)  # PNG takes longer
                return
            except PlaywrightError as error:
                if not (patience and "Unable to capture screenshot" in error.message):
                    raise

    def barriers(self) -> list[str]:
        """Returns what axe-core finds, each with the first element concerned."""
        if not self.scripts:
            return []
        self.page.evaluate(AXE)  # through the debugger: the page's own policy would refuse it
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3).join(' | ')))",
            tags,
        )
        assert isinstance(found, list)
        return found

    def small_targets(self) -> list[str]:
        """Returns what stands alone and is smaller to press than 44 px, on a phone's page."""
        return [str(target) for target in self.page.evaluate(SMALL_TARGETS)] if self.scripts else []

    # doing

    def upload(self, *files: Path | dict[str, object]) -> None:
        """Chooses one file for each file input, and sends the form."""
        inputs = self.page.locator("input[type=file]")
        for position, file in enumerate(files):
            inputs.nth(position).set_input_files(file)  # type: ignore[arg-type]
        self.press_and_wait(self.words["upload"])

    def press_and_wait(self, name: str) -> None:
        """Presses what sends files, and waits for what comes then: another page, or another main part."""
        if self.scripts:
            self.page.evaluate("document.querySelector('main').dataset.before = ''")
        self.press(name)
        self.page.wait_for_selector("main:not([data-before])")

    def prove_contact(self, contact: str, *, spaced: bool = True) -> None:
        """Types a contact, waits for the code, and types it as the message shows it, or with a gap."""
        asked_at = time.time()
        self.page.get_by_role("textbox").first.fill(contact)
        self.press(self.words["send_code"])
        code = self.read_code(contact, asked_at)
        self.page.locator("#kode").fill(f"{code[:3]} {code[3:]}" if spaced else code)
        self.press(self.words["go_on"])

    def read_code(self, contact: str, asked_at: float) -> str:
        """Reads the code in the newest message to a contact."""
        return self._newest(contact, asked_at, re.compile(r"(?<!\d)(\d{6}|\d{10})(?!\d)"))

    def read_word(self, contact: str, asked_at: float, pattern: str) -> str:
        """Reads what the first group of a pattern matches in the newest message to a contact."""
        return self._newest(contact, asked_at, re.compile(pattern))

    def _newest(self, contact: str, asked_at: float, wanted: re.Pattern[str]) -> str:
        to = contact if "@" in contact else "+62" + contact.lstrip("0")
        query = urllib.parse.urlencode({"to": to, "limit": 5})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with urllib.request.urlopen(f"{self.site.inbox}/messages?{query}") as answer:
                messages = msgspec.json.decode(answer.read())["messages"]
            for message in messages:
                found = wanted.search(message["text"])
                if found and message["received_at"] >= asked_at:
                    return found[1]
            time.sleep(0.1)
        raise AssertionError(f"no message for {contact}")

    def pay(self) -> None:
        """Pays at the gateway, as a bank app would."""
        reference = self.page.locator("#keadaan").get_attribute("data-reference")
        assert reference
        self.tell_gateway("_pay", {"order_id": reference})

    def tell_gateway(self, verb: str, body: dict[str, object]) -> None:
        """Changes the gateway twin: pay, reverse, faults."""
        request = urllib.request.Request(
            f"{self.site.gateway}/{verb}",
            data=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()

    def wait_for_state(self, state: str, seconds: float = 40) -> None:
        """Waits until the order page shows a state; without scripts by reloading."""
        if self.scripts:
            self.page.wait_for_selector(f'#keadaan[data-state="{state}"]', timeout=seconds * 1000)
            return
        deadline = time.monotonic() + seconds
        while self.page.locator("#keadaan").get_attribute("data-state") != state:
            assert time.monotonic() < deadline, f"never {state}"
            time.sleep(0.5)
            self.look_again()

    def download(self, position: int = 0) -> bytes:
        """Downloads the stamped PDF of the order page's n-th download button."""
        with self.page.expect_download() as caught:
            self.page.locator("a[download]").nth(position).click()
        return Path(caught.value.path()).read_bytes()
