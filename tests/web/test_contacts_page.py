"""A customer's contacts: added and removed with codes, never from a session that was left open."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from meterai.sales.gateways import Gateways
from meterai.waiting_room.rules.model import QueueState
from meterai.web.orders.access import REMEMBERED_FOR
from tests.sales.fake_gateway import FakeGateway
from tests.web.running_site import RunningSite, Visitor


async def newest_code(running: RunningSite) -> str:
    text = await running.line.database.owner.fetchval(
        "SELECT payload->>'text' FROM jobs.outbox WHERE payload->>'text' ~ '[0-9]{6}'"
        " ORDER BY id DESC LIMIT 1"
    )
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]


async def type_code(running: RunningSite, visitor: Visitor, page: str) -> str:
    await visitor.get(page)
    found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
    assert found
    return await visitor.post(page, kode_id=found[1], kode=await newest_code(running))


async def signed_in(running: RunningSite, contact: str) -> Visitor:
    visitor = running.visitor()
    await visitor.get("/saya")
    await visitor.post("/saya/masuk", kontak=contact)
    assert await type_code(running, visitor, "/saya/kode") == "/saya"
    return visitor


async def add(running: RunningSite, visitor: Visitor, contact: str) -> str:
    await visitor.get("/saya/kontak")
    assert await visitor.post("/saya/kontak", kontak=contact) == "/saya/kontak/kode"
    return await type_code(running, visitor, "/saya/kontak/kode")


def id_of(visitor: Visitor, masked: str) -> str:
    """The id of a contact in the forms."""
    line = next(line for line in visitor.text.split('<li class="item">') if masked in line)
    found = re.search(r'name="kontak_id" value="([^"]+)"', line)
    assert found
    return found[1]


async def test_a_number_is_replaced_and_its_next_owner_finds_nothing(running: RunningSite) -> None:
    visitor = await signed_in(running, "0812 3456 7890")
    await visitor.get("/saya")
    assert '<a href="/saya/kontak">' in visitor.text
    assert await add(running, visitor, "sri@contoh.id") == "/saya/kontak"
    await visitor.get("/saya/kontak")
    assert "s•••@contoh.id" in visitor.text
    assert visitor.text.count("Hapus kontak ini") == 1, "not the one that proves the session"

    await visitor.post("/saya/kontak/bukti", kontak_id=id_of(visitor, "s•••@contoh.id"))
    before = visitor.cookies["masuk"]
    assert await type_code(running, visitor, "/saya/kontak/bukti/kode") == "/saya/kontak"
    await visitor.get("/saya/kontak")
    number = id_of(visitor, "+62•••••7890")
    assert await visitor.post("/saya/kontak/hapus", kontak_id=number) == "/saya/kontak"
    await visitor.get("/saya/kontak")
    assert "+62•••••7890" not in visitor.text
    assert "s•••@contoh.id" in visitor.text

    old = running.visitor()
    old.cookies["masuk"] = before
    assert await old.get("/saya/kontak") == "/saya"
    stranger = await signed_in(running, "0812 3456 7890")
    await stranger.get("/saya/kontak")
    assert "s•••@contoh.id" not in stranger.text


async def test_who_finds_an_open_session_takes_nothing_with_it(running: RunningSite) -> None:
    visitor = await signed_in(running, "sri@contoh.id")
    await add(running, visitor, "budi@contoh.id")
    await visitor.get("/saya/kontak")
    budi = id_of(visitor, "b•••@contoh.id")
    running.line.now += timedelta(minutes=16)
    await visitor.get("/saya/kontak")
    assert "Hapus kontak ini" not in visitor.text
    assert 'id="kontak"' not in visitor.text
    for form, typed in (("", {"kontak": "maling@contoh.id"}), ("/hapus", {"kontak_id": budi})):
        await visitor.get("/saya/kontak")
        await visitor.post(f"/saya/kontak{form}", **typed)
        assert visitor.status == 403
        assert "lebih dari 15 menit" in visitor.text
    await visitor.get("/saya/kontak")
    assert "b•••@contoh.id" in visitor.text


async def test_a_contact_of_somebody_else_is_refused_with_what_to_do(running: RunningSite) -> None:
    await signed_in(running, "budi@contoh.id")
    visitor = await signed_in(running, "sri@contoh.id")
    await add(running, visitor, "budi@contoh.id")
    assert visitor.status == 409
    assert "Masuklah dengan kontak itu" in visitor.text
    assert 'data-address="/saya/kontak"' in visitor.text, "the code is used: its page has nothing more to ask"


async def test_who_is_not_signed_in_is_led_to_signing_in(running: RunningSite) -> None:
    visitor = running.visitor()
    assert await visitor.get("/saya/kontak") == "/saya"
    await visitor.get("/saya")
    await visitor.post("/saya/kontak/hapus", kontak_id="x")
    assert visitor.status == 403


@pytest.mark.parametrize("signed_in_first", [True, False])
async def test_news_of_an_order_go_to_the_contact_that_was_proven(
    running: RunningSite, *, signed_in_first: bool
) -> None:
    """Messages don't go to the oldest contact: its number may belong to somebody else now."""
    await add(running, await signed_in(running, "0812 3456 7890"), "sri@contoh.id")
    visitor = await signed_in(running, "sri@contoh.id") if signed_in_first else running.visitor()
    await visitor.get("/kuota")
    form = re.search(r'name="kiriman" value="([^"]+)"', visitor.text)
    assert form
    order = "/".join((await visitor.post("/kuota", kiriman=form[1], jumlah="1")).split("/")[:3])
    if not signed_in_first:
        visitor.cookies |= (await signed_in(running, "sri@contoh.id")).cookies
    assert await visitor.get(f"{order}/bayar") == f"{order}/bayar"
    assert "s•••@contoh.id" in visitor.text
    running.app.gateways = Gateways([FakeGateway()])
    await visitor.post(f"{order}/bayar", cara="qris", milik="" if signed_in_first else "1")
    assert visitor.status == 303
    contact = await running.line.database.owner.fetchval("SELECT contact_value FROM sales.orders")
    assert contact == "sri@contoh.id"


async def colleague_with_an_order(
    running: RunningSite, visitor: Visitor
) -> tuple[Visitor, str, dict[str, str]]:
    """A second person who signed in with a contact that the visitor added: their order page and its form."""
    await running.line.set_state(QueueState.DIRECT)
    await add(running, visitor, "budi@contoh.id")
    budi = await signed_in(running, "budi@contoh.id")
    await budi.get("/kuota")
    found = re.search(r'name="kiriman" value="([^"]+)"', budi.text)
    assert found
    form = {"jumlah": "1", "kiriman": found[1]}
    page = "/".join((await budi.post("/kuota", **form)).split("/")[:3])
    await budi.get(page)
    assert budi.status == 200
    return budi, page, form


async def remove(visitor: Visitor, masked: str) -> None:
    await visitor.get("/saya/kontak")
    assert await visitor.post("/saya/kontak/hapus", kontak_id=id_of(visitor, masked)) == "/saya/kontak"


async def test_links_of_orders_end_with_a_contact(running: RunningSite) -> None:
    """Former colleagues' old mails and browsers open nothing, and can't take the money of unused quota."""
    visitor = await signed_in(running, "sri@contoh.id")
    budi, page, form = await colleague_with_an_order(running, visitor)
    link = f"/p/{budi.cookies['pesanan_' + page.rpartition('/')[2]]}"
    assert await running.visitor().get(link) == page
    await remove(visitor, "b•••@contoh.id")

    await budi.get(page)
    assert budi.status == 404
    assert "masuk ke Meterai saya" in budi.text
    await budi.get(link)
    assert budi.status == 404
    assert "Masuk ke Meterai saya" in budi.text
    await budi.get("/kuota")
    await budi.post("/kuota", **form)
    assert budi.status == 409, "nor does the form give a link again"
    await visitor.get(page)
    assert visitor.status == 200, "who is signed in goes on"


async def test_no_money_moves_on_the_word_of_a_link_that_ended_in_another_process(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.web.account.contacts_routes.forget_tokens", lambda: None)
    visitor = await signed_in(running, "sri@contoh.id")
    budi, page, _ = await colleague_with_an_order(running, visitor)
    await remove(visitor, "b•••@contoh.id")
    await budi.get(page)
    assert budi.status == 200, "remembered for a while"
    for form in ("kembali", "rekening"):
        await budi.post(f"{page}/{form}", butir=page, keping="1")
        assert budi.status == 404
        assert "masuk ke Meterai saya" in budi.text
    running.line.now += REMEMBERED_FOR
    await budi.get(page)
    assert budi.status == 404
