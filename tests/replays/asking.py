"""People who ask for codes at the running service, each from an address that a proxy reports."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import unquote
from urllib.request import urlopen

import asyncpg
import msgspec

from meterai.kit.installation_secrets import Secrets
from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.work import challenge_in, solve
from tests.running_service import RunningService

_CODE = re.compile(r"(?<!\d)(\d{6}|\d{10})(?!\d)")
_ARRIVES_S = 120


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


async def code_for(service: RunningService, contact: str) -> str:
    """The code in the newest message to a contact, once every message is there that was asked for."""
    await until_sent(service, contact)
    found = _CODE.search(messages_to(service, contact)[0])
    assert found
    return found[0]


async def until_sent(service: RunningService, contact: str) -> None:
    """Waits until no message to a contact is still to be sent."""
    owner = await owner_of(service)
    waits = "SELECT EXISTS (SELECT FROM jobs.outbox WHERE payload->>'to' = $1)"
    try:
        async with asyncio.timeout(_ARRIVES_S):
            while await owner.fetchval(waits, unquote(contact)):
                await asyncio.sleep(0.1)
    finally:
        await owner.close()


async def owner_of(service: RunningService) -> asyncpg.Connection[asyncpg.Record]:
    """The database of a service as its owner."""
    password = Secrets(service.data).database_owner
    return await asyncpg.connect(service.addresses.database, user="meterai_owner", password=password)


def messages_to(service: RunningService, contact: str) -> list[str]:
    """The texts of the messages to a contact, the newest first."""
    with urlopen(f"{service.addresses.inbox}/messages?to={contact}&limit=100") as answer:
        return [message["text"] for message in msgspec.json.decode(answer.read())["messages"]]
