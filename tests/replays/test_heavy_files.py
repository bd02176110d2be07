"""Few heavy files must not stop everybody's documents.

Before: five anonymous files of 701 bytes, with a tiling pattern that uses the whole 8 s of CPU time, held
everybody's upload for 30 s. Twelve connections with such files shut the public verifier.

The browsers have loopback addresses of their own, so each is a network of its own to the site.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with as form_in
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service, find_service
from tests.hostile.drawings import pattern_of_tiny_tiles
from tests.running_service import RunningService, running_service
from tests.verification.making import Stamper, letter, make_stamper, stamp
from tests.verification.test_verifier_process import form_with, verifier

pytestmark = pytest.mark.journey
ATTACKER, SOMEBODY, THIRD = "127.66.1.1", "127.77.1.1", "127.88.1.1"
CPU_SECONDS = 2
OVERTAKEN_MAX = 2
"""How many heavy files of others may end while one upload waits: the one that is open when it is sent, and
one that is taken before it arrives. The figure holds on a busy machine, too; a time would not."""


QUEUE_SECONDS = 12 * 2 * CPU_SECONDS
"""How long twelve heavy files take at the verifier, one after the other: it opens each twice."""


def tiles(number: int) -> bytes:
    """A file of some 700 bytes that uses all CPU time of its job; each has other bytes."""
    return pattern_of_tiny_tiles() + b"%% %d\n" % number


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningService]:
    """A service whose jobs have 2 s of CPU time, and whose networks have a budget of six such jobs."""
    limits = {
        "METERAI_JAIL_CPU_SECONDS": str(CPU_SECONDS),
        "METERAI_JAIL_NETWORK_SECONDS": str(6 * CPU_SECONDS),
    }
    with running_service(limits) as service:
        yield service


@pytest_asyncio.fixture
async def found(guarded: RunningService) -> Service:
    return find_service(guarded.data)


async def upload(site: str, address: str, file: bytes) -> tuple[Response, float]:
    """Sends a file from a new browser. Returns the answer and how long it took."""
    browser = Browser(site, source_address=address, timeout_seconds=90)
    form = form_in((await browser.get("/beli")).text, "kiriman")
    began = time.monotonic()
    answer = await browser.post_files(form.action, form.fields, [(form.files[0], "surat.pdf", file)])
    return answer, time.monotonic() - began


def ended(requests: Sequence[asyncio.Task[Any]]) -> int:
    """How many of these requests have their answer."""
    return sum(one.done() for one in requests)


@pytest.mark.long
async def test_five_heavy_files_hold_nobody_elses_upload(found: Service) -> None:
    heavy = [asyncio.create_task(upload(found.site, ATTACKER, tiles(number))) for number in range(5)]
    await asyncio.sleep(0.5)
    waits = []
    for _ in range(2):
        before = ended(heavy)
        answer, _ = await upload(found.site, SOMEBODY, make_letter("A", "B", size_bytes=0))
        assert "/letak/1" in answer.url, answer.text
        waits.append(ended(heavy) - before)
    assert ended(heavy) < len(heavy), "the heavy files ended before: this measured nothing"
    assert max(waits) <= OVERTAKEN_MAX, waits
    answers = await asyncio.gather(*heavy)
    assert all(answer.status == 422 for answer, _ in answers)


@pytest.mark.long
async def test_a_network_that_goes_on_is_told_to_wait_and_nobody_else_is(found: Service) -> None:
    attacker = "127.67.1.1"
    said = ""
    for number in range(100, 120):
        answer, _ = await upload(found.site, attacker, tiles(number))
        if "terlalu banyak dokumen yang berat" in answer.text:
            said = answer.text
            break
    assert "Tunggu" in said
    answer, _ = await upload(found.site, attacker, make_letter("A", "B", size_bytes=0))
    assert "terlalu banyak dokumen yang berat" in answer.text, "the budget is of the network, not of the file"
    answer, _ = await upload(found.site, SOMEBODY, make_letter("A", "B", size_bytes=0))
    assert "/letak/1" in answer.url


async def test_bytes_that_were_too_heavy_cost_nothing_again(found: Service) -> None:
    _, first_seconds = await upload(found.site, THIRD, tiles(500))
    answer, seconds = await upload(found.site, "127.89.1.1", tiles(500))
    assert answer.status == 422
    assert "terlalu berat" in answer.text
    assert seconds < first_seconds / 2


@pytest.fixture(scope="module")
def stamper(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    return make_stamper(tmp_path_factory.mktemp("keys") / "pki")


async def check(address: str, caller: str, file: bytes) -> str:
    """Sends a file to the verifier's page. Returns the page."""
    connector = aiohttp.TCPConnector(local_addr=(caller, 0), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.post(f"{address}/periksa", data=form_with(file)) as answer,
    ):
        return await answer.text()


@pytest.mark.long
async def test_twelve_heavy_connections_leave_the_verifier_to_others(
    stamper: Stamper, tmp_path: Path
) -> None:
    """The verifier draws the page around a stamp. Anybody can make a file that has one."""
    good, bad = stamp(letter(), stamper), [stamp(tiles(number), stamper) for number in range(12)]
    limits = {"METERAI_JAIL_CPU_SECONDS": str(CPU_SECONDS)}
    with verifier(stamper, tmp_path, settings=limits) as (address, _):
        pages: list[str] = []

        async def send_again_and_again(file: bytes) -> None:
            while True:
                pages.append(await check(address, ATTACKER, file))
                await asyncio.sleep(0.1)

        heavy = [asyncio.create_task(send_again_and_again(file)) for file in bad]
        await asyncio.sleep(1)
        for _ in range(2):
            began = time.monotonic()
            page = await check(address, SOMEBODY, good)
            assert 'data-verdict="ASLI"' in page
            assert "data:image/jpeg;base64," in page
            assert time.monotonic() - began < QUEUE_SECONDS / 2
            await asyncio.sleep(0.5)
        assert not any(one.done() for one in heavy), "the heavy files ended before: this measured nothing"
        for one in heavy:
            one.cancel()
        await asyncio.gather(*heavy, return_exceptions=True)
        assert pages
        assert not any("data:image/jpeg" in page for page in pages)
