"""Many documents get their serial numbers in one call, all or as many as the quota allows."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image

from meterai.background.batch_pictures import BatchPictures
from meterai.background.batch_visits import BatchVisits
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.signatures.stamp_code import decode_code
from tests.api.conftest import running
from tests.api.wire.test_fields import ALL
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.players.webhook_receiver import running_receiver
from tests.stamping.conftest import front, jail, pki, shared_tsa

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
BATCH = "inventory/api/v2/serialnumber/batch"
URL = "http://127.0.0.1:9009/hook"


def batch(*documents: object, partial: object = False, **more: object) -> dict[str, Any]:
    """A request as clients send it."""
    return {"return_url": URL, "tipe": "10000", "partial": partial, "document": list(documents), **more}


def named(*keys: object, **more: object) -> list[dict[str, Any]]:
    return [{"idfile": key, "file": f"/data/{key}.pdf", "namadoc": "3", **more} for key in keys]


async def state(caller: Caller, taken: Any) -> Any:
    """What the call for lost messages says of a batch."""
    told = await caller.get(f"stampv2/snqr/status-batch?batchId={taken['result']['batchId']}")
    assert told["statusCode"] == "00", told
    return told["result"]


async def test_each_document_gets_a_serial_number_and_a_repeat_the_same_ones(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    first = await firm.post(BATCH, batch(*named("a", 7), {"file": "", "namadoc": "3"}))
    assert (first["statusCode"], first["message"]) == ("00", "success")
    assert first["result"]["message"].startswith("3 dokumen")
    shown = await state(firm, first)
    assert (shown["status"], shown["total"], shown["waiting"]) == ("PROCESS", 3, 3)
    serials = [row["serialNumber"] for row in shown["data"]]
    assert len(set(serials)) == 3
    assert {row["status"] for row in shown["data"]} == {"NOTSTAMP"}
    assert shown["data"][1]["document"] == {"idfile": 7, "file": "/data/7.pdf", "namadoc": "3"}
    listed = await firm.get(f"backend/api/chanel/stamp/ext?filter={serials[1]}")
    assert listed["result"]["data"][0]["file"] == "7.pdf"

    body = json.dumps(batch(*named(7, "b"))["document"])
    again = await firm.post(
        BATCH, form={"return_url": URL, "tipe": "10000", "partial": "false", "document": body}
    )
    repeated = [row["serialNumber"] for row in (await state(firm, again))["data"]]
    assert repeated[0] == serials[1]
    assert repeated[1] not in serials
    balance = (await firm.post("backend/function/saldopos"))["result"]
    assert (balance["saldo"], balance["notstamp"]) == (66, 4)


async def test_a_short_quota_refuses_all_or_the_rest(wire: WireSite) -> None:
    branch = await wire.of(wire.chain.sub_account)
    await branch.post(BATCH, batch(*named(*range(25))))
    wanted = named(*range(23, 33))
    told = await branch.post(BATCH, batch(*wanted))
    assert (told["statusCode"], told["message"]) == ("01", told["result"]["err"])
    assert (await branch.post("backend/function/saldopos"))["result"]["saldo"] == 5
    told = await branch.post(BATCH, batch(*wanted, partial="true"))
    assert told["result"]["message"].startswith("7 dari 10 dokumen")
    rows = (await state(branch, told))["data"]
    assert [row["status"] for row in rows] == ["NOTSTAMP"] * 7 + ["FAILED"] * 3
    assert [bool(row["serialNumber"]) for row in rows] == [True] * 7 + [False] * 3
    assert (await branch.post(BATCH, batch(*named("new"), partial=True)))["statusCode"] == "01"


async def test_collectors_say_all_of_each_document(wire: WireSite) -> None:
    collector = await wire.of(wire.chain.collector)
    one, other = named(1, **ALL)[0] | ALL, named(2)[0] | ALL
    told = await collector.post(BATCH, batch(one, other | {"nilaidoc": ""}))
    assert (told["statusCode"], "document[1].nilaidoc" in told["message"]) == ("96", True)
    assert (await collector.post("backend/function/saldopos"))["result"]["notstamp"] == 0
    assert (await collector.post(BATCH, batch(one, other)))["statusCode"] == "00"


async def test_a_batch_with_a_wrong_field_takes_nothing(wire: WireSite) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    for wrong, sought in (
        (batch(*named(1), return_url=""), "return_url"),
        (batch(*named(1), return_url="ftp://x.example/"), "https"),
        (batch(*named(1), tipe="3000"), "tipe"),
        (batch(), "document"),
        (batch("x"), "document"),
        (batch(*named(1, 1)), "idfile"),
        (batch(*named(1, "x" * 201)), "idfile"),
        (batch(*named(1), {"idfile": 2, "tgldoc": "2026-02-30"}), "document[1].tgldoc"),
        (batch(*({"file": "x"} for _ in range(1_001))), "1000"),
    ):
        told = await firm.post(BATCH, wrong)
        assert (told["statusCode"], sought in told["message"]) == ("96", True), told
    assert (await firm.post("backend/function/saldopos"))["result"]["notstamp"] == 0
    taken = await firm.post(BATCH, batch(*named(2**63, 2**63 + 1)))
    first, second = (await state(firm, taken))["data"]
    assert first["serialNumber"] != second["serialNumber"], "whole numbers are exact"
    assert first["document"]["idfile"] == 2**63
    assert (await firm.post(BATCH, batch(*named(-(10**400)))))["statusCode"] == "96"
    for asker, id in ((other, taken["result"]["batchId"]), (firm, "1"), (firm, "' OR 1=1")):
        told = await asker.get(f"stampv2/snqr/status-batch?batchId={id.replace(' ', '+')}")
        assert told["statusCode"] == "01", told
    assert (await firm.get("stampv2/snqr/status-batch"))["statusCode"] == "96"


async def test_messages_hold_pictures_whose_codes_are_true_and_can_be_asked_for_again(wire: WireSite) -> None:
    await wire.setup.start_signer()
    app = wire.running.app
    app.signer = wire.setup.client
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    sender = WebhookSender(loopback_is_outer=True)
    draw = BatchPictures(app.signer, app.public_url, specimen=True)
    visits = BatchVisits(wire.setup.database.worker, draw, sender, clock=app.clock)
    async with running_receiver() as receiver:
        taken = await firm.post(BATCH, batch(*named("a", "b"), return_url=f"{receiver.base}/ok"))
        while await visits.turn():
            await asyncio.sleep(0.005)
        await sender.close()
        results = [json.loads(got.body)["result"] for got in receiver.got]
    for result in results:
        assert result["qrImage"].startswith("/9j/")
        picture = Image.open(io.BytesIO(base64.b64decode(result["qrImage"])))
        [code] = zxingcpp.read_barcodes(picture)
        assert decode_code(code.text).serial == result["serialNumber"]
        address = f"stampv2/snqr?batchId={result['batchId']}&procId={quote(result['procId'])}"
        assert (await firm.get(address))["result"] == result
        assert (await other.get(address))["statusCode"] == "01"
        assert (await firm.get(address.replace("-", "%2D")))["result"] == result
        assert (await firm.get(f"{address}0"))["statusCode"] == "01"
    assert [one["document"]["idfile"] for one in results] == ["a", "b"]
    assert (await state(firm, taken))["status"] == "DONE"
    assert (await firm.get(f"stampv2/snqr?batchId={results[0]['batchId']}"))["statusCode"] == "96"
