"""Serial numbers are taken as clients ask for them: once for each `idfile`, within the limits of the API."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.partners.clients.model import SCOPES, Limits
from meterai.partners.stamps.serial_facts import facts_of_serials
from meterai.partners.use_cases.change_client import change_client
from tests.api.conftest import running
from tests.api.wire.test_cloud_signing import uploaded
from tests.api.wire.test_fields import ALL
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.pdf import samples
from tests.stamping.conftest import front, jail, pki, shared_tsa

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
TAKE = "stampv2/chanel/stampv2"
PLAIN = {
    "isUpload": False, "namadoc": "3", "namafile": "surat.pdf", "nilaidoc": "10000", "namejidentitas": "KTP",
    "noidentitas": "3173012345678901", "namedipungut": "Budi", "snOnly": False, "nodoc": "0",
    "tgldoc": "2026-12-01",
}  # fmt: skip


async def notstamp(firm: Caller) -> tuple[int, int]:
    """What is left, and what waits for its stamp."""
    told = (await firm.post("backend/function/saldopos"))["result"]
    return told["saldo"], told["notstamp"]


async def test_a_serial_number_comes_with_its_picture(wire: WireSite) -> None:
    await wire.setup.start_signer()
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    told = await firm.post(TAKE, PLAIN)
    assert (told["statusCode"], told["message"], told["result"].keys()) == ("00", "success", {"sn", "image"})
    serial = told["result"]["sn"]
    assert parse_serial(serial) == serial
    assert told["result"]["image"].startswith("/9j/")
    assert base64.b64decode(told["result"]["image"])[:3] == b"\xff\xd8\xff"
    again = await firm.get(f"stampv2/snqr/qrimage?serialnumber={serial}&onprem=true")
    assert again["result"]["base64"] == told["result"]["image"]
    assert (await other.get(f"stampv2/snqr/qrimage?serialnumber={serial}"))["statusCode"] == "01"
    assert (await firm.get("stampv2/snqr/qrimage"))["statusCode"] == "96"
    facts = (await facts_of_serials(wire.setup.database.site, [serial]))[serial]
    assert (facts.wire_type, facts.facts.value, facts.facts.number) == ("3", 10_000, None)
    assert await notstamp(firm) == (69, 1)


async def test_the_same_file_gets_the_same_serial_number_in_every_form(wire: WireSite) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    id = await uploaded(firm, samples.nearly_empty(1))
    cloud = {**PLAIN, "isUpload": True, "idfile": id}
    first = (await firm.post(TAKE, cloud))["result"]
    assert first.keys() == {"sn", "filenameQR"}
    for form in ({**cloud, "isUpload": "true"}, {**cloud, "isUpload": 1, "nilaidoc": 10_000.0}):
        assert (await firm.post(TAKE, form))["result"] == first
    assert (await firm.post(TAKE, form={**ALL, "isUpload": "True", "idfile": id}))["result"] == first
    assert await notstamp(firm) == (69, 1)
    for idfile in ("", "x", id.replace("a", "b") + "0"):
        assert (await firm.post(TAKE, {**cloud, "idfile": idfile}))["statusCode"] == "96"
    assert (await other.post(TAKE, cloud))["statusCode"] == "96", "a file of somebody else"

    alone = {**PLAIN, "snOnly": "true", "idfile": "berkas-7"}
    (one,) = {
        (await firm.post(TAKE, body))["result"]["sn"]
        for body in (alone, alone, {**alone, "isUpload": "false"})
    }
    assert one != first["sn"]
    assert (await other.post(TAKE, alone))["result"]["sn"] != one, (
        "keys of two organisations are not the same"
    )
    without = {name: text for name, text in alone.items() if name != "idfile"}
    assert (await firm.post(TAKE, without))["result"].keys() == {"sn"}
    for empty in (False, "", None, "false"):
        told = await firm.post(TAKE, {**without, "nilaidoc": empty, "tgldoc": empty})
        assert told["statusCode"] == "00"
    assert (await firm.post(TAKE, form={"namafile": "a.pdf", "snOnly": "true"}))["statusCode"] == "00"


async def test_wrong_fields_have_code_96_and_take_nothing(wire: WireSite) -> None:
    firm, collector = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.collector)

    async def refused(asker: Caller, **changes: Any) -> str:
        told = await asker.post(TAKE, {**PLAIN, "snOnly": True, **changes})
        assert told["statusCode"] == "96"
        words: str = told["result"]["err"]
        return words

    for changes in (
        {"tgldoc": "31/12/2026"},
        {"tgldoc": "2026-02-31"},
        {"nilaidoc": "banyak"},
        {"namadoc": "77"},
    ):
        assert next(iter(changes)) in await refused(firm, **changes)
    assert "noidentitas" in await refused(firm, noidentitas="123456")
    assert "idfile" in await refused(firm, idfile="x" * 300)
    assert "namafile" in await refused(firm, namafile="a\x00.pdf")
    for field in ("nilaidoc", "tgldoc", "namedipungut", "noidentitas"):
        assert field in await refused(collector, **{field: ""})
    assert (await collector.post(TAKE, {**PLAIN, "snOnly": True}))["statusCode"] == "00"
    assert (await notstamp(firm), await notstamp(collector)) == ((70, 0), (49, 1))


async def test_quota_limits_and_caps_hold(wire: WireSite) -> None:
    firm, branch = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.sub_account)
    body = {**PLAIN, "snOnly": True}
    client, now = derived_id("client", wire.chain.enterprise.id), datetime.now(UTC)
    limits = Limits(scopes=frozenset(SCOPES), stamps_per_hour_max=2)
    await change_client(wire.setup.database.operator, client, limits, actor="ani", now=now)
    codes = [(await firm.post(TAKE, {**body, "idfile": n}))["statusCode"] for n in (1, 1, 2, 2, 3, 1)]
    assert codes == ["00", "00", "00", "00", "01", "00"]
    await wire.taken(wire.chain.sub_account, 30)
    told = await branch.post(TAKE, body)
    assert (told["statusCode"], "kuota" in told["result"]["err"].lower()) == ("01", True)
    assert (await notstamp(firm), await notstamp(branch)) == ((68, 2), (0, 30))


async def test_while_people_wait_in_line_new_serial_numbers_wait_too(
    wire: WireSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await wire.of(wire.chain.enterprise)
    body = {**PLAIN, "snOnly": True, "idfile": "1"}
    first = (await firm.post(TAKE, body))["result"]

    async def full(*_: Any) -> None:
        raise Refusal(Kind.BUSY, "access.line", retry_after_s=7)

    monkeypatch.setattr("meterai.api.access.partner_share.PartnerPlaces.take", full)
    told = await firm.post(TAKE, {**body, "idfile": "2"})
    assert (told["statusCode"], "7 seconds" in told["message"]) == ("97", True)
    assert (await firm.post(TAKE, body))["result"] == first, "a repeat needs no place"
    assert await notstamp(firm) == (69, 1)
