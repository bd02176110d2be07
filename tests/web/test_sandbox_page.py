"""The page of the sandbox: a member gets a test client, whose key really gets tokens."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey

from meterai.ledger.use_cases.open_books import open_books
from meterai.partners.sandbox.use_cases.open_sandbox import open_sandbox
from meterai.partners.webhooks.model import NewEvent
from meterai.partners.webhooks.use_cases.note_events import note_events
from tests.api.partner import json_of
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite, Visitor, sign_in

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest_asyncio.fixture
async def sandbox(running: RunningSite) -> RunningSite:
    """A site that is a sandbox."""
    line = running.line
    await line.database.owner.execute(
        "INSERT INTO operations.environment (name, since) VALUES ('development', now())"
    )
    await open_books(line.database.app, now=line.now)
    for _ in range(2):  # as two starts do
        await open_sandbox(line.database.app, now=line.now)
    running.app.settings = msgspec.structs.replace(running.app.settings, partner_sandbox="on")
    return running


async def signed_in(site: RunningSite) -> Visitor:
    visitor = site.visitor()
    await sign_in(site, visitor, "email:rina@contoh.id")
    return visitor


async def token(site: RunningSite, page: str) -> Answer:
    """What a program gets that copies everything from the page."""
    client = re.search(r"cli_[0-9a-z]{26}", page)
    kid = re.search(r"key_[0-9a-z]{26}", page)
    pem = re.search(r"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----\n", unescape(page), re.S)
    assert client
    assert kid
    assert pem
    now = int(site.app.clock().timestamp())
    claims = {"iss": client[0], "sub": client[0], "aud": site.app.public_url, "exp": now + 60, "jti": kid[0]}
    assertion = jwt.encode({"alg": "ES256", "kid": kid[0]}, claims, ECKey.import_key(pem[0]))
    form = f"grant_type=client_credentials&client_assertion_type={ASSERTION}&client_assertion={assertion}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await ask(site.site, "/api/v1/token", method="POST", headers=headers, body=form.encode())


async def test_a_member_gets_a_client_with_stamps_by_one_press(sandbox: RunningSite) -> None:
    visitor = await signed_in(sandbox)
    await visitor.get("/saya")
    assert "/saya/uji" in visitor.text
    await visitor.get("/saya/uji")
    await visitor.post("/saya/uji")
    assert visitor.status == 200
    assert visitor.headers["cache-control"] == "no-store"
    answer = await token(sandbox, visitor.text)
    assert answer.status == 200, answer.body
    bearer = {"authorization": f"Bearer {json_of(answer)['access_token']}"}
    quota = json_of(await ask(sandbox.site, "/api/v1/quota", headers=bearer))
    assert (quota["available"], quota["credit_owed"]) == (1_000, 10_000_000)
    await visitor.get("/saya/uji")
    assert "PRIVATE KEY" not in visitor.text
    clients = set(re.findall(r"cli_[0-9a-z]{26}", visitor.text))
    await visitor.post("/saya/uji/cabut", klien=clients.pop())
    await visitor.get("/saya/uji")
    assert "cli_" not in visitor.text
    assert clients == set()


async def test_an_organisation_has_ten_test_clients(sandbox: RunningSite) -> None:
    visitor = await signed_in(sandbox)
    await visitor.get("/saya/uji")
    for _ in range(10):
        await visitor.post("/saya/uji")
        assert visitor.status == 200
    await visitor.post("/saya/uji")
    assert (visitor.status, "sepuluh klien uji" in visitor.text) == (409, True)
    owner = sandbox.line.database.owner
    assert await owner.fetchval("SELECT count(*) FROM partners.organisation WHERE role = 'enterprise'") == 1


async def test_the_page_shows_what_happened(sandbox: RunningSite) -> None:
    visitor = await signed_in(sandbox)
    await visitor.get("/saya/uji")
    await visitor.post("/saya/uji")
    await visitor.get("/en/saya/uji")
    assert "Nothing yet" in visitor.text
    database = sandbox.line.database
    own = await database.owner.fetchval("SELECT id FROM partners.organisation WHERE role = 'enterprise'")
    event = NewEvent(
        organisation_id=own,
        kind="stamp.released",
        subject_id=own,
        source_id=own,
        happened_at=sandbox.line.now,
        facts={"scenario": "webhook-lost"},
    )
    await database.owner.execute(
        """INSERT INTO partners.webhook (id, organisation_id, url, scheme, created_at)
           VALUES ($1, $1, 'https://mitra.contoh/pesan', 'hmac', now())""",
        own,
    )
    await note_events(database.worker, [event], now=sandbox.line.now)
    await database.owner.execute(
        """INSERT INTO partners.delivery_attempt (delivery_id, number, at, milliseconds, trouble)
           SELECT id, 1, $1, 0, 'lost' FROM partners.delivery""",
        sandbox.line.now,
    )
    await visitor.get("/en/saya/uji")
    assert "stamp.released" in visitor.text
    assert "#1 lost · https://mitra.contoh/pesan" in visitor.text


@pytest.mark.parametrize("where", ["setting", "database"])
async def test_a_real_installation_has_no_sandbox(sandbox: RunningSite, where: str) -> None:
    visitor = await signed_in(sandbox)
    if where == "setting":
        sandbox.app.settings = msgspec.structs.replace(sandbox.app.settings, partner_sandbox="")
        await visitor.get("/saya/uji")
        assert visitor.status == 404
        await visitor.get("/saya")
    else:
        await sandbox.line.database.owner.execute("UPDATE operations.environment SET name = 'production'")
        await visitor.get("/saya/uji")
    await visitor.post("/saya/uji")
    assert visitor.status == 404
    assert "PRIVATE KEY" not in visitor.text
    assert await sandbox.line.database.owner.fetchval("SELECT count(*) FROM partners.client") == 0
