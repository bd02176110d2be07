"""Chromium's own authenticator: officers make passkeys, sign in with them, and approve acts."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, async_playwright

from meterai.operations.use_cases.invite_officer import invite_officer
from meterai.operations.use_cases.verify_audit import verify_audit
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.console.served_console import served
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase

pytestmark = [pytest.mark.storage, pytest.mark.browser]

PASSWORD = "kuda laut membaca koran"
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@asynccontextmanager
async def page_with_key() -> AsyncIterator[Page]:
    """A page of a Chromium that has an authenticator and never asks for a finger."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        page.set_default_timeout(15_000)
        yield page
        await browser.close()


async def test_a_passkey_is_added_signs_in_and_approves(database: TestDatabase) -> None:
    late = timedelta()
    await record_officer(database, "ani", "{admin}")
    token = await invite_officer(database.owner, "ani", actor="root", now=datetime.now(UTC))
    async with served(database, lambda: datetime.now(UTC) + late) as address, page_with_key() as page:
        await page.goto(f"{address}/undangan/{token}")
        secret = await page.input_value("input[name=rahasia]")
        await _fill(page, sandi=PASSWORD, lagi=PASSWORD, kode=_code(secret, late))
        await page.click("main button:has-text('Simpan dan masuk')")
        await page.wait_for_selector("form.who")

        late += timedelta(seconds=30)
        await page.goto(f"{address}/cara-masuk")
        await _fill(page, nama="laptop", kode=_code(secret, late))
        await page.click("[data-passkey] button")
        await page.wait_for_selector("li.card h2:has-text('laptop')")

        await page.click("form.who button")
        await _fill(page, nama="ani", sandi=PASSWORD)
        await page.click("main form button")
        await page.click("[data-passkey] button")
        await page.wait_for_selector("form.who")

        await page.goto(f"{address}/tindakan/hentikan-tanda-tangan")
        await _fill(page, reason="latihan")
        await page.click("main form button")
        await page.click("[data-passkey] button")
        await page.wait_for_selector("main .done")
    written = await database.owner.fetchval(
        "SELECT count(*) FROM operations.audit_entry WHERE action = 'sealing.stop'"
    )
    assert written == 1
    assert (await verify_audit(database.operator, [])).passkeys == 1


async def test_an_officer_has_a_passkey_alone_from_the_invitation_on(database: TestDatabase) -> None:
    await record_officer(database, "ani", "{admin}")
    token = await invite_officer(database.owner, "ani", actor="root", now=datetime.now(UTC))
    async with served(database, lambda: datetime.now(UTC)) as address, page_with_key() as page:
        await page.goto(f"{address}/undangan/{token}")
        await page.click("[data-passkey] button")
        assert await page.evaluate("document.activeElement.id") == "sandi", "the password comes first"
        await _fill(page, sandi=PASSWORD, lagi=PASSWORD)
        await page.click("[data-passkey] button")
        await page.wait_for_selector("form.who")

        await page.goto(f"{address}/tindakan/hentikan-tanda-tangan")
        await _fill(page, reason="latihan")
        await page.click("main form button")
        await page.click("button[value=ubah]")  # going back asks for no passkey
        await page.wait_for_selector("#reason")
        await page.click("main form button")
        await page.click("button[value=kirim]")
        await page.wait_for_selector("main .done")

        await page.click("form.who button")
        await _fill(page, nama="ani", sandi=PASSWORD)
        await page.click("main form button")
        await page.click("main button:has-text('kunci sandi')")
        await page.wait_for_selector("form.who")
    assert (await verify_audit(database.operator, [])).passkeys == 1


def _code(secret: str, late: timedelta) -> str:
    return code_of(base64.b32decode(secret), datetime.now(UTC) + late)


async def _fill(page: Page, **fields: str) -> None:
    for id, value in fields.items():
        await page.fill(f"#{id}", value)
