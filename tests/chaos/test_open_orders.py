"""An order without an end is described by what the service knows of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chaos.open_orders import describe
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase

UPLOAD = b"%PDF-1.7 an upload"
KEY = hashlib.sha256(UPLOAD).hexdigest()
JOB = """
    SET session_replication_role = replica;
    INSERT INTO stamping.document (id, organisation_id, name, input_object, input_bytes, inspection,
        placements, output, created_at, retained_until)
    SELECT document_id, gen_random_uuid(), 'a.pdf', '{key}', 18, '{{}}', '[]', '{{}}', now(), now()
    FROM sales.item;
    INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, request_digest,
        lot_account_id, reference_id, input_digest, state, trouble_code, attempts, created_at)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), document_id, '', '', gen_random_uuid(),
        id, '', 'accepted', 'object.damaged', 7, now()
    FROM sales.item
"""


async def test_payments_and_items_of_an_order_are_described(database: TestDatabase, tmp_path: Path) -> None:
    async with open_shop(database) as shop:
        placed = await shop.placed_stamps()
        await shop.pay(placed)
        number = (await shop.page(placed.order_id)).number
        payment, item = await said_of(number, shop, tmp_path)
        assert f"order {number}: payment {placed.payment.reference} is settled" in payment
        assert item == f"order {number}: item 1 is stamping, without a job"
        await database.owner.execute(JOB.format(key=KEY))
        for content, state in ((None, "missing"), (UPLOAD, "whole"), (UPLOAD[:9], "damaged (9 bytes)")):
            if content is not None:
                stored = tmp_path / KEY[:2] / KEY[2:]
                stored.parent.mkdir(exist_ok=True)
                stored.write_bytes(content)
            _, item = await said_of(number, shop, tmp_path)
            assert f"its upload is {state}, its job is accepted after 7 attempts" in item
        assert "trouble object.damaged" in item


async def said_of(number: str, shop: Shop, objects: Path) -> list[str]:
    return await describe(shop.database.owner, [number, "unknown"], objects)
