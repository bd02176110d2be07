"""The whole way with everything real: launcher, controller, gate, site.

Only an operator acts by hand: they halt the queue so that people have to wait, and let it go on.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser

from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings
from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import Person, Site
from tests.browser.test_waiting_room import ENTER, JOIN, new_address, prove
from tests.pdf import samples
from tests.running_service import RunningService, running_service


@pytest.fixture
def own_service() -> Iterator[RunningService]:
    """A service of its own: its queue is held, and nobody else waits in it."""
    with running_service() as running:
        yield running


def tell(own_service: RunningService, statement: str) -> None:
    """An operator's command, as the CLI stores it."""
    url = settings_of_running(Settings(data=own_service.data)).database_operator_url

    async def execute() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, execute()).result()


def come_to(person: Person, address: str, seconds: float = 20) -> None:
    """Asks for the purchase, as a new visitor each time, until it leads to an address."""
    deadline = time.monotonic() + seconds
    while True:
        person.context.clear_cookies()
        person.open("/beli?acara=casn")
        if person.page.url.startswith(address):
            return
        assert time.monotonic() < deadline, f"{person.page.url} is not {address}"
        time.sleep(0.5)


def wait_for(person: Person, there: str, seconds: float = 60) -> None:
    """Reloads until the page has a button of this name."""
    deadline = time.monotonic() + seconds
    while not person.page.get_by_role("button", name=there).count():
        assert time.monotonic() < deadline, f"never: {there}"
        time.sleep(0.5)
        person.look_again()


@pytest.mark.long
def test_an_applicant_joins_waits_is_called_proves_the_contact_and_buys(
    chromium: Browser, own_service: RunningService, tmp_path: Path
) -> None:
    addresses = own_service.addresses
    site = Site(addresses.site, addresses.inbox, addresses.gateway, SCREENSHOTS, addresses.gate)
    person, contact = Person(chromium, site, width=360, scripts=True, language="id"), new_address()
    come_to(person, addresses.site)  # nobody waits: everybody enters at once
    tell(own_service, "UPDATE waiting_room.queue SET halted_because = 'a test'")
    come_to(person, addresses.gate)
    wait_for(person, JOIN["id"])  # the gate hears of the halt a moment after the site
    person.page.locator("#kontak").fill(contact)
    person.press(JOIN["id"])
    assert re.search(r"/t/[A-Za-z0-9_-]{128}$", person.page.url)
    person.sees("Antrean berhenti sebentar")
    tell(own_service, "UPDATE waiting_room.queue SET halted_because = NULL")
    wait_for(person, ENTER["id"])
    person.press(ENTER["id"])
    prove(person, contact)

    papers = tmp_path / "Surat lamaran.pdf", tmp_path / "Surat pernyataan.pdf"
    papers[0].write_bytes(samples.letter())
    papers[1].write_bytes(samples.two_pages())
    person.upload(*papers)
    person.press(person.words["next_document"])
    person.press(person.words["save_place"])
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")
    assert person.download().startswith(b"%PDF-")
    log = own_service.data / "queue" / "casn" / "public" / "log" / "entries.jsonl"
    deadline = time.monotonic() + 10
    while '"what":"claim"' not in log.read_text():
        assert time.monotonic() < deadline, "the claim never stood in the public log"
        time.sleep(0.2)
    person.leave()
