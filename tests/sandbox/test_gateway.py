"""The gateway twin as a merchant sees it: Midtrans' words over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from sandbox.gateway.qris import crc16, qris_payload
from tests.ports import free_port
from tests.sandbox.twins import SERVER_KEY, Gateway, running_gateway, started

KEY = aiohttp.BasicAuth(SERVER_KEY, "")


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(tmp_path) as running:
        yield running


async def charge(gateway: Gateway, order_id: str = "order-1", **more: Any) -> tuple[int, dict[str, Any]]:
    body = {
        "payment_type": "qris",
        "transaction_details": {"order_id": order_id, "gross_amount": 25000},
        **more,
    }
    return await gateway.post("/v2/charge", body, auth=KEY)


async def status(gateway: Gateway, order_id: str = "order-1") -> tuple[int, dict[str, Any]]:
    return await gateway.get(f"/v2/{order_id}/status", auth=KEY)


def test_the_check_sum_of_a_qr_code_is_the_one_of_the_standard() -> None:
    assert crc16(b"123456789") == 0x29B1  # CRC-16/CCITT-FALSE's published check value
    text = qris_payload(amount=25000, order_id="order-1")
    assert text.endswith(f"6304{crc16(text[:-4].encode()):04X}")
    assert "540525000" in text


async def test_a_charge_is_pending_until_a_person_pays(gateway: Gateway) -> None:
    _, charged = await charge(gateway)
    assert (charged["status_code"], charged["transaction_status"]) == ("201", "pending")
    assert charged["gross_amount"] == "25000.00"
    assert charged["qr_string"].startswith("000201")
    assert await gateway.pay("order-1") == 200
    _, said = await status(gateway)
    assert (said["status_code"], said["transaction_status"]) == ("200", "settlement")
    assert await gateway.pay("order-1") == 412


async def test_a_bank_transfer_gets_a_virtual_account_number(gateway: Gateway) -> None:
    _, charged = await charge(gateway, payment_type="bank_transfer", bank_transfer={"bank": "bni"})
    [account] = charged["va_numbers"]
    assert account["bank"] == "bni"
    assert re.fullmatch(r"\d{16}", account["va_number"])
    assert "qr_string" not in charged
    assert (await gateway.post("/_pay", {"va_number": account["va_number"]}))[0] == 200


async def test_a_bill_at_mandiri_has_a_biller_and_a_key_and_permata_a_field_of_its_own(
    gateway: Gateway,
) -> None:
    _, bill = await charge(gateway, payment_type="echannel")
    assert re.fullmatch(r"\d{5} \d{12}", f"{bill['biller_code']} {bill['bill_key']}")
    _, permata = await charge(
        gateway, "order-2", payment_type="bank_transfer", bank_transfer={"bank": "permata"}
    )
    assert re.fullmatch(r"\d{16}", permata["permata_va_number"])
    assert "va_numbers" not in bill | permata


async def test_the_link_of_a_wallet_is_in_the_first_answer_only(gateway: Gateway) -> None:
    for name in ("gopay", "shopeepay"):
        _, charged = await charge(gateway, name, payment_type=name)
        assert "deeplink-redirect" in [action["name"] for action in charged["actions"]]
        _, said = await status(gateway, name)
        assert "deeplink-redirect" not in [action["name"] for action in said["actions"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"transaction_details": {"order_id": "a b", "gross_amount": 25000}}, "400"),
        ({"transaction_details": {"order_id": "a", "gross_amount": 0}}, "400"),
        ({"item_details": [{"id": "1", "name": "x", "price": 1, "quantity": 1}]}, "400"),
        ({"payment_type": "bank_transfer", "bank_transfer": {"bank": "cimb"}}, "402"),
        ({"payment_type": "akulaku"}, "402"),
    ],
)
async def test_a_charge_that_makes_no_sense_is_refused(
    gateway: Gateway, change: dict[str, Any], code: str
) -> None:
    assert (await charge(gateway, **change))[1]["status_code"] == code


async def test_a_wrong_key_is_refused(gateway: Gateway) -> None:
    code, body = await gateway.get("/v2/order-1/status", auth=aiohttp.BasicAuth("wrong", ""))
    assert (code, body["status_code"]) == (401, "401")
    assert (await gateway.get("/v2/order-1/status"))[0] == 401


async def test_an_order_id_can_be_used_once(gateway: Gateway) -> None:
    await charge(gateway)
    assert (await charge(gateway))[1]["status_code"] == "406"


async def test_an_unknown_order_is_404(gateway: Gateway) -> None:
    assert (await status(gateway, "nobody"))[1]["status_code"] == "404"


async def test_an_expired_charge_says_407_and_can_not_be_paid(gateway: Gateway) -> None:
    await charge(gateway)
    _, said = await gateway.post("/v2/order-1/expire", {}, auth=KEY)
    assert (said["status_code"], said["transaction_status"]) == ("407", "expire")
    assert await gateway.pay("order-1") == 412
    assert (await gateway.post("/v2/order-1/expire", {}, auth=KEY))[1]["status_code"] == "412"


async def test_a_charge_expires_by_itself_with_a_notice(gateway: Gateway) -> None:
    await charge(gateway, custom_expiry={"expiry_duration": 0, "unit": "second"})
    [notice] = await gateway.merchant.wait_for(1)
    assert notice["transaction_status"] == "expire"


async def test_cancel_closes_an_open_charge_only(gateway: Gateway) -> None:
    await charge(gateway)
    assert (await gateway.post("/v2/order-1/cancel", {}, auth=KEY))[1]["transaction_status"] == "cancel"
    await charge(gateway, "order-2")
    await gateway.pay("order-2")
    assert (await gateway.post("/v2/order-2/cancel", {}, auth=KEY))[1]["status_code"] == "412"


async def test_refunds_add_up_to_the_payment_and_no_further(gateway: Gateway) -> None:
    async def refund(key: str, amount: int) -> dict[str, Any]:
        body = {"refund_key": key, "amount": amount, "reason": "unused"}
        return (await gateway.post("/v2/order-1/refund/online/direct", body, auth=KEY))[1]

    await charge(gateway)
    assert (await refund("r1", 10000))["status_code"] == "412"
    await gateway.pay("order-1")
    assert (await refund("r1", 10000))["transaction_status"] == "partial_refund"
    assert (await refund("r1", 10000))["status_code"] == "200"
    assert (await refund("r1", 9000))["status_code"] == "406"
    assert (await refund("r2", 15001))["status_code"] == "412"
    assert (await refund("r2", 15000))["transaction_status"] == "refund"
    _, said = await status(gateway)
    assert [r["refund_amount"] for r in said["refunds"]] == ["10000.00", "15000.00"]
    assert said["refund_amount"] == "25000.00"


async def test_a_bank_transfer_is_never_refunded(gateway: Gateway) -> None:
    await charge(gateway, payment_type="bank_transfer", bank_transfer={"bank": "bni"})
    await gateway.pay("order-1")
    assert (await gateway.post("/v2/order-1/refund", {}, auth=KEY))[1]["status_code"] == "418"


async def test_shopeepay_gives_money_back_directly_only(gateway: Gateway) -> None:
    await charge(gateway, payment_type="shopeepay")
    await gateway.pay("order-1")
    assert (await gateway.post("/v2/order-1/refund", {}, auth=KEY))[1]["status_code"] == "418"
    assert (await gateway.post("/v2/order-1/refund/online/direct", {}, auth=KEY))[1]["status_code"] == "200"


async def test_a_notice_is_signed_with_the_server_key(gateway: Gateway) -> None:
    await charge(gateway)
    await gateway.pay("order-1")
    [notice] = await gateway.merchant.wait_for(1)
    assert notice["transaction_status"] == "settlement"
    signed = f"order-120025000.00{SERVER_KEY}".encode()
    assert notice["signature_key"] == hashlib.sha512(signed).hexdigest()


async def test_a_notice_is_sent_again_until_it_is_taken(gateway: Gateway) -> None:
    gateway.merchant.answers = [503, 500]
    await charge(gateway)
    await gateway.pay("order-1")
    notices = await gateway.merchant.wait_for(3)
    assert notices[0] == notices[1] == notices[2]


async def test_the_script_copies_forges_delays_and_loses_notices(gateway: Gateway) -> None:
    await gateway.script("order-1", notice_copies=3)
    await gateway.script("order-2", notice_forged=True)
    await gateway.script("order-3", notice_lost=True)
    await gateway.script("order-4", notice_delay_seconds=0.3)
    for order_id in ("order-1", "order-2", "order-3", "order-4"):
        await charge(gateway, order_id)
        await gateway.pay(order_id)
    paid_at = time.monotonic()
    notices = await gateway.merchant.wait_for(4)
    assert sorted(n["order_id"] for n in notices) == ["order-1"] * 3 + ["order-2"]
    forged = next(n for n in notices if n["order_id"] == "order-2")
    right = hashlib.sha512(f"order-220025000.00{SERVER_KEY}".encode()).hexdigest()
    assert forged["signature_key"] != right
    notices = await gateway.merchant.wait_for(5)
    assert notices[-1]["order_id"] == "order-4"
    assert time.monotonic() - paid_at > 0.2


async def test_a_stale_notice_can_come_after_the_settlement(gateway: Gateway) -> None:
    await gateway.script("order-1", notice_reordered=True)
    await charge(gateway)
    await gateway.pay("order-1")
    notices = await gateway.merchant.wait_for(2)
    assert [n["transaction_status"] for n in notices] == ["settlement", "pending"]


async def test_a_payer_can_pay_late_and_another_amount(gateway: Gateway) -> None:
    await gateway.script("order-1", pay_after_expiry=True, paid_amount=24000)
    await charge(gateway)
    await gateway.post("/v2/order-1/expire", {}, auth=KEY)
    assert await gateway.pay("order-1") == 200
    _, said = await status(gateway)
    assert (said["transaction_status"], said["gross_amount"]) == ("settlement", "24000.00")


async def test_a_settled_payment_can_be_taken_back(gateway: Gateway) -> None:
    await gateway.script("order-1", reversal="chargeback", reversal_seconds=0.05)
    await charge(gateway)
    await gateway.pay("order-1")
    notices = await gateway.merchant.wait_for(2)
    assert [n["transaction_status"] for n in notices] == ["settlement", "chargeback"]


async def test_a_merchant_downloads_the_list_of_all_transactions(gateway: Gateway) -> None:
    for order_id in ("order-1", "order-2"):
        await charge(gateway, order_id)
    await gateway.pay("order-1")
    async with gateway.session.get(gateway.url + "/_list.csv") as answer:
        lines = (await answer.text()).splitlines()
    assert lines[0] == "order_id,transaction_status,gross_amount,refund_amount,settlement_time"
    assert lines[1].startswith("order-1,settlement,25000.00,0.00,20")
    assert lines[2:] == ["order-2,pending,25000.00,0.00,"]


async def test_an_unknown_fault_is_refused(gateway: Gateway) -> None:
    code, _ = await gateway.post("/_script", {"faults": {"no_such_fault": 1}})
    assert code == 400


async def test_a_person_pays_on_the_page_without_script(gateway: Gateway) -> None:
    _, charged = await charge(
        gateway, item_details=[{"id": "1", "name": "<b>2 meterai</b>", "price": 25000, "quantity": 1}]
    )
    address = next(a["url"] for a in charged["actions"] if a["name"] == "sandbox-payment-page")
    async with gateway.session.get(address) as answer:
        page = await answer.text()
        assert "script" not in answer.headers["Content-Security-Policy"]
    assert "bukan uang sungguhan" in page
    assert "not real money" in page
    assert "Rp25.000" in page
    assert "<svg" in page
    assert "<b>2 meterai</b>" not in page
    async with gateway.session.post(address, data={"pay": "1"}) as answer:
        paid = await answer.text()
    assert "Lunas" in paid
    assert "<button" not in paid
    async with gateway.session.get(gateway.url) as answer:
        assert "Rp25.000" in await answer.text()
    async with gateway.session.get(gateway.url + "/pay/nobody") as answer:
        assert answer.status == 404


def test_the_process_starts_and_loses_nothing_when_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "sandbox.gateway", "--port", str(port), "--data", str(tmp_path / "data")]
    command += ["--server-key-file", str(tmp_path / "key")]

    async def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        auth = aiohttp.BasicAuth((tmp_path / "key").read_text().strip(), "")
        method, url = ("GET" if body is None else "POST"), f"http://127.0.0.1:{port}{path}"
        async with (
            aiohttp.ClientSession(auth=auth) as session,
            session.request(method, url, json=body) as answer,
        ):
            said: dict[str, Any] = await answer.json()
            return said

    body = {"payment_type": "qris", "transaction_details": {"order_id": "kept", "gross_amount": 12500}}
    with started(command, port):
        assert asyncio.run(call("/v2/charge", body))["status_code"] == "201"
        assert asyncio.run(call("/_pay", {"order_id": "kept"}))["transaction_status"] == "settlement"
    assert os.stat(tmp_path / "key").st_mode & 0o777 == 0o600
    with started(command, port):
        assert asyncio.run(call("/v2/kept/status"))["transaction_status"] == "settlement"
