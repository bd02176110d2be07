"""What people in line read on the site, and what one press or one right code does."""

from __future__ import annotations

from datetime import UTC, datetime

from meterai.waiting_room.files.join_notes import JoinNote, keep_note
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import decode_ticket
from tests.waiting_room.line import ANI, BUDI, SCHEDULE
from tests.web.running_site import RunningSite, Visitor, sign_in
from tests.web.test_door import asked_for_the_code, code_sent

ADDRESS = ANI.partition(":")[2]


async def reminders(running: RunningSite) -> int:
    count: int = await running.line.database.owner.fetchval("SELECT count(*) FROM waiting_room.reminder")
    return count


async def with_ticket(running: RunningSite, contact: str) -> Visitor:
    """A visitor who pressed "tell me" on the wait page."""
    visitor = running.visitor()
    await visitor.post("/casn/kabari", tiket=running.line.join(contact))
    await visitor.get("/casn/kabari")
    return visitor


async def test_the_right_code_switches_the_messages_on(running: RunningSite) -> None:
    visitor = await with_ticket(running, ANI)
    assert await visitor.post("/casn/kabari/kontak", kontak=ADDRESS) == "/casn/kabari/kode"
    await visitor.get("/casn/kabari/kode")
    sent = await code_sent(running, visitor)
    await visitor.post("/casn/kabari/kode", kode_id=sent["kode_id"], kode="000000")
    assert await reminders(running) == 0
    assert await visitor.post("/casn/kabari/kode", **sent) == "/casn/kabari"
    assert await reminders(running) == 1
    await visitor.get("/casn/kabari")
    assert "Kami kabari Anda" in visitor.text
    assert await visitor.post("/casn/kabari/henti") == "/casn/kabari"
    await visitor.get("/casn/kabari")
    assert await reminders(running) == 0, "to look at the page switches nothing on"


async def test_the_gate_is_told_who_has_entered(running: RunningSite) -> None:
    visitor = await asked_for_the_code(running)
    assert "sudah_casn" not in visitor.cookies
    await visitor.post("/casn/masuk/kode", **await code_sent(running, visitor))
    assert visitor.cookies["sudah_casn"] == decode_ticket(visitor.cookies["antre_casn"]).id.hex()


async def test_who_proved_the_contact_before_needs_one_press_on_the_wait_page(running: RunningSite) -> None:
    for contact, switched_on in ((BUDI, 0), (ANI, 1)):
        visitor, ticket = running.visitor(), running.line.join(ANI)
        await sign_in(running, visitor, contact)
        await visitor.post("/casn/kabari", tiket=ticket)
        assert await reminders(running) == switched_on, "only with the ticket's own contact"
    stranger, other = running.visitor(), running.line.join(BUDI)
    stranger.cookies["masuk"] = BUDI
    stranger.sent_from = "cross-site"
    await stranger.post("/casn/kabari", tiket=other)
    assert await reminders(running) == 1, "a page of another site switches nothing on"


async def test_the_old_code_has_its_field_when_no_new_one_may_be_sent(running: RunningSite) -> None:
    visitor = await asked_for_the_code(running)
    await visitor.post("/casn/masuk/kode", **await code_sent(running, visitor))
    visitor.cookies.pop("masuk")
    for page, ask in (("/saya", "/saya/masuk"), ("/casn/kabari", "/casn/kabari/kontak")):
        await visitor.get(page)
        while await visitor.post(ask, kontak=ADDRESS) != ask:
            await visitor.get(page)
        assert visitor.status == 429
        assert "sudah lima kode diminta" in visitor.text
        assert 'name="kode"' in visitor.text
        assert f'name="kode_id" value="{visitor.cookies["kode"]}"' in visitor.text
        assert "Kode sedang dikirim" not in visitor.text, "none is on its way"
    visitor.cookies.pop("kode")
    await visitor.get("/saya")
    await visitor.post("/saya/masuk", kontak=ADDRESS)
    assert 'name="kode"' not in visitor.text, "this browser awaits none"


async def test_the_contact_is_not_typed_twice_in_the_browser_that_typed_it(running: RunningSite) -> None:
    visitor = running.visitor()
    visitor.cookies["antre_casn"] = running.line.join(ANI)
    await running.line.call_everybody()
    visitor.cookies["kontak_casn"] = ADDRESS
    await visitor.get("/casn/masuk")
    assert f'type="hidden" name="kontak" value="{ADDRESS}"' in visitor.text
    assert f"<strong>{ADDRESS}</strong>" in visitor.text
    assert await visitor.post("/casn/masuk/kontak", kontak=ADDRESS) == "/casn/masuk/kode"
    for other in ("", BUDI.partition(":")[2], "ani"):
        visitor.cookies["kontak_casn"] = other
        await visitor.get("/casn/masuk")
        assert 'id="kontak" name="kontak" type="text"' in visitor.text, "a contact of another ticket is none"
        assert ADDRESS not in visitor.text


async def test_the_name_given_at_the_gate_stands_on_the_certificate_as_unverified(
    running: RunningSite,
) -> None:
    ticket = running.line.join(ANI)
    folder, name = running.line.folder, "Ani Lestari <ani>"
    folder.gate(1).mkdir(parents=True, exist_ok=True)
    keep_note(folder, ticket, decode_ticket(ticket), JoinNote("a•••@contoh.id", name))
    visitor = running.visitor()
    visitor.cookies["antre_casn"] = ticket
    await running.line.call_everybody()
    await sign_in(running, visitor, ANI)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    await visitor.get("/casn/masuk")
    running.line.now = datetime.fromtimestamp(SCHEDULE.closes_at + 60, UTC)
    await running.line.set_state(QueueState.CLOSED)
    await visitor.get("/casn/sertifikat")
    marked = "<dt>Nama, ditulis sendiri dan tidak diperiksa</dt><dd>Ani Lestari &lt;ani&gt;</dd>"
    assert marked in visitor.text
    owner = running.line.database.owner
    code, signed = await owner.fetchrow("SELECT code, document FROM waiting_room.certificate")
    assert b" " not in signed, "mailers break lines there, and a pasted certificate must still be good"
    public = await owner.fetch("SELECT facts::text FROM waiting_room.to_log")
    assert public
    assert not any("Lestari" in row["facts"] for row in public), "the public log has its digest only"
    agency = running.visitor()
    await agency.get(f"/antrean/sertifikat?kode={code}")
    assert marked in agency.text
    assert "namanya tidak kami periksa" in agency.text
