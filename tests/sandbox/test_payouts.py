"""The payout twin as a merchant sees it: Iris' words over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from tests.sandbox.twins import PAYOUT_KEY, Gateway, running_gateway

KEY = aiohttp.BasicAuth(PAYOUT_KEY, "")


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(tmp_path) as running:
        await running.script(payout_delay_seconds=0.2)
        yield running


async def order(gateway: Gateway, key: str, **change: Any) -> tuple[int, dict[str, Any]]:
    payout = {
        "beneficiary_name": "Budi Utomo",
        "beneficiary_account": "1172993826",
        "beneficiary_bank": "bni",
        "amount": "12500.00",
        "notes": "refund",
        **change,
    }
    headers = {"X-Idempotency-Key": key}
    return await gateway.post("/iris/api/v1/payouts", {"payouts": [payout]}, auth=KEY, headers=headers)


async def test_a_payout_is_queued_and_arrives(gateway: Gateway) -> None:
    code, body = await order(gateway, "k1")
    assert (code, body["payouts"][0]["status"]) == (201, "queued")
    path = f"/iris/api/v1/payouts/{body['payouts'][0]['reference_no']}"
    assert (await gateway.get(path, auth=KEY))[1]["status"] == "queued"
    await asyncio.sleep(0.25)
    assert (await gateway.get(path, auth=KEY))[1]["status"] == "completed"


async def test_the_same_key_pays_once_and_other_content_under_it_is_refused(gateway: Gateway) -> None:
    first = await order(gateway, "k1")
    assert await order(gateway, "k1") == first
    code, body = await order(gateway, "k1", amount="99999.00")
    assert (code, body["error_message"]) == (400, "idempotency-key is not unique")


async def test_without_a_key_each_order_is_paid(gateway: Gateway) -> None:
    ordered = [await order(gateway, "") for _ in range(2)]
    assert [code for code, _ in ordered] == [201, 201]
    assert len({body["payouts"][0]["reference_no"] for _, body in ordered}) == 2


async def test_nonsense_wrong_keys_and_unknown_numbers_are_refused(gateway: Gateway) -> None:
    assert (await order(gateway, "k1", amount="12500.50"))[0] == 400
    assert (await order(gateway, "k2", beneficiary_account="none"))[0] == 400
    wrong = aiohttp.BasicAuth("wrong", "")
    assert (await gateway.get("/iris/api/v1/payouts/abc", auth=wrong))[0] == 401
    assert (await gateway.get("/iris/api/v1/payouts/abc", auth=KEY))[0] == 404
