"""Owners keep the members of their organisation on the site: invitations, roles, ends."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from meterai.partners.members.use_cases.invite_member import forget_invitations
from meterai.partners.model import MemberRole, Organisation
from meterai.partners.use_cases.set_member import set_member
from tests.partners.organisations import make_chain
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_contacts_page import newest_code, signed_in, type_code
from tests.web.test_members import customer

PAGE = "/saya/anggota"


async def member(running: RunningSite, firm: Organisation, name: str, role: MemberRole) -> Visitor:
    """A member who has just typed a code, and acts for the organisation."""
    visitor = await signed_in(running, f"{name}@contoh.id")
    person = await customer(running, name)
    await set_member(running.line.database.app, firm.id, person, role, now=running.line.now)
    await visitor.get("/saya")
    await visitor.post("/saya/untuk", organisasi=str(firm.id))
    return visitor


async def roles(running: RunningSite, firm: Organisation) -> dict[str, str]:
    rows = await running.line.database.owner.fetch(
        """SELECT c.value, m.role FROM partners.member m JOIN customers.contact c USING (customer_id)
           WHERE m.organisation_id = $1""",
        firm.id,
    )
    return {row["value"].partition("@")[0]: row["role"] for row in rows}


async def acts(running: RunningSite) -> list[str]:
    """What the audit trail has about members of organisations on the site."""
    rows = await running.line.database.owner.fetch(
        "SELECT action FROM operations.audit_entry WHERE action LIKE 'member.%' ORDER BY id"
    )
    return [row["action"] for row in rows]


async def link(running: RunningSite) -> str:
    """The path of the newest invitation that was sent."""
    text = await running.line.database.owner.fetchval(
        "SELECT payload->>'text' FROM jobs.outbox WHERE payload->>'text' ~ '/undangan/'"
        " ORDER BY id DESC LIMIT 1"
    )
    found = re.search(r"/undangan/\S+", text)
    assert found
    return found[0]


async def invite(owner: Visitor, contact: str, role: str = "stamper") -> None:
    await owner.get(PAGE)
    await owner.post(f"{PAGE}/undang", kontak=contact, peran=role)


async def come(running: RunningSite, visitor: Visitor, contact: str) -> None:
    """Opens the newest invitation and proves a contact there."""
    assert await visitor.get(await link(running)) == "/saya/undangan"
    await visitor.get("/saya/undangan")
    assert "PT firm mengundang Anda" in visitor.text
    assert await visitor.post("/saya/undangan/masuk", kontak=contact) == "/saya/undangan/kode"
    assert await type_code(running, visitor, "/saya/undangan/kode") == "/saya/undangan"
    await visitor.get("/saya/undangan")


async def test_an_invited_person_proves_the_contact_and_becomes_a_member_once(running: RunningSite) -> None:
    firm = (await make_chain(running.line.database.app, now=running.line.now)).enterprise
    owner = await member(running, firm, "rina", MemberRole.OWNER)
    await invite(owner, "sari@contoh.id")
    assert (owner.status, owner.headers["location"]) == (303, f"{PAGE}?terkirim=1")
    await owner.get(PAGE)
    assert "s•••@contoh.id" in owner.text

    thief = running.visitor()
    await come(running, thief, "maling@contoh.id")
    await thief.post("/saya/undangan")
    assert (thief.status, "Undangan ini untuk kontak lain" in thief.text) == (403, True)

    sari = running.visitor()
    await come(running, sari, "sari@contoh.id")
    assert "Pemberi meterai" in sari.text
    invited, again = sari.text, await link(running)
    assert await sari.post("/saya/undangan") == "/saya"
    await sari.get("/saya")
    assert "PT firm" in sari.text
    assert await roles(running, firm) == {"rina": "owner", "sari": "stamper"}
    sari.text = invited
    await sari.post("/saya/undangan")
    assert sari.status == 410, "it worked once"
    await thief.get(again)
    assert thief.status == 410
    assert await acts(running) == ["member.invite", "member.accept"]
    kept = await running.line.database.owner.fetchval(
        "SELECT string_agg(i::text, '') FROM partners.invitation i"
    )
    assert "sari" not in kept, "the contact itself is in the message alone"


async def test_an_invitation_ends_by_time_by_its_owner_and_for_members(running: RunningSite) -> None:
    firm = (await make_chain(running.line.database.app, now=running.line.now)).enterprise
    owner = await member(running, firm, "rina", MemberRole.OWNER)
    await invite(owner, "rina@contoh.id", "viewer")
    await owner.get(await link(running))
    await owner.get("/saya/undangan")
    await owner.post("/saya/undangan")
    assert (owner.status, await roles(running, firm)) == (409, {"rina": "owner"})
    await owner.get(PAGE)
    found = re.search(r'name="undangan" value="([^"]+)"', owner.text)
    assert found
    await owner.post(f"{PAGE}/batal-undang", undangan=found[1])
    await owner.get(await link(running))
    assert owner.status == 410
    await invite(owner, "sari@contoh.id")
    for wrong in ({"kontak": "x", "peran": "owner"}, {"kontak": "a@contoh.id", "peran": "king"}):
        await owner.get(PAGE)
        await owner.post(f"{PAGE}/undang", **wrong)
        assert owner.status == 422
    running.line.now += timedelta(days=7)
    late = running.visitor()
    await late.get(await link(running))
    assert late.status == 410
    assert await forget_invitations(running.line.database.worker, now=running.line.now) == 2
    assert await acts(running) == ["member.invite", "member.uninvite", "member.invite"]


async def test_owners_change_and_end_memberships_and_the_last_owner_stays(running: RunningSite) -> None:
    firm = (await make_chain(running.line.database.app, now=running.line.now)).enterprise
    owner = await member(running, firm, "rina", MemberRole.OWNER)
    other = await member(running, firm, "sari", MemberRole.VIEWER)
    await other.get(PAGE)
    assert ("r•••@contoh.id" in other.text, "Keluar dari organisasi ini" in other.text) == (False, True)
    rina, sari = str(await customer(running, "rina")), str(await customer(running, "sari"))
    await owner.get(PAGE)
    for change in ({"peran": "viewer"}, {"peran": "akhiri"}):
        await owner.post(f"{PAGE}/ubah", anggota=rina, **change)
        assert (owner.status, "harus memiliki seorang pemilik" in owner.text) == (409, True)
    await owner.post(f"{PAGE}/keluar")
    assert (owner.status, await roles(running, firm)) == (409, {"rina": "owner", "sari": "viewer"})
    await owner.get(PAGE)
    await owner.post(f"{PAGE}/ubah", anggota=sari, peran="owner")
    assert await roles(running, firm) == {"rina": "owner", "sari": "owner"}

    await owner.get(PAGE)
    await other.get(PAGE)
    await asyncio.gather(owner.post(f"{PAGE}/keluar"), other.post(f"{PAGE}/keluar"))
    assert sorted((owner.status, other.status)) == [303, 409], "two owners can't leave at once"
    stays = owner if owner.status == 409 else other
    await stays.get(PAGE)
    await stays.post(f"{PAGE}/ubah", anggota="3b2f7a52-6a3c-4ba0-8f4e-0d9d3f6d5a11", peran="akhiri")
    assert stays.status == 404
    assert await acts(running) == ["member.role", "member.leave"]


async def test_an_old_session_changes_no_member_until_a_code_is_typed(running: RunningSite) -> None:
    firm = (await make_chain(running.line.database.app, now=running.line.now)).enterprise
    owner = await member(running, firm, "rina", MemberRole.OWNER)
    running.line.now += timedelta(minutes=16)
    await invite(owner, "sari@contoh.id")
    assert (owner.status, await acts(running)) == (403, [])
    assert "Kirim undangan" not in owner.text
    assert await owner.post(f"{PAGE}/bukti") == f"{PAGE}/bukti/kode"
    assert await newest_code(running)
    assert await type_code(running, owner, f"{PAGE}/bukti/kode") == PAGE
    await invite(owner, "sari@contoh.id")
    assert await acts(running) == ["member.invite"]
