"""A page is turned in every file that is kept of its document, and in no signed file."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
import pytest_asyncio
from PIL import Image

from meterai.kernel.refusals import Refusal
from meterai.stamping.in_jail.turning import turn
from meterai.stamping.requests import TurnRequest
from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service, find_service
from tests.pdf import samples, signed_files
from tests.running_service import RunningService
from tests.web.test_documents_page import upload


@pytest_asyncio.fixture
async def found(service: RunningService) -> Service:
    return find_service(service.data)


async def is_wide(browser: Browser, page: Response) -> bool:
    """Whether the picture of the page is wider than high, as the page says it is."""
    address = re.search(r'<img src="([^"]+/halaman/[^"]+)"', page.text)
    assert address
    picture = Image.open(io.BytesIO((await browser.get(unescape(address[1]))).body))
    said = re.search(r'data-width="([\d.]+)" data-height="([\d.]+)"', page.text)
    assert said
    assert (picture.width > picture.height) == (float(said[1]) > float(said[2]))
    return picture.width > picture.height


async def turned(browser: Browser, page: Response) -> Response:
    form = form_with(page.text, "versi")
    return await browser.post(form.action, form.fields | {"arah": "kanan"})


async def placed(browser: Browser, page: Response, **fields: str) -> Response:
    form = form_with(page.text, "letak", "halaman")
    return await browser.post(form.action, form.fields | fields)


@pytest.mark.long
async def test_the_file_for_the_other_choice_is_turned_too(found: Service) -> None:
    browser = Browser(found.site)
    page = await turned(browser, await upload(browser, ("formulir.pdf", signed_files.waiting())))
    assert await is_wide(browser, page)
    placing = page.url
    page = await placed(browser, page, sesudah="tanda_tangan")
    assert page.status == 200
    page = await browser.get(placing)
    assert re.search(r'value="tanda_tangan" checked', page.text), "the other file is shown now"
    assert await is_wide(browser, page)


async def test_a_page_stays_turned_when_the_file_is_made_smaller_again(found: Service) -> None:
    browser = Browser(found.site)
    large = make_letter("A", "B", size_bytes=1_200_000)
    page = await upload(browser, ("lamaran.pdf", large), ("lain.pdf", samples.letter()), event="casn")
    placing = page.url
    page = await placed(browser, page)
    for _ in range(2):
        form = form_with(page.text, "cara")
        await browser.post(form.action, form.fields | {"cara": "keep"})
        page = await turned(browser, await browser.get(placing))
        page = await placed(browser, page)
        assert "/syarat/1" in page.url
    assert not await is_wide(browser, await browser.get(placing)), "turned twice, rewritten in between"


def test_a_turned_page_is_the_same_page_seen_from_another_side() -> None:
    out = turn(TurnRequest(data=samples.cropped(), page=1, degrees=90))
    assert (out.page.rotation, out.page.width_pt, out.page.height_pt) == (0, 520, 720)


def test_a_signed_file_is_never_turned() -> None:
    with pytest.raises(Refusal) as caught:
        turn(TurnRequest(data=signed_files.by_budi_and_siti(), page=1, degrees=90))
    assert caught.value.code in ("pdf.signed", "pdf.certified")
