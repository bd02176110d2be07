"""Officers are invited, enrol, and sign in with password and code."""

from __future__ import annotations

import base64
import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from meterai.operations.officers.tries import FAILURES_OF_ONE, WINDOW
from meterai.operations.use_cases.invite_officer import LIVES, invite_officer
from meterai.operations.use_cases.verify_audit import verify_audit
from tests.console.running_console import NOW, Browser, browser_of
from tests.console.test_acts import approved_text
from tests.officers import code_of, record_officer
from tests.passkeys import Authenticator
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

ORIGIN = "http://localhost:8009"
PASSWORD = "kuda laut membaca koran"
FACTORS = "SELECT count(*) FROM operations.officer_factor WHERE officer = 'ani' AND ended_at IS NULL"


async def invite(database: TestDatabase, now: datetime = NOW) -> str:
    return f"/undangan/{await invite_officer(database.owner, 'ani', actor='root', now=now)}"


async def enrol(browser: Browser, address: str, *, at: datetime = NOW, **changes: str) -> bytes:
    """Fills the page of an invitation in. Returns the secret of the app."""
    await browser.get(address)
    shown = re.search(r'name="rahasia" value="([^"]+)"', browser.text)
    assert shown, browser.text
    assert "<svg" in browser.text
    secret = base64.b32decode(shown[1])
    fields = {"sandi": PASSWORD, "lagi": PASSWORD, "code": code_of(secret, at), "rahasia": shown[1]}
    await browser.post(address, **(fields | changes))
    return secret


async def sign_in(browser: Browser, name: str, password: str, code: str) -> str:
    await browser.get("/masuk")
    if await browser.post("/masuk", nama=name, sandi=password) != "/masuk/kode":
        return "/masuk"
    await browser.get("/masuk/kode")
    assert browser.status == 200
    return await browser.post("/masuk/kode", code=code)


async def test_an_officer_is_invited_enrols_and_signs_in(database: TestDatabase) -> None:
    moments = [NOW]
    await record_officer(database, "ani", "{finance}")
    address, browser = await invite(database), browser_of(database, clock=lambda: moments[0])
    for changes, words in (
        ({"sandi": "ani ani ani ani", "lagi": "ani ani ani ani"}, "mudah ditebak"),
        ({"lagi": "another one"}, "tidak sama"),
        ({"code": "000000"}, "tidak cocok"),
    ):
        await enrol(browser, address, **changes)
        assert words in browser.text
    secret = await enrol(browser, address)
    assert browser.headers["location"] == "/", browser.text
    assert await browser.get("/sesi") == "/sesi"
    assert (browser.status, await database.owner.fetchval(FACTORS)) == (200, 1), "the one before has ended"
    await browser.get(address)
    assert browser.status == 410

    other = browser_of(database, clock=lambda: moments[0])
    assert await sign_in(other, "ani", PASSWORD, code_of(secret, NOW)) == "/masuk/kode", "a code counts once"
    assert await other.get("/sesi") == "/masuk"
    moments[0] += timedelta(seconds=30)
    assert await sign_in(other, "ani", PASSWORD, code_of(secret, moments[0])) == "/"
    assert await other.get("/sesi") == "/sesi"

    await enrol(browser_of(database), await invite(database))
    assert await other.get("/sesi") == "/masuk", "a new invitation, used, ends sessions"
    written = await database.owner.fetch("SELECT action FROM operations.audit_entry ORDER BY id")
    assert [row["action"] for row in written] == ["officer.invite", "officer.enrol", "officer.factor_add"] * 2


async def test_an_officer_enrols_with_a_passkey_alone(database: TestDatabase) -> None:
    await record_officer(database, "ani", "{finance}")
    own, browser = Authenticator(ORIGIN), browser_of(database, clock=lambda: datetime.now(UTC))
    await browser.get(await invite(database, datetime.now(UTC)))
    of_another = own.make(asked_in(browser))
    address = await invite(database, datetime.now(UTC))
    await browser.get(address)
    made = {"sandi": PASSWORD, "lagi": PASSWORD, "passkey": own.make(asked_in(browser))}
    for changes, status, words in (
        ({"sandi": "pendek", "lagi": "pendek"}, 422, "mudah ditebak"),
        ({"lagi": "another one"}, 422, "tidak sama"),
        ({"passkey": of_another}, 422, "tidak tersimpan"),
    ):
        await browser.post(address, **(made | changes))
        assert (browser.status, words in browser.text) == (status, True), browser.text
    assert await browser.post(address, **made) == "/", browser.text
    kinds = "SELECT array_agg(kind) FROM operations.officer_factor WHERE officer = 'ani' AND ended_at IS NULL"
    assert await database.owner.fetchval(kinds) == ["passkey"], "the app before has ended"
    await browser.get(address)
    assert browser.status == 410

    again = await invite(database, datetime.now(UTC))
    await browser.get(again)
    await browser.post(again, **(made | {"passkey": own.make(asked_in(browser))}))
    assert (browser.status, "sudah pernah ditambahkan" in browser.text) == (409, True)
    assert await browser.get("/cara-masuk") == "/cara-masuk", "nothing has ended"
    assert "<h2>Kunci sandi</h2>" in browser.text
    assert 'name="code"' not in browser.text, "there is no app whose code could prove who asks"
    only = await database.owner.fetchval(
        "SELECT id FROM operations.officer_factor WHERE officer = 'ani' AND kind = 'passkey'"
    )
    await browser.post(f"/cara-masuk/{only}/akhiri")
    assert (browser.status, "satu-satunya" in browser.text) == (409, True)
    await approve_with(browser, own)
    checked = await verify_audit(database.operator, [])
    assert (checked.problems, checked.passkeys) == ([], 1)

    await browser.post("/keluar")
    await browser.get("/masuk")
    await browser.post("/masuk", nama="ani", sandi=PASSWORD)
    await browser.get("/masuk/kode")
    assert 'name="code"' not in browser.text
    assert await browser.post("/masuk/kode", passkey=own.sign(asked_in(browser))) == "/"


async def approve_with(browser: Browser, own: Authenticator) -> None:
    """Stops signing with the approval of a passkey. Without it nothing happens."""
    act, reason = "/tindakan/hentikan-tanda-tangan", "latihan"
    await browser.get(act)
    await browser.post(act, reason=reason)
    assert 'name="code"' not in browser.text
    text, passkey = approved_text(browser), own.sign(asked_in(browser))
    await browser.post(act, reason=reason, langkah="kirim", approved_text=text)
    assert (browser.status, "atau kunci sandi" in browser.text) == (403, True)
    await browser.post(act, reason=reason, langkah="kirim", approved_text=text, passkey=passkey)
    assert browser.status == 200, browser.text


async def test_an_officer_signs_in_with_a_passkey_of_their_own(database: TestDatabase) -> None:
    moments = [NOW]
    await record_officer(database, "ani", "{finance}")
    browser, own = browser_of(database, clock=lambda: moments[0]), Authenticator(ORIGIN)
    secret = await enrol(browser, await invite(database))
    moments[0] += timedelta(seconds=30)
    await browser.get("/cara-masuk")
    code = code_of(secret, moments[0])
    await browser.post("/cara-masuk", name="laptop", passkey=own.make(asked_in(browser)), code=code)

    other = browser_of(database, clock=lambda: moments[0])
    await other.get("/masuk")
    await other.post("/masuk", nama="ani", sandi=PASSWORD)
    await other.get("/masuk/kode")
    asked = asked_in(other)
    await other.post("/masuk/kode", passkey=Authenticator(ORIGIN).sign(asked))
    assert other.status == 403, "a passkey of somebody else"
    await other.post("/masuk/kode", passkey=own.sign(asked.replace(json.loads(asked)["challenge"], "AAAA")))
    assert other.status == 403, "the answer to another sign-in"
    await other.get("/masuk/kode")
    assert await other.post("/masuk/kode", passkey=own.sign(asked_in(other))) == "/"
    assert await other.get("/sesi") == "/sesi"


def asked_in(browser: Browser) -> str:
    found = re.search(r'data-passkey="([^"]+)"', browser.text)
    assert found, browser.text
    return html.unescape(found[1])


async def test_unknown_names_are_refused_like_wrong_passwords_and_guessing_ends(
    database: TestDatabase,
) -> None:
    moments = [NOW]
    await record_officer(database, "ani", "{finance}")
    await record_officer(database, "dina", "{}")
    secret = await enrol(browser_of(database), await invite(database))
    browser = browser_of(database, clock=lambda: moments[0])
    said = set()
    for name in ("ani", "nobody", "dina", "\x00"):
        await browser.get("/masuk")
        await browser.post("/masuk", nama=name, sandi="wrong password here")
        said.add((browser.status, re.sub(r'value="[^"]*"', "", browser.text)))
    assert len(said) == 1, said
    assert "tidak cocok" in said.pop()[1]
    for _ in range(FAILURES_OF_ONE - 1):
        await browser.post("/masuk", nama="ani", sandi="wrong password here")
    assert await sign_in(browser, "ani", PASSWORD, "") == "/masuk"
    assert "Terlalu banyak percobaan" in browser.text
    moments[0] += WINDOW
    assert await sign_in(browser, "ani", PASSWORD, code_of(secret, moments[0])) == "/"
    moments[0] = NOW + LIVES
    old = await invite(database)
    await browser.get(old)
    assert browser.status == 410, "after 24 hours"
