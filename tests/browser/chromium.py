"""Debian's Chromium, as all tests in a browser start it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = "/usr/bin/chromium-headless-shell"
"""The same engine without the desktop's windows, settings and extensions, for half the CPU."""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser, ended at the end.

    While it is open, Playwright keeps an event loop running, which disturbs asynchronous tests in the same
    process.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
