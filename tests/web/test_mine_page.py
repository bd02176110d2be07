"""My stamps: whatever is the customer's is found from there."""

from __future__ import annotations

import re
from uuid import UUID

from tests.web.door_house import House, Visitor, sign_in

from meterai.stamping.bundle import bundle_id
from meterai.stamping.use_cases.open_bundle import open_bundle

SRI = "email:sri@contoh.id"


async def sri(house: House) -> tuple[Visitor, UUID]:
    """Somebody who is signed in and has nothing yet."""
    visitor = house.visitor()
    await sign_in(house, visitor, SRI)
    customer = await house.line.database.owner.fetchval("SELECT customer_id FROM customers.contact")
    return visitor, customer


async def add_bundle(house: House, customer: UUID, name: str = "form:1") -> UUID:
    id = bundle_id(customer, name)
    await open_bundle(house.db, customer_id=customer, bundle_id=id, door="web", now=house.line.now)  # type: ignore[arg-type]
    return id


def links(visitor: Visitor, beginning: str) -> list[str]:
    return re.findall(rf'href="({re.escape(beginning)}[^"]*)"', visitor.text)


async def test_a_bundle_is_found_though_no_quota_is_left(house: House) -> None:
    visitor, customer = await sri(house)
    await visitor.get("/saya")
    assert links(visitor, "/saya/banyak") == ["/saya/banyak"]
    assert "Belum ada dokumen" in visitor.text
    id = await add_bundle(house, customer)
    await visitor.get("/saya")
    assert links(visitor, "/saya/banyak") == ["/saya/banyak", f"/saya/banyak/{id}"]
    assert "Belum ada dokumen" not in visitor.text
