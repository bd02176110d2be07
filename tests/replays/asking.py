"""People who ask for codes at the running service, each from an address that a proxy reports."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.request import urlopen

import msgspec

from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.work import challenge_in, solve
from tests.running_service import RunningService

_CODE = re.compile(r"(?<!\d)(\d{6}|\d{10})(?!\d)")
_ARRIVES_S = 20


@dataclass(slots=True)
class Asking:
    """A person with a browser, without scripts unless `solved` plays them."""

    browser: Browser

    async def ask(self, contact: str) -> Response:
        """Asks for a code on the page for signing in."""
        self.browser.cookies.pop("masuk", None)
        page = await self.browser.get("/saya")
        form = form_with(page.text, "kontak")
        return await self.browser.post(form.action, form.fields | {"kontak": contact})

    async def again(self, page: Response, solution: str = "") -> Response:
        """Sends the form of the page that asks for work or for a wait."""
        form = form_with(page.text, "altcha")
        return await self.browser.post(form.action, form.fields | {"altcha": solution})

    async def type(self, page: Response, code: str) -> Response:
        """Types a code."""
        form = form_with(page.text, "kode")
        return await self.browser.post(form.action, form.fields | {"kode": code})


def asking_at(service: RunningService, address: str) -> Asking:
    """Somebody at this address."""
    return Asking(Browser(service.addresses.site, forwarded_for=address))


async def solved(person: Asking, page: Response) -> Response:
    """Does the work that a page asks for, as its script does; the page itself when it asks for none."""
    while (challenge := challenge_in(page.text)) is not None:
        page = await person.again(page, solve(challenge))
    return page


def code_for(service: RunningService, contact: str) -> str:
    """The code in the newest message to a contact."""
    deadline = time.monotonic() + _ARRIVES_S
    while time.monotonic() < deadline:
        if found := messages_to(service, contact):
            matched = _CODE.search(found[0])
            assert matched
            return matched[0]
        time.sleep(0.2)
    raise AssertionError("no message came")


def messages_to(service: RunningService, contact: str) -> list[str]:
    """The texts of the messages to a contact, the newest first."""
    with urlopen(f"{service.addresses.inbox}/messages?to={contact}&limit=100") as answer:
        return [message["text"] for message in msgspec.json.decode(answer.read())["messages"]]
