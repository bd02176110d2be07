"""What people in line read on the site, and what one press or one right code does."""

from __future__ import annotations

from meterai.waiting_room.rules.tickets import decode_ticket
from tests.waiting_room.line import ANI, BUDI
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
