"""Parents agree with those right below, suspend and close them, and read serials of their tree."""

from __future__ import annotations

import asyncpg
import pytest

from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.partners.model import OrganisationState
from meterai.partners.use_cases.add_organisation import set_state
from tests.api.partner import code_of, json_of
from tests.api.test_organisations_and_quota import Asking, asking
from tests.api.test_reports import use_stamp
from tests.waiting_room.line import NOON
from tests.web.running_site import RunningSite

__all__ = ["asking"]


def place(asking: Asking, name: str) -> str:
    return f"/api/v1/organisations/{asking.id(name)}"


async def test_a_parent_agrees_with_those_right_below_and_all_above_read_it(asking: Asking) -> None:
    distributor, address = asking.by["distributor"], f"{place(asking, 'enterprise')}/agreements"
    terms = {"unit_price": 10_100, "credit_limit": 2_000_000, "valid_from": "2100-01-01"}
    made = await distributor.post(address, terms, key="terms")
    assert made.status == 201, made.text
    assert json_of(made)["credit_limit"] == 2_000_000
    again = await distributor.post(address, terms, key="terms")
    assert (again.body, again.headers["idempotency-replayed"]) == (made.body, "true")
    first = await distributor.get(f"{address}?limit=1")
    assert json_of(first)["data"] == [json_of(made)]
    rest = await asking.json("distributor", first.headers["link"].partition("situs")[2].partition(">")[0])
    assert [one["unit_price"] for one in rest["data"]] == [10_200]
    assert len((await asking.json("enterprise", address))["data"]) == 2
    for by, whose, code in (
        ("distributor", "distributor", (404, "api.unknown_id")),  # its own: officers agree
        ("distributor", "sub_account", (404, "api.unknown_id")),  # not right below
        ("enterprise", "retailer", (404, "api.unknown_id")),
    ):
        refused = await asking.by[by].post(f"{place(asking, whose)}/agreements", terms)
        assert code_of(refused) == code
    over = await distributor.post(address, terms | {"valid_from": "2020-01-01"})
    assert code_of(over) == (409, "partner.not_here")


async def test_a_parent_suspends_resumes_and_closes_what_stands_right_below(
    asking: Asking, running: RunningSite
) -> None:
    async def put(by: str, whose: str, state: str) -> tuple[int, str]:
        answer = await asking.by[by].send("PATCH", place(asking, whose), body={"state": state})
        return (200, json_of(answer)["state"]) if answer.status == 200 else code_of(answer)

    assert await put("distributor", "enterprise", "suspended") == (200, "suspended")
    assert await put("distributor", "enterprise", "active") == (200, "active")
    assert await put("distributor", "enterprise", "closed") == (409, "partner.not_empty")
    assert await put("distributor", "sub_account", "suspended") == (404, "api.unknown_id")
    assert await put("enterprise", "enterprise", "active") == (404, "api.unknown_id")
    order = {"name": "Cabang", "code": "cabang-baru", "role": "sub_account"}
    new = json_of(await asking.by["enterprise"].post("/api/v1/organisations", order))["id"]
    for state, said in (("closed", 200), ("active", 409)):
        answer = await asking.by["enterprise"].send(
            "PATCH", f"/api/v1/organisations/{new}", body={"state": state}
        )
        assert answer.status == said
    owner = running.line.database.app
    await set_state(owner, asking.chain.enterprise.id, OrganisationState.SUSPENDED, now=NOON)
    assert await put("distributor", "enterprise", "active") == (403, "partner.officers_decide")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await set_state(
            running.line.database.site, asking.chain.enterprise.id, OrganisationState.ACTIVE, now=NOON
        )


async def test_a_serial_is_read_by_its_organisation_and_those_above(
    asking: Asking, running: RunningSite
) -> None:
    serial = await use_stamp(running, asking.chain.sub_account, number="12")
    address = f"/api/v1/organisation/serials/{serial}"
    own = await asking.json("sub_account", address)
    assert (own["state"], own["organisation_id"]) == ("released", asking.id("sub_account"))
    assert own["facts"]["liable"]["name"] == "=Toko Maju"
    above = await asking.json("distributor", address)
    assert (above["facts"]["number"], above["facts"]["liable"]) == ("12", None)
    unknown = f"/api/v1/organisation/serials/{make_serial(b'x' * RANDOM_BYTES)}"
    for by in ("retailer", "collector"):
        answers = [await asking.by[by].get(one) for one in (address, unknown)]
        assert code_of(answers[0]) == (404, "serial.unknown")
        assert answers[0].body == answers[1].body
