"""Every page of the status page, on a desk and on a phone, in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from meterai.status_page.core_answer import CoreAnswer
from meterai.status_page.probe.run import Failure, Run, Step, Taken, Why
from meterai.texts.mechanism.languages import SOURCE
from meterai.texts.status_page import Component, Door, Health
from tests.browser.looks import WIDTHS, browsing, problems_of
from tests.ports import free_port
from tests.status_page.scene import FIGURES, INCIDENT, NOTICE, START, status_page, turns_of

pytestmark = pytest.mark.browser

OVER: Final = INCIDENT | {
    "number": 8,
    "ended_at": "2026-09-05T07:00:00Z",
    "next_update_at": None,
    "apology": {"url": "https://situs.example/kabar/8", "published_at": "2026-09-05T08:00:00Z"},
}
ANNOUNCEMENT: Final = {
    "number": 1,
    "title": {"id": "Pemeliharaan malam ini", "en": "Maintenance tonight"},
    "text": {"id": "Pukul 23.00 WIB.", "en": "At 23.00 WIB."},
    "starts_at": "2026-09-05T00:00:00Z",
    "ends_at": "2026-09-06T00:00:00Z",
}


class Played:
    """A probe that stopped at the gateway after a slow upload."""

    last: Run | None = Run(
        at=START,
        reach="unpaid",
        seconds=14.7,
        steps=[
            Taken(step=Step.HOME, door=Door.HOME, seconds=0.21),
            Taken(step=Step.UPLOAD, door=Door.CHECKOUT, seconds=4.04),
            Taken(step=Step.ORDER, door=Door.PAYMENT, seconds=0.43),
        ],
        failure=Failure(step=Step.CHARGE, door=Door.GATEWAY, why=Why.LATE),
    )

    async def probe(self, core: CoreAnswer | None) -> Mapping[Component, Health]:
        assert self.last is not None
        return self.last.healths()


async def test_every_page_fits_is_light_and_has_no_barrier(tmp_path: Path) -> None:
    found = []
    news = {"incidents": [INCIDENT, OVER], "announcements": [ANNOUNCEMENT]}
    async with status_page(tmp_path, figures=FIGURES, **news) as scene, browsing() as context:
        scene.turns = turns_of(scene, scene.turns._core._site, Played())
        await scene.minutes(0)
        await scene.die()
        for _ in range(3):
            await scene.minutes(1)
        await scene.rise()
        scene.notice(NOTICE)
        await scene.minutes(1)
        page = await context.new_page()
        async with shown(scene.folder / "out") as address:
            paths = sorted(
                str(path.relative_to(scene.folder / "out")) for path in scene.folder.rglob("*.html")
            )
            assert len(paths) == 6, "a front and two incidents in each language"
            for path in paths:
                await page.goto(f"{address}/{path}")
                language = "en" if path.startswith("en/") else SOURCE
                for width in WIDTHS:
                    found += await problems_of(page, f"status-{path}", width=width, language=language)
    assert not found, "\n".join(found)


@asynccontextmanager
async def shown(folder: Path) -> AsyncIterator[str]:
    """A host that serves the files of a folder. Gives its address."""
    application = web.Application()
    application.router.add_static("/", folder)
    server = web.AppRunner(application, access_log=None)
    await server.setup()
    port = free_port()
    await web.TCPSite(server, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await server.cleanup()
