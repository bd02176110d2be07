"""Officers find certificates of attempt and signing keys, and read what is known of them."""

from __future__ import annotations

from urllib.parse import quote

from tests.console.act_examples import add_queue
from tests.console.certificates import CODE, NUMBER, PLACE, add_certificate, add_signing_key
from tests.console.running_console import NOW, browser_of
from tests.console.test_find import REASON
from tests.sales.shop import open_shop
from tests.storage_fixtures import TestDatabase

PAGE = f"/bukti-antre/{CODE}"


async def test_a_certificate_is_found_and_told_with_the_name_for_a_reason(database: TestDatabase) -> None:
    await add_queue(database)
    await add_certificate(database, now=NOW)
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    for typed in (CODE, CODE.replace("-", "").lower(), PLACE, PLACE.upper()):
        assert await browser.get(f"/cari?q={typed}") == PAGE, typed
    await browser.get(PAGE)
    told = ("b•••@contoh.id", "layanan penuh", "B•••", PLACE, "menunggu dicatat", "123456789",
            f'href="http://situs/antrean/sertifikat?kode={CODE}"')  # fmt: skip
    for word in told:
        assert word in browser.text, word
    assert "Santoso" not in browser.text
    await browser.post(f"{PAGE}/data-pribadi", alasan="x")
    assert browser.status == 422
    assert await browser.post(f"{PAGE}/data-pribadi", alasan=REASON) == PAGE
    await browser.get(PAGE)
    for word in ("Budi Santoso", "person.look", REASON):
        assert word in browser.text, word

    async with open_shop(database) as shop:
        order = await shop.paid_quota(1)
    await database.owner.execute(
        """INSERT INTO waiting_room.pass
               (id, pass_id, order_id, claimed_at, number, queue, lane, gate, sequence)
           SELECT id, gen_random_uuid(), $1, $2, 3, queue, 1, 1, 42 FROM waiting_room.certificate""",
        order.id, NOW,
    )  # fmt: skip
    await database.owner.execute("UPDATE waiting_room.certificate SET document = ''")
    await browser.get(PAGE)
    assert "masa simpannya habis" in browser.text
    assert f'href="/cerita/{order.number}"' in browser.text, "let in later"
    assert "Santoso" not in browser.text
    await browser.get("/bukti-antre/2222-2222-2222")
    assert browser.status == 404


async def test_a_signing_key_is_found_by_its_id_and_by_the_number_of_its_certificate(
    database: TestDatabase,
) -> None:
    key_id = await add_signing_key(database, now=NOW)
    browser = browser_of(database)
    await browser.sign_in_unchecked()
    number = f"{NUMBER:016x}"
    with_colons = ":".join(number[at : at + 2] for at in range(0, 16, 2)).upper()
    for typed in (key_id, key_id.upper(), number, f"{NUMBER:x}", with_colons):
        assert await browser.get(f"/cari?q={quote(typed)}") == f"/kunci/{key_id}", typed
    await browser.get(f"/kunci/{key_id}")
    for word in (key_id, "Dipakai sekarang", "Meterai 2026", f"{NUMBER:x}", "0 ×", "hentikan-tanda-tangan"):
        assert word in browser.text, word
    await browser.get("/kunci/0000000000000000")
    assert (browser.status, "Tidak ada kunci" in browser.text) == (404, True)
