"""One applicant of a selection: uploads, places, pays, leaves, comes back for the stamped files.

Sends what the pages' own forms hold, and the field that their script adds. Each step's time is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus

import msgspec

from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.service import Service
from simulator.crowd.work import challenge_in, solve

_CODE = re.compile(r"(?<!\d)(\d{3}) ?(\d{3}|\d{7})(?!\d)")
_STATE = re.compile(r'data-state="([a-z_]+)"')
REFERENCE = re.compile(r'data-reference="([^"]+)"')
_NUMBER = re.compile(r"/pesanan/([0-9A-Z-]+)/")
_IMAGE = re.compile(r'<img src="([^"]+)"')
_DOWNLOAD = re.compile(r'href="([^"]+)" download')
_MARK = re.compile(r'data-mark="([^"]+)"')
_PERMANENT = re.compile(r"https?://[^\s\"<]+(/p/[A-Za-z0-9_-]+)")

_AGAIN = re.compile(r'<p class="acts"><a href="([^"]+)">')
"""On the page of a code: the way to a new one."""

_WORKS_MAX = 3
_LOOKS_SOON = 3
"""Number of quick looks after a return to the page, and after a change on it."""


class StepRefused(Exception):
    """The service refused a step: status and the page's own words."""

    def __init__(self, step: str, response: Response) -> None:
        main = response.text.partition("<main")
        words = re.sub(r"<[^>]+>", " ", (main[1] + main[2]) or response.text)
        self.step = step
        self.status = response.status
        self.page = response
        super().__init__(f"{step}: {response.status} {' '.join(unescape(words).split())[:300]}")


class TooLate(Exception):
    """The stamped files did not come in time."""


@dataclass(slots=True)
class Stamped:
    """A stamped file as it was downloaded."""

    content: bytes
    sha256: str


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    number: str = ""
    permanent_link: str = ""
    files: list[Stamped] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Applicant:
    """A person with a contact. `on_step(name, milliseconds)` hears of each finished step.

    `elsewhere`: reads the mail and pays, for a whole crowd over a few kept connections, as mailboxes and
    banks do; else the person's own browser does.
    """

    service: Service
    contact: str
    event: str = "casn"
    source_address: str = ""
    channel: str = "qris"
    pays_at: str = ""
    """The twin at which they pay; empty: the first one of the service."""
    wait_seconds_max: float = 60
    looks_after: tuple[float, float] = (0.9, 2.5)
    """Seconds between looks at the order, as in the page's script: soon after a return to it, and later."""
    think_seconds: float = 0
    dice: random.Random = field(default_factory=random.Random)
    on_step: Callable[[str, float], None] = lambda _name, _ms: None
    elsewhere: Browser | None = None
    browser: Browser = field(init=False)
    outcome: Outcome = field(default_factory=Outcome)
    codes_read: set[str] = field(default_factory=set)
    paying: str = ""
    """Reference of the charge, from the moment on at which the payment is sent."""
    _began: float = 0

    def __post_init__(self) -> None:
        self.browser = Browser(self.service.site, source_address=self.source_address)

    @property
    def _elsewhere(self) -> Browser:
        return self.elsewhere or self.browser

    async def buy_and_stamp(self, files: Sequence[tuple[str, bytes]], *, then_check: bool = False) -> Outcome:
        """The whole path for `files` (name, content): at most one for each document the event requires.

        `then_check`: each stamped file is also looked up by its digest.

        Raises: StepRefused, TooLate, ConnectionLost.
        """
        try:
            page = await self._enter()
            await self._think()
            page = await self._upload(page, files)
            page = await self._place_all(page)
            if 'name="cara"' not in page.text:  # nobody proved this contact at the door before
                page = await self._give_contact(page)
            page = await self._order(page)
            await self._pay(page)
            page = await self._wait(page)
            await self._download(page)
            if then_check:
                await self._check()
        finally:
            self.browser.close()
        return self.outcome

    async def _think(self) -> None:
        """A person reads and decides: 0.5 to 2 times `think_seconds`."""
        if self.think_seconds:
            await asyncio.sleep(self.think_seconds * 2 ** self.dice.uniform(-1, 1))

    async def _enter(self) -> Response:
        """To the form with which a purchase begins."""
        self._start()
        self._expect("open", await self.browser.get(f"/{self.event}"))
        self._done("open")
        self._start()
        address = f"/beli?acara={self.event}" if self.event else "/beli"
        page = self._expect("form", await self.browser.get(address))
        self._done("form")
        return page

    async def _upload(self, page: Response, files: Sequence[tuple[str, bytes]]) -> Response:
        self._start()
        form = form_with(page.text, "kiriman")
        fields = form.files if self.event else form.files[:1] * len(files)
        sent = [(name, *file) for name, file in zip(fields, files, strict=False)]
        page = self._expect("upload", await self.browser.post_files(form.action, form.fields, sent))
        if "/letak/" not in page.url:  # fewer files than the event requires: go on with what there is
            number = self._found(_NUMBER, page, "upload")
            page = self._expect("upload", await self.browser.get(f"/pesanan/{number}/letak/1"))
        self._done("upload")
        return page

    async def _place_all(self, page: Response) -> Response:
        while "/letak/" in page.url:
            self._start()
            image = await self.browser.fetch(unescape(self._found(_IMAGE, page, "page_image")))
            self._expect("page_image", image)
            self._done("page_image")
            await self._think()
            self._start()
            form = form_with(page.text, "letak", "halaman")
            page = self._expect("place", await self.browser.post(form.action, form.fields))
            self._done("place")
        return page

    async def _give_contact(self, page: Response) -> Response:
        """Proves the contact. Once more when the code is gone, which a crash of the database may take along
        (docs/decisions/0018): the page leads to a new one."""
        try:
            return await self._prove_contact(page)
        except StepRefused as refused:
            again = _AGAIN.search(refused.page.text)
            if refused.status != HTTPStatus.GONE or again is None:
                raise
            return await self._prove_contact(await self.browser.get(unescape(again[1])))

    async def _prove_contact(self, page: Response) -> Response:
        self._start()
        asked_at = time.time()
        form = form_with(page.text, "kontak")
        page = await self.browser.post(form.action, form.fields | {"kontak": self.contact})
        page = self._expect("ask_code", await self._work(page))
        self._done("ask_code")
        await self._think()
        self._start()
        code = await self._read_code(asked_at)
        self._done("code_arrives")
        self._start()
        page = await self._send(page, "give_code", kode=code)
        self._done("give_code")
        return page

    async def _work(self, page: Response) -> Response:
        """Does the work for which a form was refused, and sends it again, as the page's script does."""
        for _ in range(_WORKS_MAX):
            challenge = challenge_in(page.text)
            if challenge is None:
                break
            form = form_with(page.text, "altcha")
            solution = await asyncio.to_thread(solve, challenge)
            page = await self.browser.post(form.action, form.fields | {"altcha": solution})
        return page

    async def _read_code(self, asked_at: float) -> str:
        contact = self.contact if "@" in self.contact else "+62" + self.contact.lstrip("0")
        address = f"{self.service.inbox}/messages?to={contact.replace('+', '%2B')}&limit=1"
        deadline = time.monotonic() + self.wait_seconds_max
        while time.monotonic() < deadline:
            answer = await self._elsewhere.fetch(address)
            for message in msgspec.json.decode(answer.body)["messages"]:
                found = _CODE.search(message["text"])
                code = found[1] + found[2] if found else ""
                if code and code not in self.codes_read and message["received_at"] >= asked_at - 1:
                    self.codes_read.add(code)
                    return code
            await asyncio.sleep(0.1)
        raise TooLate("the code did not arrive")

    async def _order(self, page: Response) -> Response:
        await self._think()
        self._start()
        form = form_with(page.text, "cara")
        page = self._expect(
            "order", await self.browser.post(form.action, form.fields | {"cara": self.channel})
        )
        self.outcome.number = self._found(_NUMBER, page, "order")
        link = _PERMANENT.search(page.text)
        self.outcome.permanent_link = link[0] if link else ""
        self._done("order")
        return page

    async def _pay(self, page: Response) -> None:
        """In the bank's app: the page is hidden meanwhile, and does not look."""
        await self._think()
        self._start()
        reference = unescape(self._found(REFERENCE, page, "pay"))
        body = msgspec.json.encode({"order_id": reference})
        self.paying = reference
        answer = await self._elsewhere.request(
            "POST",
            f"{self.pays_at or self.service.gateway}/_pay",
            body=body,
            content_type="application/json",
            stay=True,
        )
        self._expect("pay", answer)
        self._done("pay")

    async def _wait(self, page: Response) -> Response:
        """Follows the order's page as its script does, until everything in the order has ended."""
        self._start()
        known = self._found(_MARK, page, "follow")
        deadline = time.monotonic() + self.wait_seconds_max
        soon, later = self.looks_after
        looks = 0
        while time.monotonic() < deadline:
            await asyncio.sleep(soon if looks < _LOOKS_SOON else later)
            looks += 1
            page = await self.browser.fetch(f"/pesanan/{self.outcome.number}/keadaan", known=known)
            if page.status == 304:
                continue
            state = self._found(_STATE, self._expect("follow", page), "follow")
            if state == "completed":
                self._done("paid_to_stamped")
                return page
            known, looks = page.header(b"x-mark"), 0
        raise TooLate(f"order {self.outcome.number} was not finished in {self.wait_seconds_max:.0f} s")

    async def _download(self, page: Response) -> None:
        for link in dict.fromkeys(_DOWNLOAD.findall(page.text)):
            self._start()
            answer = self._expect("download", await self.browser.fetch(unescape(link)))
            digest = hashlib.sha256(answer.body).hexdigest()
            self.outcome.files.append(Stamped(answer.body, digest))
            self._done("download")

    async def _check(self) -> None:
        """Looks each file up by its digest, as the verify page's script does."""
        for file in self.outcome.files:
            self._start()
            self._expect("check", await self.browser.fetch(f"/api/v1/digests/{file.sha256}"))
            self._done("check")

    async def _send(self, page: Response, step: str, **filled: str) -> Response:
        """Sends the page's form that has these fields."""
        form = form_with(page.text, *filled)
        return self._expect(step, await self.browser.post(form.action, form.fields | filled))

    def _start(self) -> None:
        self._began = time.perf_counter()

    def _done(self, step: str) -> None:
        spent = (time.perf_counter() - self._began) * 1000
        self.outcome.milliseconds[step] = self.outcome.milliseconds.get(step, 0) + spent
        self.on_step(step, spent)

    @staticmethod
    def _expect(step: str, response: Response) -> Response:
        if response.status != 200:
            raise StepRefused(step, response)
        return response

    @staticmethod
    def _found(pattern: re.Pattern[str], response: Response, step: str) -> str:
        found = pattern.search(response.url) or pattern.search(response.text)
        if found is None:
            raise StepRefused(step, response)
        return found[1]
