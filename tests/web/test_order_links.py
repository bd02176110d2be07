"""An order's link belongs to its customer: people who had it before the order had an owner lose it."""

from __future__ import annotations

import re
import uuid

import pytest
import pytest_asyncio

from meterai.sales.gateways import Gateways
from meterai.waiting_room.rules.model import QueueState
from tests.sales.fake_gateway import FakeGateway
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_contacts_page import newest_code, signed_in
from tests.web.test_two_windows import copied, form_of

ENDED = "Tautan ini tidak membuka pesanan"


@pytest_asyncio.fixture
async def shop(running: RunningSite) -> RunningSite:
    """A shop where nobody waits."""
    await running.line.set_state(QueueState.DIRECT)
    running.app.gateways = Gateways([FakeGateway()])
    return running


async def begun(visitor: Visitor) -> tuple[str, str]:
    """The page and the link of a draft of quota."""
    await visitor.get("/kuota")
    step = await visitor.post("/kuota", kiriman=form_of(visitor), jumlah="200")
    page = "/".join(step.split("/")[:3])
    return page, link_of(visitor, page)


def link_of(visitor: Visitor, page: str) -> str:
    """The link of an order that this browser keeps."""
    return f"/p/{visitor.cookies['pesanan_' + page.rpartition('/')[2]]}"


async def asked_for_code(visitor: Visitor, page: str) -> dict[str, str]:
    """The form of the code, without the code."""
    await visitor.get(f"{page}/kontak")
    assert await visitor.post(f"{page}/kontak", kontak="siti@contoh.id") == f"{page}/kode"
    await visitor.get(f"{page}/kode")
    found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
    assert found
    return {"kode_id": found[1]}


async def proven(shop: RunningSite, visitor: Visitor, page: str, **more: str) -> None:
    form = await asked_for_code(visitor, page)
    await visitor.post(f"{page}/kode", **form, kode=await newest_code(shop), **more)
    assert visitor.status == (200 if more else 303)


async def finds_nothing(visitor: Visitor, page: str) -> None:
    await visitor.get("/kuota")
    for address in (page, f"{page}/bayar", f"{page}/unduh/1"):
        await visitor.get(address)
        assert visitor.status == 404, address
    await visitor.get("/kuota")
    for form in ("bayar", "batal", "ganti/1", "kembali", "kode", "kontak", "rekening"):
        await visitor.post(f"{page}/{form}", butir=str(uuid.uuid4()), keping="1", kontak="m@contoh.id")
        assert visitor.status == 404, form


@pytest.mark.parametrize("straight", [False, True])
async def test_who_began_a_draft_has_no_key_to_what_somebody_else_pays_for(
    shop: RunningSite, *, straight: bool
) -> None:
    mallory, siti = shop.visitor(), shop.visitor()
    page, link = await begun(mallory)
    assert await siti.get(link) == page
    await proven(shop, siti, page, **({"langsung": "1"} if straight else {}))
    if straight:
        assert "s•••@contoh.id" in siti.text, "the page behind it opens by the new link"
    await finds_nothing(mallory, page)
    await mallory.get(link)
    assert (mallory.status, ENDED in mallory.text) == (404, True)

    await siti.get(f"{page}/kode")  # back in the browser
    assert siti.status == 200
    siti.cookies.pop("masuk")
    await siti.get(page)
    permanent = re.search(r"http://situs(/p/[\w-]+)", siti.text)
    assert permanent
    assert permanent[1] == link_of(siti, page) != link
    phone = shop.visitor()
    assert await phone.get(permanent[1]) == page
    await phone.get(page)
    assert phone.status == 200


async def test_the_code_sent_again_for_its_answer_was_lost_gives_the_new_link_again(
    shop: RunningSite,
) -> None:
    siti = shop.visitor()
    page, _ = await begun(siti)
    form = await asked_for_code(siti, page)
    form["kode"] = await newest_code(shop)
    lost = copied(siti)
    for window in (lost, siti):
        assert await window.post(f"{page}/kode", **form) == f"{page}/bayar"
    assert link_of(siti, page) == link_of(lost, page)
    await siti.get(f"{page}/bayar")
    assert siti.status == 200


async def test_a_page_that_is_looked_at_gives_nobodys_draft_to_nobody(shop: RunningSite) -> None:
    """A visitor who is led to a stranger's draft shows them no contact. One who orders it becomes its only
    owner.
    """
    mallory, siti = shop.visitor(), await signed_in(shop, "siti@contoh.id")
    page, link = await begun(mallory)
    assert await siti.get(link) == page
    await siti.get(f"{page}/bayar")
    assert (siti.status, "s•••@contoh.id" in siti.text) == (200, True)
    assert 'name="milik" value="1"' in siti.text
    await mallory.get(page)
    assert (mallory.status, "s•••@contoh.id" in mallory.text) == (200, False)
    assert await mallory.get(f"{page}/bayar") == f"{page}/kontak"

    await siti.get(f"{page}/bayar")
    assert await siti.post(f"{page}/bayar", cara="qris", milik="1") == page
    await siti.get(page)
    assert (siti.status, "s•••@contoh.id" in siti.text) == (200, True)
    await finds_nothing(mallory, page)
    assert link_of(siti, page) != link
    siti.cookies.pop("masuk")
    await siti.get(page)
    assert siti.status == 200


async def test_a_draft_that_is_nobodys_offers_no_link_to_keep(shop: RunningSite) -> None:
    siti = shop.visitor()
    page, _ = await begun(siti)
    await siti.get(page)
    assert (siti.status, "Simpan tautan ini" in siti.text) == (200, False)
    await proven(shop, siti, page)
    await siti.get(page)
    assert "Simpan tautan ini" in siti.text


async def test_who_proves_the_contact_without_the_link_ends_no_link_of_others(
    shop: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti, other = shop.visitor(), shop.visitor()
    page, _ = await begun(siti)
    await proven(shop, siti, page)
    link = link_of(siti, page)
    theirs, _ = await begun(other)
    await other.get(theirs)

    async def look_up(*_: object) -> None:
        raise AssertionError("remembered")

    siti.cookies.pop("pesanan_" + page.rpartition("/")[2])
    with monkeypatch.context() as nothing_forgotten:
        nothing_forgotten.setattr("meterai.web.orders.access.find_order_by_token", look_up)
        await proven(shop, siti, page)
        assert link_of(siti, page) == link
        for visitor, address in ((other, theirs), (siti, page)):
            await visitor.get(address)
            assert visitor.status == 200


async def test_in_another_process_a_link_that_ended_gives_nothing_of_worth(
    shop: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.web.orders.checkout_routes.forget_tokens", lambda _: None)
    mallory, siti = shop.visitor(), shop.visitor()
    page, link = await begun(mallory)
    await siti.get(link)
    await proven(shop, siti, page)
    await mallory.get(page)
    assert mallory.status == 200, "remembered for a while"
    await mallory.get("/kuota")
    for form in ("kembali", "rekening", "ganti/1"):
        await mallory.post(f"{page}/{form}", butir=str(uuid.uuid4()), keping="1")
        assert mallory.status == 404, form
    await mallory.get(f"{page}/unduh/1")
    assert (mallory.status, "Pesanan ini tidak kami temukan" in mallory.text) == (404, True)


@pytest.mark.parametrize("keeps", ["link", "session", "both"])
async def test_a_form_opens_its_order_as_long_as_that_is_nobodys_and_then_to_its_customer(
    shop: RunningSite, keeps: str
) -> None:
    siti, stranger = shop.visitor(), shop.visitor()
    await siti.get("/kuota")
    form = {"kiriman": form_of(siti), "jumlah": "1"}
    page = (await siti.post("/kuota", **form)).removesuffix("/kontak")
    await siti.get("/kuota")
    assert await siti.post("/kuota", **form) == f"{page}/kontak"
    await proven(shop, siti, page)
    link = link_of(siti, page)

    await stranger.get("/kuota")
    await stranger.post("/kuota", **form)
    assert stranger.status == 409
    assert "Belum ada uang" not in stranger.text, "for that order some may have come"
    assert not any(name.startswith("pesanan_") for name in stranger.cookies)
    if keeps != "both":
        siti.cookies.pop("masuk" if keeps == "link" else "pesanan_" + page.rpartition("/")[2])
    await siti.get("/kuota")
    assert (await siti.post("/kuota", **form)).startswith(page)
    assert link_of(siti, page) == link


async def test_what_is_sent_again_of_a_purchase_leads_to_the_order_that_it_placed(shop: RunningSite) -> None:
    """People go back in the browser, perhaps with another number. The order can't be changed, and is
    shown.

    It may be paid, so no text about a wrong code may say that no money has come.
    """
    siti = await signed_in(shop, "siti@contoh.id")
    await siti.get("/kuota")
    form = {"kiriman": form_of(siti), "jumlah": "3"}
    page = (await siti.post("/kuota", **form)).removesuffix("/bayar")
    await siti.get(f"{page}/bayar")
    assert await siti.post(f"{page}/bayar", cara="qris") == page
    await siti.get("/kuota")
    assert await siti.post("/kuota", **form | {"jumlah": "5"}) == page
    await siti.get(page)
    assert (siti.status, "3 keping kuota" in siti.text) == (200, True)
    for step, typed in (("kontak", {"kontak": "siti"}), ("kode", {"kode": "12", "kode_id": "x"})):
        assert await siti.post(f"{page}/{step}", **typed) == page
