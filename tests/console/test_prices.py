"""Officers set the service fee in the console: one asks, another approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meterai.kernel.clock import business_date
from tests.console.running_console import browser_of
from tests.console.test_requests import ONE, Office
from tests.storage_fixtures import TestDatabase

SET = "/tindakan/tetapkan-biaya"


async def test_two_officers_of_finance_set_the_fee(database: TestDatabase) -> None:
    office = Office(database, browser_of(database, clock=lambda: datetime.now(UTC)).console)
    await office.hire(ani="finance", budi="finance", citra="admin")
    day = business_date(datetime.now(UTC)) + timedelta(days=3)
    typed = {"valid_from": str(day), "fee": "3000", "vat": "11,5", "reason": "biaya gateway naik"}
    ani = office.browsers["ani"]
    for wrong, status in (
        ({"valid_from": "besok"}, 400),
        ({"valid_from": "2020-01-01"}, 409),
        ({"fee": "3.000"}, 400),
        ({"vat": "sebelas"}, 400),
    ):
        await office.see("ani", SET)
        await ani.post(SET, **typed | wrong)
        assert (ani.status, "biaya gateway naik" in ani.text) in ((status, True), (422, True)), wrong
    await office.see("ani", SET)
    await ani.post(SET, **typed)
    for words in ("Rp2.500 (PPN Rp248)", "Rp3.000 (PPN Rp309)", "Rp12.500", "Rp13.000"):
        assert words in ani.text, words
    await office.ask("ani", SET, **typed)
    assert f'href="{ONE}"' in ani.text, ani.text
    assert "11,5 %" in await office.see("budi", ONE)
    assert "approved_text" not in await office.see("citra", ONE)
    await office.see("budi", ONE)
    budi = await office.approve("budi", ONE)
    assert (budi.status, "sudah dilakukan" in budi.text) == (200, True), budi.text
    price = await database.owner.fetchrow(
        "SELECT unit_fee, unit_vat FROM sales.price WHERE valid_from = $1", day
    )
    assert price is not None
    assert tuple(price) == (3_000, 309)
    assert await office.entries() == [("ani, budi", "price.set")]
