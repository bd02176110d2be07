"""Owners manage the programs, keys and webhooks of their organisation on a page of its own."""

from __future__ import annotations

import re

import pytest_asyncio
from joserfc.jwk import OKPKey

from meterai.kernel.ids import new_id
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.partners.model import MemberRole, Organisation
from meterai.partners.usage.model import ApiRequest
from meterai.partners.usage.note_requests import note_requests
from tests.partners.organisations import Chain, make_chain
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_members import member

PAGE = "/en/saya/pengembang"


@pytest_asyncio.fixture
async def chain(running: RunningSite) -> Chain:
    return await make_chain(running.line.database.app, now=running.line.now)


async def fresh_member(running: RunningSite, of: Organisation, name: str = "rina") -> Visitor:
    """An owner who has proven a contact just now."""
    visitor = await member(running, of, name)
    await running.line.database.owner.execute(
        """UPDATE customers.session s SET contact_id =
               (SELECT c.id FROM customers.contact c WHERE c.customer_id = s.customer_id)"""
    )
    return visitor


def public_key() -> str:
    return OKPKey.generate_key("Ed25519").as_pem(private=False).decode()


async def test_an_owner_makes_a_client_and_changes_its_keys(running: RunningSite, chain: Chain) -> None:
    owner = running.line.database.owner
    visitor = await fresh_member(running, chain.enterprise)
    await visitor.get(PAGE)
    assert (visitor.status, "There is no client yet." in visitor.text) == (200, True)
    key = OKPKey.generate_key("Ed25519")
    form = {"nama": "Gudang", "kunci": key.as_pem(private=True).decode(), "stamps:write": "1"}
    await visitor.post(f"{PAGE}/klien", **form)
    assert (visitor.status, "This is a private key." in visitor.text) == (422, True)
    form["kunci"] = key.as_pem(private=False).decode()
    await visitor.post(f"{PAGE}/klien", **form)
    assert visitor.status == 303
    client = visitor.headers["location"].rpartition("#")[2]
    assert await owner.fetchval(
        "SELECT scopes FROM partners.client WHERE organisation_id = $1", chain.enterprise.id
    ) == ["stamps:write"]

    await visitor.get(PAGE)
    assert f"export METERAI_API_CLIENT={client}" in visitor.text
    (first,) = set(re.findall("key_[0-9a-z]{26}", visitor.text))
    await visitor.post(f"{PAGE}/kunci", klien=client, kunci=form["kunci"])
    assert (visitor.status, "registered before" in visitor.text) == (409, True)
    await visitor.post(f"{PAGE}/kunci", klien=client, kunci=public_key())
    await visitor.get(PAGE)
    (second,) = set(re.findall("key_[0-9a-z]{26}", visitor.text)) - {first}
    await visitor.post(f"{PAGE}/kunci/akhiri", kunci=first)
    await visitor.get(PAGE)
    assert first not in visitor.text
    written = await owner.fetch(
        "SELECT action FROM operations.audit_entry WHERE action ~ 'client|key' ORDER BY id"
    )
    assert [row["action"] for row in written] == ["member.client_add", "member.key_add", "member.key_end"]

    other = await fresh_member(running, chain.retailer, "lain")
    await other.get(PAGE)
    for form_name, sent in (
        ("kunci", {"klien": client, "kunci": public_key()}),
        ("kunci/akhiri", {"kunci": second}),
    ):
        await other.post(f"{PAGE}/{form_name}", **sent)
        assert other.status == 404
        await other.get(PAGE)
    buyer = await member(running, chain.enterprise, "siti", MemberRole.BUYER)
    await buyer.get(PAGE)
    assert buyer.status == 403


async def test_an_old_session_changes_no_key(running: RunningSite, chain: Chain) -> None:
    visitor = await member(running, chain.enterprise)
    await visitor.get(PAGE)
    assert "first prove that it is you" in visitor.text
    await visitor.post(f"{PAGE}/klien", nama="Gudang", kunci=public_key(), **{"stamps:write": "1"})
    assert visitor.status == 403
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM partners.client") == 0
    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/bukti")
    assert visitor.headers["location"].endswith("/pengembang/bukti/kode")


async def test_webhooks_requests_and_usage_are_shown(running: RunningSite, chain: Chain) -> None:
    visitor, now = await fresh_member(running, chain.enterprise), running.line.now
    await visitor.get(f"{PAGE}/webhook")
    submit = re.search(r'name="kiriman" value="([^"]+)"', visitor.text)
    assert submit
    await visitor.post(f"{PAGE}/webhook", kiriman=submit[1], url="ftp://contoh.id/")
    assert visitor.status == 422
    await visitor.post(f"{PAGE}/webhook", kiriman=submit[1], url="https://contoh.id/kait")
    assert (visitor.status, "whsec_" in visitor.text) == (200, True)
    await visitor.get(PAGE)
    address = re.search(r'href="(/en/saya/pengembang/webhook/[0-9a-f-]{36})"', visitor.text)
    assert address
    await visitor.get(address[1])
    await visitor.post(f"{address[1]}/uji")
    await visitor.get(address[1])
    assert ("webhook.test" in visitor.text, "Waiting" in visitor.text) == (True, True)
    await running.line.database.owner.execute(
        "UPDATE partners.delivery SET state = 'failed', ended_at = now(), next_attempt_at = NULL"
    )
    await visitor.get(address[1])
    await visitor.post(f"{address[1]}/ulang")
    await visitor.get(address[1])
    assert visitor.text.count("webhook.test") > 2

    await visitor.post(f"{PAGE}/klien", nama="Gudang", kunci=public_key(), **{"stamps:write": "1"})
    client = read_id(Prefix.CLIENT, visitor.headers["location"].rpartition("#")[2])
    assert client
    asked = ApiRequest(
        id=new_id(now), organisation_id=chain.enterprise.id, client_id=client, at=now, method="POST",
        path="/api/v1/stamps", status=409, code="stamp.no_stock", milliseconds=12,
    )  # fmt: skip
    await note_requests(running.line.database.site, [asked])
    await visitor.get(PAGE)
    assert write_id(Prefix.REQUEST, asked.id) in visitor.text
    assert "1 requests, 1 refused, 0 stamps" in visitor.text
    await visitor.get(address[1])
    await visitor.post(f"{address[1]}/hapus")
    await visitor.get(PAGE)
    assert "There is no webhook yet." in visitor.text
