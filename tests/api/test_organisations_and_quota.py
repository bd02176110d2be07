"""Partners read their organisations and quota, and move stamps down the tree and back up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meterai.api.conventions.ids import Prefix, write_id
from meterai.kernel.ids import new_id
from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.kit.idempotency import RUNNING_MAX
from meterai.partners.model import Organisation
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of, register
from tests.partners.organisations import Chain, make_chain
from tests.waiting_room.line import NOON
from tests.web.running_site import RunningSite


class Asking:
    """The organisations of a chain, each with a client of its own."""

    def __init__(self, chain: Chain, running: RunningSite, tokens: Tokens) -> None:
        self.chain = chain
        self.by = {name: tokens.partner(running.site, caller_of(one.id)) for name, one in vars(chain).items()}

    def id(self, name: str) -> str:
        found: Organisation = getattr(self.chain, name)
        return write_id(Prefix.ORGANISATION, found.id)

    async def json(self, name: str, address: str) -> Any:
        answer = await self.by[name].get(address)
        assert answer.status == 200, answer.text
        return json_of(answer)


@pytest.fixture
async def asking(running: RunningSite, tokens: Tokens) -> Asking:
    chain = await make_chain(running.line.database.app, now=NOON)
    await register(running.line.database.owner, chain.distributor.id)
    return Asking(chain, running, tokens)


async def test_an_organisation_sees_itself_and_what_is_below_it(asking: Asking) -> None:
    own = await asking.json("enterprise", "/api/v1/organisation")
    assert (own["id"], own["code"], own["parent_id"]) == (
        asking.id("enterprise"),
        "firm",
        asking.id("distributor"),
    )
    assert own["agreement"]["stamps_per_document_max"] == 10
    assert own["agreement"]["unit_price"] == 10_200
    first = await asking.by["distributor"].get("/api/v1/organisations?limit=1")
    rest = await asking.json("distributor", first.headers["link"].partition("situs")[2].partition(">")[0])
    codes = [one["code"] for one in (*json_of(first)["data"], *rest["data"])]
    assert sorted(codes) == ["firm", "retail"]  # in the order of their ids
    below = f"/api/v1/organisations/{asking.id('sub_account')}"
    assert (await asking.json("distributor", below))["code"] == "branch"
    quota = await asking.json("distributor", f"{below}/quota")
    assert (quota["available"], quota["credit_owed"]) == (30, 306_000)
    tree = (await asking.json("distributor", "/api/v1/quota"))["tree"]
    assert tree == {"organisations": 4, "available": 1_000, "held": 0, "unstamped": 0, "used": 0}


async def test_an_id_of_others_answers_like_an_unknown_one(asking: Asking) -> None:
    """I16: a sibling, the parent, and blocks between others."""
    block = (await asking.json("collector", "/api/v1/blocks"))["data"][0]["id"]
    nobody = write_id(Prefix.ORGANISATION, new_id(NOON))
    nothing = write_id(Prefix.BLOCK, new_id(NOON))
    enterprise = asking.by["enterprise"]
    for address, unknown in (
        (f"/api/v1/organisations/{asking.id('retailer')}", f"/api/v1/organisations/{nobody}"),
        (f"/api/v1/organisations/{asking.id('distributor')}", "/api/v1/organisations/x"),
        (f"/api/v1/organisations/{asking.id('retailer')}/quota", f"/api/v1/organisations/{nobody}/quota"),
        (f"/api/v1/blocks/{block}", f"/api/v1/blocks/{nothing}"),
    ):
        answers = [await enterprise.get(one) for one in (address, unknown)]
        assert code_of(answers[0]) == (404, "api.unknown_id"), address
        assert answers[0].body == answers[1].body
    for address, body, unknown in (
        ("/api/v1/blocks", {"receiver_id": asking.id("retailer")}, {"receiver_id": nobody}),
        (f"/api/v1/blocks/{block}/returns", {}, {}),
    ):
        more = {"pieces": 1, "paid_by": "funds"} if address.endswith("blocks") else {"pieces": 1}
        answers = [await enterprise.post(address, one | more) for one in (body, unknown)]
        assert code_of(answers[0]) == (404, "api.unknown_id")
        assert answers[0].body == answers[1].body


async def test_stamps_are_passed_on_once_and_returned(asking: Asking) -> None:
    distributor, enterprise = asking.by["distributor"], asking.by["enterprise"]
    order = {"receiver_id": asking.id("enterprise"), "pieces": 20, "paid_by": "credit"}
    passed = await distributor.post("/api/v1/blocks", order, key="first")
    assert passed.status == 201, passed.text
    block = json_of(passed)
    assert (block["pieces"], block["unpaid"]) == (20, 20 * 10_200)
    assert (await distributor.post("/api/v1/blocks", order, key="first")).body == passed.body
    assert (await asking.json("enterprise", "/api/v1/quota"))["available"] == 70 + 20
    assert await asking.json("enterprise", passed.headers["location"]) == block

    returned = await enterprise.post(f"{passed.headers['location']}/returns", {"pieces": 5})
    assert (returned.status, json_of(returned)["returned"]) == (200, 5)
    too_many = await enterprise.post(f"{passed.headers['location']}/returns", {"pieces": 16})
    assert code_of(too_many) == (409, "partner.more_than_left")
    short = await distributor.post("/api/v1/blocks", order | {"pieces": 900})
    assert code_of(short) == (409, "partner.credit_short")
    assert (await asking.json("enterprise", "/api/v1/quota"))["available"] == 70 + 15


async def test_stamps_that_are_passed_on_count_against_the_caps_of_the_client(
    asking: Asking, running: RunningSite
) -> None:
    """Once, also when the answer was lost. What is refused does not count, and returns do not."""
    owner = running.line.database.owner
    await owner.execute("UPDATE partners.client SET stamps_per_hour_max = 30, stamps_per_day_max = 35")
    distributor = asking.by["distributor"]
    order = {"receiver_id": asking.id("enterprise"), "pieces": 20, "paid_by": "credit"}
    assert code_of(await distributor.post("/api/v1/blocks", order | {"paid_by": "funds"}))[0] == 409
    passed = await distributor.post("/api/v1/blocks", order, key="first")
    assert passed.status == 201, passed.text
    await owner.execute("UPDATE jobs.keyed_request SET status = NULL, headers = NULL, body = NULL")
    running.line.now += RUNNING_MAX
    repeated = await distributor.post("/api/v1/blocks", order, key="first")
    assert (repeated.status, repeated.body) == (201, passed.body)
    assert (await distributor.post(f"{passed.headers['location']}/returns", {"pieces": 5})).status == 200

    refused = await distributor.post("/api/v1/blocks", order | {"pieces": 11})
    assert code_of(refused) == (429, "client.hour_cap")
    assert refused.headers["retry-after"] == "3480"
    assert (await distributor.post("/api/v1/blocks", order | {"pieces": 10})).status == 201
    running.line.now += timedelta(hours=1)
    assert code_of(await distributor.post("/api/v1/blocks", order | {"pieces": 6})) == (429, "client.day_cap")
    assert (await asking.json("enterprise", "/api/v1/quota"))["available"] == 70 + 20 - 5 + 10


async def test_an_organisation_adds_one_below_itself(asking: Asking) -> None:
    enterprise: Partner = asking.by["enterprise"]
    new = {"name": "Cabang Bandung", "code": "bandung", "role": "sub_account"}
    made = await enterprise.post("/api/v1/organisations", new, key="a")
    assert made.status == 201, made.text
    shown = json_of(made)
    assert (shown["parent_id"], shown["state"]) == (asking.id("enterprise"), "active")
    assert await asking.json("enterprise", made.headers["location"]) == shown
    assert code_of(await enterprise.post("/api/v1/organisations", new)) == (409, "partner.code_used")
    misplaced = await enterprise.post("/api/v1/organisations", new | {"code": "b2", "role": "distributor"})
    assert code_of(misplaced) == (409, "partner.not_here")


async def test_serial_numbers_that_were_taken_are_listed_and_given_back(
    asking: Asking, running: RunningSite
) -> None:
    firm, serials = asking.chain.enterprise, [make_serial(bytes([n] * RANDOM_BYTES)) for n in range(1, 5)]
    await running.line.database.owner.execute(
        "SELECT stamping.take_serials($1, $2, $2, array_fill(NULL::uuid, '{4}'), $2, $3)",
        firm.id, serials, NOON,
    )  # fmt: skip
    listed, address = [], "/api/v1/organisation/serials?limit=3"
    while address:
        page = await asking.by["enterprise"].get(address)
        listed += json_of(page)["data"]
        address = page.headers.get("link", "").partition("situs")[2].partition(">")[0]
    assert sorted(one["serial"] for one in listed) == sorted(serials)
    assert (listed[0]["request_key"], listed[0]["document_id"]) == (listed[0]["serial"], None)
    own = await asking.json("distributor", f"/api/v1/organisation/serials/{serials[0]}")
    assert (own["state"], own["stamp_id"], own["organisation_id"]) == (
        "unstamped",
        None,
        asking.id("enterprise"),
    )
    assert (await asking.json("enterprise", "/api/v1/quota"))["unstamped"] == 4

    url, wanted = "/api/v1/organisation/serials/returns", {"serials": [serials[0].lower(), "0" * 22]}
    foreign = await asking.by["distributor"].post(url, wanted)
    assert json_of(foreign) == {"returned": []}
    for key in ("one", "one", "two"):
        answer = await asking.by["enterprise"].post(url, wanted, key=key)
        assert (answer.status, json_of(answer)) == (200, {"returned": [serials[0]]})
    quota = await asking.json("enterprise", "/api/v1/quota")
    assert (quota["unstamped"], quota["available"]) == (3, 67)
