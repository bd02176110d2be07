"""An officer adds a passkey in the console, approves with it, and the audit trail shows that it holds."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from meterai.bootstrap import ConsoleApp
from meterai.console import approval
from meterai.console.session import SignedIn
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Refusal
from meterai.kit.audit_trail import write_audit
from meterai.operations.officers.act_text import Act
from meterai.operations.use_cases.verify_audit import verify_audit
from tests.console.running_console import Browser, browser_of, console_app
from tests.officers import code_of, record_officer
from tests.passkeys import Authenticator
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

STOP = Act(kind="queue.halt", subject="umum", facts={"reason": "drill"})
ORIGIN = "http://localhost:8009"
PAGE = "/cara-masuk"


async def signed_in(database: TestDatabase, app: ConsoleApp, officer: str) -> Browser:
    browser = browser_of(database, clock=app.clock)
    await browser.sign_in_as(officer)
    return browser


def asked(browser: Browser) -> str:
    found = re.search(r'data-passkey="([^"]+)"', browser.text)
    assert found
    return html.unescape(found[1])


async def test_a_passkey_is_added_approves_and_ends(database: TestDatabase) -> None:
    moments = [datetime.now(UTC)]
    app = console_app(database, clock=lambda: moments[0])
    secret = await record_officer(database, "ani", "{admin}")
    await record_officer(database, "budi", "{admin}")
    browser, own = await signed_in(database, app, "ani"), Authenticator(ORIGIN)
    await browser.get(PAGE)
    form = {"name": "laptop", "passkey": own.make(asked(browser)), "code": "000000"}
    await browser.post(PAGE, **form)
    assert (browser.status, "officer.wrong_code" in browser.text) == (403, True), "an open browser alone"
    await browser.get(PAGE)
    form["code"] = code_of(secret, moments[0])
    assert await browser.post(PAGE, **form) == PAGE
    moments[0] += timedelta(seconds=30)
    await browser.get(PAGE)
    await browser.post(PAGE, **form | {"code": code_of(secret, moments[0])})
    assert (browser.status, "officer.passkey_known" in browser.text) == (409, True)

    shown = await approval.approval_of(app, STOP)
    assert shown
    sent = {
        "approved_text": shown.text.replace("\n", "\r\n"),
        "code": "",
        "passkey": own.sign(shown.passkey_asked),
    }
    ani, budi = (
        SignedIn(officer=name, roles=frozenset({"admin"}), session_id=new_id(moments[0]), has_passkey=True)
        for name in ("ani", "budi")
    )
    with pytest.raises(Refusal, match=r"officer\.passkey_wrong"):
        await approval.actor_of(app, budi, STOP, sent)
    actor = await approval.actor_of(app, ani, STOP, sent)
    async with database.console.transaction() as tx:
        await write_audit(tx, actor=actor, action=STOP.kind, subject=STOP.subject, facts={}, now=moments[0])
    with pytest.raises(Refusal, match=r"officer\.passkey_copied"):
        await approval.actor_of(app, ani, STOP, sent)
    found = await verify_audit(database.operator, [])
    assert (found.problems, found.signatures, found.passkeys, found.by_console) == ([], 0, 1, 0)

    await browser.get(PAGE)
    ends = re.search(rf"{PAGE}/[^/]+/akhiri", browser.text)
    assert ends
    other = await signed_in(database, app, "budi")
    await other.get(PAGE)
    await other.post(ends[0])
    assert other.status == 404, "of another officer"
    assert await browser.post(ends[0]) == PAGE
    with pytest.raises(Refusal, match=r"officer\.passkey_wrong"):
        await approval.actor_of(app, ani, STOP, sent | {"passkey": own.sign(shown.passkey_asked)})
    assert (await verify_audit(database.operator, [])).passkeys == 1, "what it approved still holds"
