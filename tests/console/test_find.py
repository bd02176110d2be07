"""Officers find an order by anything that names it, and read its story with personal data masked."""

from __future__ import annotations

from datetime import timedelta

from meterai.customers.contacts import canonical_contact
from meterai.customers.organisations import SELLER
from meterai.kernel.serial_number import make_serial
from meterai.sales.queries.order_page import OrderPage
from tests.console.running_console import NOW, browser_of
from tests.sales.shop import ALICE, Shop, open_shop
from tests.storage_fixtures import TestDatabase

SERIAL = make_serial(b"thirty-two bytes of no randomness")
REASON = "Kasus K-7KQF-2M9D"
OFFICER = "INSERT INTO operations.officer VALUES ('ani', '{view}', '{\"key of ani\"}', '{}', now())"


async def test_an_order_is_found_and_its_story_told_with_personal_data_for_a_reason(
    database: TestDatabase,
) -> None:
    moments = [NOW]
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=5)
        placed = await shop.placed_quota(3)
        await shop.pay(placed)
        page = await shop.page(placed.order_id)
        story, reference = f"/cerita/{page.number}", page.payments[0].reference
        browser = browser_of(database, clock=lambda: moments[0])
        await browser.sign_in_unchecked()
        bare = page.number.replace("-", "").lower()
        ids = (str(page.id), str(page.payments[0].id))
        for typed in (page.number, bare, reference, page.payments[0].transaction_id, ALICE.value, *ids):
            assert await browser.get(f"/cari?q={typed}") == story, typed
        await browser.get("/cari?q=nobody%40example.com")
        assert (browser.status, "Tidak ada yang cocok" in browser.text) == (200, True)

        await browser.get(story)
        words = (reference, ALICE.masked, "Pesanan ini selesai.", "gateway_clearing", "Kuota masuk")
        for word in words:
            assert word in browser.text, word
        assert ALICE.value not in browser.text
        await browser.post(f"{story}/data-pribadi", alasan="  x ")
        assert (browser.status, ALICE.value in browser.text) == (422, False)
        assert await browser.post(f"{story}/data-pribadi", alasan=REASON) == story
        await browser.get(story)
        for word in (ALICE.value, "pengembang", "person.look", REASON):
            assert word in browser.text, word

        other = await shop.placed_quota(1)
        await browser.get(f"/cari?q={ALICE.value}")
        assert browser.text.count('<li class="card">') == 2, "both orders"
        number = (await shop.page(other.order_id)).number
        await browser.get(f"/cerita/{number}")
        assert ALICE.value not in browser.text.split("<main")[1], "the reason was for the other order"
        moments[0] += timedelta(minutes=15)
        await browser.get(story)
        assert ALICE.value not in browser.text, "masked again"
        await browser.get("/cerita/M7KQ-3XPD-92RT")
        assert browser.status == 404
        await refuse_without_the_role(database, shop, story)


async def test_the_story_leads_only_to_acts_that_its_order_bears(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=5)
        ids = [(await shop.quota_draft()).order_id, (await shop.placed_quota(1)).order_id]
        browser = browser_of(database)
        await browser.sign_in_unchecked()
        for order_id, bears in zip(ids, (False, True), strict=True):
            number = (await shop.page(order_id)).number
            await browser.get(f"/cerita/{number}")
            assert ("/tindakan/batalkan-pesanan" in browser.text) is bears
            await browser.get("/tindakan/batalkan-pesanan")
            await browser.post("/tindakan/batalkan-pesanan", order=number, reason=REASON)
            assert (browser.status == 200) is bears, browser.text


async def test_the_story_has_documents_with_serials_and_says_what_is_late(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        shop.plays_the_stamping = True
        shop.clock.now = NOW - timedelta(minutes=11)
        placed = await shop.placed_stamps()
        await shop.pay(placed)
        page = await shop.page(placed.order_id)
        await plant_stamping(database, page)
        browser = browser_of(database)
        await browser.sign_in_unchecked()
        story = f"/cerita/{page.number}"
        assert await browser.get(f"/cari?q={SERIAL.lower()}") == story
        assert await browser.get(f"/cari?q={page.items[0].document_id}") == story
        await browser.get(story)
        for word in (SERIAL, "s•••.pdf", "tsa.unreachable", "abad1dea", "lebih dari 10 menit"):
            assert word in browser.text, word
        assert "surat lamaran" not in browser.text
        for path in ("coba-lagi-meterai", "tanya-gateway", "kirim-tautan"):
            assert f'href="/tindakan/{path}?order={page.number}"' in browser.text
        assert "batalkan-pesanan" not in browser.text, "it is paid"


async def plant_stamping(database: TestDatabase, page: OrderPage) -> None:
    """Rows of a document whose time stamp does not come."""
    (item,) = page.items
    async with database.owner.transaction():
        await database.owner.execute("SET LOCAL session_replication_role = replica")
        await database.owner.execute(
            """INSERT INTO stamping.document (id, organisation_id, customer_id, name, input_object,
                   input_bytes, inspection, placements, output, created_at, retained_until)
               VALUES ($1, $2, $3, 'surat lamaran.pdf', 'x', 1, '{}', '[]', '{}', $4, $4)""",
            item.document_id, SELLER, page.customer_id, NOW,
        )  # fmt: skip
        job = await database.owner.fetchval(
            """INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
                   request_digest, lot_account_id, reference_id, input_digest, state, trouble_code, attempts,
                   created_at)
               VALUES (gen_random_uuid(), $1, $2, $3, 'k', 'x', $4, $5, 'x', 'sealing',
                   'tsa.unreachable', 3, $6)
               RETURNING id""",
            SELLER, page.customer_id, item.document_id, item.lot_account_id, item.id, NOW,
        )  # fmt: skip
        await database.owner.execute(
            "INSERT INTO stamping.serial VALUES ($1, $2, 1, gen_random_uuid(), '{}', 'sealed', $3, $3)",
            SERIAL, job, NOW,
        )  # fmt: skip
        await database.owner.execute(
            "INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at) VALUES ($1, 'abad1dea', $2)",
            SERIAL, NOW,
        )  # fmt: skip


async def refuse_without_the_role(database: TestDatabase, shop: Shop, story: str) -> None:
    """A view-only officer reads the story, and is never shown personal data."""
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    await browser.get(story)
    await browser.post(f"{story}/data-pribadi", alasan=REASON)
    await browser.get(story)
    assert ALICE.value in browser.text
    await database.owner.execute(OFFICER)
    await database.owner.execute(
        "UPDATE console.session SET officer = 'ani', signed_in_by = 'totp', seen_at = $1", NOW
    )
    await browser.get(story)
    assert (browser.status, ALICE.value in browser.text) == (200, False), "the role is gone"
    assert "data-pribadi" not in browser.text
    await browser.get("/sesi")
    await browser.post(f"{story}/data-pribadi", alasan=REASON)
    assert (browser.status, "officer.role_missing" in browser.text) == (403, True)


async def test_the_database_masks_contacts_as_the_service_does(database: TestDatabase) -> None:
    for contact in (ALICE, canonical_contact("0812-3456-7890"), canonical_contact("a@b.id")):
        masked = await database.owner.fetchval(
            "SELECT operations.masked($1, $2)", contact.kind, contact.value
        )
        assert masked == contact.masked
    masked = await database.owner.fetchval("SELECT operations.masked('file', 'surat lamaran.pdf')")
    assert masked == "s•••.pdf"
