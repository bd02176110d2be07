"""Approvals in the console: the database takes them only from factors of exactly this officer, once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from meterai.bootstrap import ConsoleApp
from meterai.console import approval
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Signature, sign_release, use_signature
from meterai.operations.officers.act_text import Act
from meterai.operations.officers.requests import find_request
from meterai.operations.officers.totp import STEP_SECONDS
from tests.console.running_console import console_app
from tests.officers import code_of, record_officer
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

STOP = Act(kind="sealing.stop", subject="sealing_stopped", facts={"reason": "drill"})
ISSUE = Act(kind="quota.issue", subject="NTPN-1", facts={"pieces": 1000, "amount": 10_000_000})
SIGNED = "SELECT count(*) FROM operations.officer_signature"


def signed_in(name: str) -> SignedIn:
    return SignedIn(officer=name, roles=frozenset({"admin"}), session_id=uuid.uuid4())


async def office(database: TestDatabase) -> tuple[ConsoleApp, dict[str, bytes]]:
    """A console whose clock tests may not move: the database looks at its own. Officers have an app each."""
    names = {"ani": "{finance,admin}", "budi": "{finance}", "sari": "{support}"}
    secrets = {name: await record_officer(database, name, roles) for name, roles in names.items()}
    return console_app(database, clock=lambda: datetime.now(UTC)), secrets


async def form_for(app: ConsoleApp, act: Act, secret: bytes, *, steps: int = 0) -> dict[str, str]:
    """What an officer sends who reads the code of `steps` from now."""
    shown = await approval.approval_of(app, act)
    assert shown
    moment = app.clock() + timedelta(seconds=steps * STEP_SECONDS)
    return {"approved_text": shown.text.replace("\n", "\r\n"), "code": code_of(secret, moment)}


async def test_a_code_approves_one_act_once(database: TestDatabase) -> None:
    app, secrets = await office(database)
    form = await form_for(app, STOP, secrets["ani"])
    actor = await approval.actor_of(app, signed_in("ani"), STOP, form)
    assert actor.signature
    async with database.console.transaction() as tx:
        await use_signature(tx, actor.signature)
    kept = await database.owner.fetchrow("SELECT * FROM operations.officer_signature")
    assert kept
    assert kept["key"].startswith("totp ")
    assert (kept["officer"], kept["signed_text"], kept["signature"]) == (
        "ani",
        actor.signature.text,
        str(actor.signature.mark),
    )
    again = await form_for(app, STOP, secrets["ani"])  # a new text with the same code
    actor = await approval.actor_of(app, signed_in("ani"), STOP, again | {"code": form["code"]})
    assert actor.signature
    with pytest.raises(Refusal, match=r"officer\.signature_used"):
        async with database.console.transaction() as tx:
            await use_signature(tx, actor.signature)


async def test_only_exactly_this_act_by_a_right_code_in_time_is_approved(database: TestDatabase) -> None:
    app, secrets = await office(database)
    form = await form_for(app, STOP, secrets["ani"])
    other = Act(kind=STOP.kind, subject=STOP.subject, facts={"reason": "another"})
    for act, changed, refusal in (
        (other, {}, "officer.other_text"),
        (STOP, {"code": ""}, "officer.unsigned"),
        (STOP, {"code": code_of(secrets["budi"], app.clock())}, "officer.wrong_code"),
        (STOP, {"code": code_of(secrets["ani"], app.clock() - timedelta(minutes=2))}, "officer.wrong_code"),
    ):
        with pytest.raises(Refusal, match=refusal.replace(".", r"\.")):
            await approval.actor_of(app, signed_in("ani"), act, form | changed)
    for _ in range(3):
        with pytest.raises(Refusal, match=r"officer\.wrong_code"):
            await approval.actor_of(app, signed_in("ani"), STOP, form | {"code": "000000"})
    with pytest.raises(Refusal, match=r"officer\.tried_too_often"):
        await approval.actor_of(app, signed_in("ani"), STOP, form)
    assert await database.owner.fetchval(SIGNED) == 0


async def test_two_officers_release_a_request(database: TestDatabase) -> None:
    app, secrets = await office(database)
    form = await form_for(app, ISSUE, secrets["ani"])
    number = await approval.ask_here(app, signed_in("ani"), ISSUE, form)
    async with database.console.connection() as connection:
        request = await find_request(connection, number)
    act = approval.act_of(request)
    for name, steps, refusal in (("ani", 1, "officer.signed_before"), ("sari", 0, "officer.may_not")):
        form = await form_for(app, act, secrets[name], steps=steps)
        with pytest.raises(Refusal, match=refusal.replace(".", r"\.")):
            await approval.sign_request_here(app, signed_in(name), request, form, roots=list)
    form = await form_for(app, act, secrets["budi"])
    signed = await approval.signature_of(app, signed_in("budi"), act, form)
    async with database.console.transaction() as tx:
        assert await sign_release(tx, number, signed), "both have signed"


async def test_no_other_key_approves(database: TestDatabase) -> None:
    """An SSH key, another officer's factor, and one that has ended."""
    app, secrets = await office(database)
    form = await form_for(app, STOP, secrets["ani"])
    actor = await approval.actor_of(app, signed_in("ani"), STOP, form)
    assert actor.signature
    others = await database.owner.fetchval(
        "SELECT 'totp ' || id FROM operations.officer_factor WHERE officer = 'budi'"
    )
    for key in ("key of ani", others, "totp", ""):
        await refuse_approval(database, msgspec.structs.replace(actor.signature, key=key))
    await database.owner.execute("UPDATE operations.officer_factor SET ended_at = now()")
    await refuse_approval(database, actor.signature)
    assert await database.owner.fetchval(SIGNED) == 0


async def refuse_approval(database: TestDatabase, signed: Signature) -> None:
    with pytest.raises(Refusal, match=r"officer\.may_not"):
        async with database.console.transaction() as tx:
            await use_signature(tx, signed)
