"""Looks at pages in a Chromium: no barrier, light, no wider than a phone. Says what is wrong with each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import BrowserContext, Page, async_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import AXE

BYTES_MAX: Final = 60_000
"""A page with all that it loads."""
WIDTHS: Final = (360, 1280)
"""Of a phone and a desk, in px."""
_NAME_MAX: Final = 150
"""Characters of an address in the name of its screenshot."""
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_BARRIERS: Final = """tags => axe.run(document, {runOnly: {type: 'tag', values: tags},
    resultTypes: ['violations']})
    .then(r => r.violations.map(
        v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')))"""
_BYTES: Final = """() => ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""


@asynccontextmanager
async def browsing() -> AsyncIterator[BrowserContext]:
    """A Chromium of its own, for asynchronous tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context()
        context.set_default_timeout(15_000)
        yield context
        await browser.close()


async def problems_of(page: Page, name: str, *, width: int, language: str) -> list[str]:
    """What is wrong with the page that is open. Takes a screenshot, if wanted."""
    found = []
    await page.set_viewport_size({"width": width, "height": 800})
    size = await page.evaluate(_BYTES)
    if not 0 < size <= BYTES_MAX:
        found.append(f"{size} bytes")
    if (wide := await page.evaluate("document.documentElement.scrollWidth")) > width:
        found.append(f"{wide} px wide")
    if await page.evaluate("document.documentElement.lang") != language:
        found.append("another language")
    await page.evaluate(AXE)  # through the debugger: the page's own policy would refuse it
    found += await page.evaluate(_BARRIERS, _TAGS)
    await _shoot(page, f"{name}-{width}-{language}")
    return [f"{name} ({width}, {language}): {one}" for one in found]


async def _shoot(page: Page, name: str) -> None:
    if SCREENSHOTS is not None:
        short = name if len(name) <= _NAME_MAX else f"{name[:_NAME_MAX]}-{name[-20:]}"
        place = SCREENSHOTS / f"{short.strip('/').replace('/', '-')}.jpg"
        await page.screenshot(path=place, type="jpeg", quality=90, full_page=True)
