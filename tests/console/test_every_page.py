"""Every page of the console, on a desk and on a phone, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import pytest
from litestar.handlers import HTTPRouteHandler
from playwright.async_api import Page

from meterai.console.acts.registry import ACTS
from meterai.console.app import ROUTES
from meterai.operations.officers.sessions import begin_session
from meterai.texts.mechanism.languages import languages
from tests.browser.looks import WIDTHS, browsing, problems_of
from tests.console.act_examples import VALID
from tests.console.busy_database import CHANGES, OFFICER, Busy, make_busy
from tests.console.certificates import CODE
from tests.console.running_console import NOW
from tests.console.served_console import served
from tests.console.test_news import WORDS
from tests.sales.shop import ALICE
from tests.storage_fixtures import TestDatabase

pytestmark = [pytest.mark.storage, pytest.mark.browser]

NO_PAGES: Final = {"/bahasa/{language:str}", "/aset/{name:str}", "/sekarang/kabar"}
"""A redirect, files, a stream."""
INCIDENT: Final = "/kabar/gangguan/baru"
PREVIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    INCIDENT: WORDS,
    "/kabar/pengumuman/baru": {name: WORDS[name] for name in ("judul_id", "judul_en", "teks_id", "teks_en")}
    | {"sampai": "2026-09-05T23:00"},
    "/kabar/gangguan/2/maaf": {"teks_id": CHANGES.id, "teks_en": CHANGES.en},
}
"""Forms, with what is typed into them. Their first button leads to a preview."""


def pages_of(busy: Busy) -> dict[str, Sequence[str]]:
    """Examples of each address at which the console shows a page."""
    return {
        "/": ["/", "/?jam=24"],
        "/masuk": ["/masuk"],
        "/masuk/kode": ["/masuk/kode"],
        "/undangan/{token:str}": [f"/undangan/{busy.invitation}", "/undangan/tidak-ada"],
        "/sesi": ["/sesi"],
        "/cara-masuk": ["/cara-masuk"],
        "/kabar": ["/kabar"],
        "/kabar/gangguan/baru": ["/kabar/gangguan/baru"],
        "/kabar/gangguan/{number:int}": ["/kabar/gangguan/1", "/kabar/gangguan/3"],
        "/kabar/gangguan/{number:int}/maaf": [f"/kabar/gangguan/{number}/maaf" for number in (1, 2, 3)],
        "/kabar/pengumuman/baru": ["/kabar/pengumuman/baru"],
        "/tindakan": ["/tindakan"],
        "/tindakan/{path:str}": [f"/tindakan/{act.path}?{urlencode(VALID[act.kind])}" for act in ACTS],
        "/permintaan": ["/permintaan"],
        "/permintaan/{number:int}": ["/permintaan/1", "/permintaan/2"],
        "/cari": [
            "/cari",
            "/cari?q=tidak-ada",
            "/cari?q=K7QF-2M9D",
            f"/cari?q={busy.request}",
            f"/cari?q={ALICE.value}",
        ],
        "/kasus/{number:str}": ["/kasus/K-2345-6789", "/kasus/K-2222-2222"],
        "/mitra/{code:str}": ["/mitra/firm", "/mitra/dist"],
        "/bukti-antre/{code:str}": [f"/bukti-antre/{CODE}"],
        "/kunci/{key_id:str}": [f"/kunci/{busy.key}"],
        "/cerita/{number:str}": [f"/cerita/{busy.paid}", f"/cerita/{busy.late}"],
    }


@pytest.mark.everyday("id-360")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", languages())
async def test_every_page_fits_is_light_and_has_no_barrier(
    database: TestDatabase, language: str, width: int
) -> None:
    examples = pages_of(await make_busy(database))
    asked = [route for route in ROUTES if isinstance(route, HTTPRouteHandler) and "GET" in route.http_methods]
    assert {path for route in asked for path in route.paths} == NO_PAGES | examples.keys(), "give examples"
    async with database.console.transaction() as tx:
        token = await begin_session(tx, OFFICER, signed_in_by="totp", now=NOW)
    found = []
    async with served(database, lambda: NOW) as address, browsing() as context:
        for name, value in (("konsol", token), ("bahasa", language)):
            await context.add_cookies([{"name": name, "value": value, "url": address}])
        page = await context.new_page()
        for path in [path for paths in examples.values() for path in paths]:
            await page.goto(address + path)
            found += await problems_of(page, path, width=width, language=language)
            if path.startswith("/tindakan/") or path in PREVIEWS:
                found += await problems_of_preview(page, path, width=width, language=language)
    assert not found, "\n".join(found)


async def problems_of_preview(page: Page, path: str, *, width: int, language: str) -> list[str]:
    """Fills the form in, presses its first button, and looks at the page that says what would happen."""
    for name, value in PREVIEWS.get(path, {}).items():
        await page.fill(f"[name={name}]", value)
    if path == INCIDENT:
        await page.check("[name=bagian] >> nth=0")
    await page.click("main form button")
    await page.wait_for_load_state()
    if not await page.locator("main [name=langkah]").count():
        return [f"{path}: no preview: {(await page.locator('main').inner_text())[:300]}"]
    return await problems_of(page, f"lihat-{path}", width=width, language=language)
