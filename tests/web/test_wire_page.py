"""Owners switch the wire, make user names and give serial numbers back; other members see it."""

from __future__ import annotations

import re

import pytest_asyncio

from meterai.kernel.ids import new_id
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.logins.queries import check_login, find_login
from meterai.partners.model import MemberRole
from meterai.partners.usage.model import ApiRequest
from meterai.partners.usage.note_requests import note_requests
from meterai.stamping.taken.model import WantedSerial
from meterai.stamping.taken.queries import count_unstamped
from meterai.stamping.use_cases.take_serials import take_serials
from tests.api.partner import register
from tests.partners.organisations import Chain, make_chain
from tests.web.running_site import RunningSite
from tests.web.test_members import member
from tests.web.test_programs_page import fresh_member

PAGE = "/en/saya/kawat"


@pytest_asyncio.fixture
async def chain(running: RunningSite) -> Chain:
    chain = await make_chain(running.line.database.app, now=running.line.now)
    await register(running.line.database.owner, chain.enterprise.id)
    return chain


async def test_an_owner_switches_the_wire_and_makes_a_user_name(running: RunningSite, chain: Chain) -> None:
    site, owner = running.line.database.site, running.line.database.owner
    client_id = await owner.fetchval("SELECT id FROM partners.client")
    client = write_id(Prefix.CLIENT, client_id)
    visitor = await fresh_member(running, chain.enterprise)
    await visitor.get(PAGE)
    assert "Make a user name" not in visitor.text
    for role in ("backend", "stampv2", "inventory", "stampservice", "fileupload"):
        assert f"/wire/<wbr>{role}</code>" in visitor.text
    await visitor.post(f"{PAGE}/nama", klien=client, nama="core@raya.id")
    assert (visitor.status, "Access by user name and password is off." in visitor.text) == (409, True)
    await visitor.post(f"{PAGE}/akses", akses="nyala")
    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/nama", klien=client, nama="a b")
    assert (visitor.status, 'value="a b"' in visitor.text) == (422, True)
    await visitor.post(f"{PAGE}/nama", klien=client, nama="core@raya.id")
    shown = re.search("<dt>Password</dt><dd><code>([a-z0-9]{26})</code>", visitor.text)
    assert shown
    assert await check_login(site, "CORE@raya.id", shown[1], running.line.now) is not None
    await visitor.get(PAGE)
    assert (shown[1] in visitor.text, "last login" in visitor.text) == (False, True)

    viewer = await member(running, chain.enterprise, "siti", MemberRole.VIEWER)
    await viewer.get(PAGE)
    assert (viewer.status, "core@raya.id" in viewer.text, "Switch off" in viewer.text) == (200, True, False)
    await viewer.post(f"{PAGE}/akses", akses="mati")
    assert viewer.status == 403
    other = await fresh_member(running, chain.retailer, "lain")
    await other.get(PAGE)
    assert "core@raya.id" not in other.text
    await other.post(f"{PAGE}/akses", akses="nyala")
    for form, sent in (
        ("nama/akhiri", {"nama": "core@raya.id"}),
        ("nama", {"klien": client, "nama": "lain"}),
    ):
        await other.get(PAGE)
        await other.post(f"{PAGE}/{form}", **sent)
        assert other.status == 404

    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/akses", akses="mati")
    assert await find_login(site, "core@raya.id") is None
    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/akses", akses="nyala")
    assert await find_login(site, "core@raya.id") is not None
    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/nama/akhiri", nama="core@raya.id")
    assert await find_login(site, "core@raya.id") is None
    acts = await owner.fetch(
        "SELECT action FROM operations.audit_entry WHERE action ~ 'wire|login' AND subject = $1 ORDER BY id",
        chain.enterprise.code,
    )
    assert [row["action"].partition(".")[2] for row in acts] == [
        "wire_on", "login_add", "wire_off", "wire_on", "login_end",
    ]  # fmt: skip

    await owner.execute("UPDATE customers.session SET contact_id = NULL")
    await visitor.get(PAGE)
    assert "first prove that it is you" in visitor.text
    await visitor.post(f"{PAGE}/akses", akses="mati")
    assert visitor.status == 403


async def test_serial_numbers_that_wait_are_shown_and_given_back(running: RunningSite, chain: Chain) -> None:
    db, now = running.line.database.site, running.line.now

    async def nothing(*_: object) -> None:
        pass

    wanted = [WantedSerial(name="surat.pdf"), WantedSerial(name="kontrak.pdf")]
    first, second = await take_serials(
        db, wanted, organisation_id=chain.enterprise.id, before=nothing, after=nothing, now=now
    )
    client_id = await running.line.database.owner.fetchval("SELECT id FROM partners.client")
    for path in ("/wire/stampv2/chanel/stampv2", "/api/v1/stamps"):
        asked = ApiRequest(
            id=new_id(now), organisation_id=chain.enterprise.id, client_id=client_id, at=now, method="POST",
            path=path, status=200, code=None, milliseconds=12,
        )  # fmt: skip
        await note_requests(db, [asked])
    visitor = await member(running, chain.enterprise)
    await visitor.get(PAGE)
    assert "2 serial numbers wait for their documents." in visitor.text
    assert ("/wire/stampv2/chanel/stampv2" in visitor.text, "/api/v1/stamps" in visitor.text) == (True, False)
    other = await member(running, chain.retailer, "lain")
    await other.get(PAGE)
    assert first.serial not in other.text
    await other.post(f"{PAGE}/nomor", **{first.serial: "1"})
    assert await count_unstamped(db, chain.enterprise.id) == 2
    await visitor.get(PAGE)
    await visitor.post(f"{PAGE}/nomor", **{first.serial: "1"})
    await visitor.get(visitor.headers["location"])
    assert "1 stamp went back to the stock." in visitor.text
    assert (first.serial in visitor.text, second.serial in visitor.text) == (False, True)
