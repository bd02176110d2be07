"""Balances, states and facts of serial numbers are what clients read and change before they sign."""

from __future__ import annotations

import pytest

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.stamps.serial_facts import facts_of_serials
from meterai.stamping.use_cases.return_serials import return_serials
from tests.api.conftest import running
from tests.api.wire.test_fields import ALL
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.stamping.conftest import front, jail, pki, shared_tsa

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
STATE = "backend/api/chanel/stamp/ext"


async def test_states_are_read_by_those_whose_they_are(wire: WireSite) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    serial, back = await wire.taken(wire.chain.enterprise, 2)
    given = [back]
    await return_serials(
        wire.setup.database.site,
        given,
        organisation_id=wire.chain.enterprise.id,
        now=wire.running.app.clock(),
    )
    for told in (
        await firm.get(f"{STATE}?filter={serial}"),
        await firm.get(STATE, {"filter": serial}),
        await firm.get(f"{STATE}/", form={"filter": serial.lower()}),
    ):
        (row,) = told["result"]["data"]
        assert (told["statusCode"], told["result"]["total"], row["status"]) == ("00", 1, "NOTSTAMP")
        assert (row["file"], row["tglupdate"][:4].isdigit()) == ("surat.pdf", True)
    assert (await firm.get(f"{STATE}?filter={back}"))["result"]["data"][0]["status"] == "RETURNED"
    for asker, text in [(other, serial), (firm, "A" * 22), (firm, "'--"), (firm, "x" * 9_000)]:
        told = await asker.get(f"{STATE}?filter={text}")
        assert (told["statusCode"], told["message"]) == ("01", told["result"]["err"])
    assert (await firm.get(STATE))["statusCode"] == "96"

    listed = (await firm.get(f"stampv2/chanel/sale/stamp/ext/{firm.user_id}"))["result"]
    assert (listed["total"], [row["serialnumber"] for row in listed["data"]]) == (1, [serial])
    assert (await other.get(f"stampv2/chanel/sale/stamp/ext/{firm.user_id}"))["statusCode"] == "01"


async def test_balances_count_what_is_left_and_what_waits(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    await wire.taken(wire.chain.enterprise, 3)
    place = write_id(Prefix.ORGANISATION, wire.chain.enterprise.id)
    for told in (
        await firm.post("backend/function/saldopos"),
        await firm.get("backend//function/saldopos", {}),
        await firm.get(f"backend/sale/saldo-scm?idLoc={place}&db=true"),
    ):
        assert told["result"] == {"status": "00", "message": "success", "saldo": 67, "notstamp": 3}
        assert (told["status"], told["message"]) == ("00", "success")
    assert (await firm.get("backend/sale/saldo-scm?idLoc=7"))["statusCode"] == "96"
    told = await Caller(wire, firm.token + "a").post("backend/function/saldopos")
    assert (told["statusCode"], told["status"], told["result"]["status"]) == ("02", "02", "02")


async def test_facts_change_until_the_stamp(wire: WireSite) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    serial, back = await wire.taken(wire.chain.enterprise, 2)
    update = f"stampv2/stamping/update-data/{serial}"
    assert (await firm.post(update, ALL))["statusCode"] == "00"
    assert (await firm.post(update, form={"nilaidoc": "10000", "namadoc": "3"}))["result"]["sn"] == serial
    known = (await facts_of_serials(wire.setup.database.site, [serial]))[serial]
    assert (known.wire_type, known.facts.value, known.facts.number) == ("3", 10_000, "INV-7")
    for wrong in ({"tgldoc": "31-12-2026"}, {"noidentitas": "123456"}):
        told = await firm.post(update, wrong)
        assert (told["statusCode"], next(iter(wrong)) in told["message"]) == ("96", True)
    assert (await other.post(update, ALL))["statusCode"] == "01"
    now = wire.running.app.clock()
    await return_serials(wire.setup.database.site, [back], organisation_id=wire.chain.enterprise.id, now=now)
    assert (await firm.post(f"stampv2/stamping/update-data/{back}", ALL))["statusCode"] == "01"
