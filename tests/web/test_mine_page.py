"""My stamps leads to everything that belongs to the customer."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from meterai.customers.contacts import canonical_contact
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.open_order import Owner, open_order
from meterai.stamping.bundles.model import bundle_id
from meterai.stamping.use_cases.open_bundle import open_bundle
from tests.web.running_site import RunningSite, Visitor, sign_in

SRI = "email:sri@contoh.id"


async def sri(running: RunningSite) -> tuple[Visitor, UUID]:
    """A visitor who is signed in and has nothing yet."""
    visitor = running.visitor()
    await sign_in(running, visitor, SRI)
    customer = await running.line.database.owner.fetchval("SELECT customer_id FROM customers.contact")
    return visitor, customer


async def add_bundle(running: RunningSite, customer: UUID, name: str = "form:1") -> UUID:
    id = bundle_id(customer, name)
    await open_bundle(running.app.db, customer_id=customer, bundle_id=id, door="web", now=running.line.now)
    return id


async def begin_order(running: RunningSite, customer: UUID, name: str, *, pieces: int) -> str:
    db, now = running.app.db, running.line.now
    order = await open_order(
        db,
        running.app.secret,
        submit_id=name.rjust(16, "-"),
        flow="quota",
        event_slug=None,
        language="id",
        owner=Owner(customer_id=customer, contact=canonical_contact("sri@contoh.id")),
        now=now,
    )
    if pieces:
        await set_quota(db, order.order_id, pieces, now=now)
    return order.number


def links(visitor: Visitor, beginning: str) -> list[str]:
    return re.findall(rf'href="({re.escape(beginning)}[^"]*)"', visitor.text)


async def test_an_order_opens_by_its_number_to_its_customer_and_to_nobody_else(running: RunningSite) -> None:
    visitor, customer = await sri(running)
    number = await begin_order(running, customer, "one", pieces=1)
    stranger, other = running.visitor(), running.visitor()
    await sign_in(running, other, "email:budi@contoh.id")
    for who, status in ((visitor, 200), (other, 404), (stranger, 404)):
        await who.get(f"/pesanan/{number}")
        assert who.status == status


async def test_what_is_gone_is_called_by_its_name_and_leads_to_what_is_there(running: RunningSite) -> None:
    """A document for quota has no order to go back to. The page above it is gone, too."""
    visitor, _ = await sri(running)
    gone = UUID(int=1)
    for page, what in (
        (f"dokumen/{gone}/letak", "Dokumen ini"),
        (f"banyak/{gone}/keadaan", "Bundel dokumen ini"),
    ):
        await visitor.get(f"/saya/{page}")
        assert (visitor.status, f"{what} tidak kami temukan" in visitor.text) == (404, True)
        assert '<a class="button" href="/saya">' in visitor.text


async def test_a_bundle_is_found_though_no_quota_is_left(running: RunningSite) -> None:
    visitor, customer = await sri(running)
    await visitor.get("/saya")
    assert links(visitor, "/saya/banyak") == ["/saya/banyak"]
    assert "Belum ada dokumen" in visitor.text
    id = await add_bundle(running, customer)
    await visitor.get("/saya")
    assert links(visitor, "/saya/banyak") == ["/saya/banyak", f"/saya/banyak/{id}"]
    assert "Belum ada dokumen" not in visitor.text


async def test_an_order_that_was_begun_is_found_and_goes_on(running: RunningSite) -> None:
    visitor, customer = await sri(running)
    number = await begin_order(running, customer, "satu", pieces=2)
    await begin_order(running, customer, "kosong", pieces=0)
    await visitor.get("/saya")
    assert links(visitor, "/pesanan/") == [f"/pesanan/{number}"]
    await visitor.get(f"/pesanan/{number}")
    assert links(visitor, f"/pesanan/{number}/bayar")
    await visitor.get(f"/en/pesanan/{number}/bayar")
    assert "<dt>Quota</dt><dd>2 stamps</dd>" in visitor.text


async def test_every_list_leads_on_to_what_is_older(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.web.account.my_stamps_routes.ORDERS_SHOWN", 2)
    monkeypatch.setattr("meterai.web.account.my_stamps_routes.BUNDLES_SHOWN", 2)
    monkeypatch.setattr("meterai.web.bundles.bundle_routes.BUNDLES_SHOWN", 2)
    visitor, customer = await sri(running)
    orders = {f"/pesanan/{await begin_order(running, customer, str(n), pieces=1)}" for n in range(5)}
    bundles = {f"/saya/banyak/{await add_bundle(running, customer, str(n))}" for n in range(5)}
    for page, further, wanted in (
        ("/saya", "/saya?pesanan_sebelum=", orders),
        ("/saya", "/saya/banyak?sebelum=", bundles),
        ("/saya/banyak", "/saya/banyak?sebelum=", bundles),
    ):
        found: list[str] = []
        await visitor.get(page)
        for _ in range(2):
            found += [link for link in links(visitor, "/") if link in wanted]
            await visitor.get(links(visitor, further)[0])
        found += [link for link in links(visitor, "/") if link in wanted]
        assert (len(found), set(found)) == (5, wanted)
        assert links(visitor, further) == []
        assert "Kembali ke yang terbaru" in visitor.text
    await visitor.get("/saya?pesanan_sebelum=x&dokumen_sebelum=")
    assert visitor.status == 200
