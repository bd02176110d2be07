"""Orders of partners while people wait in line: a share of the admission of their own."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Request, post

from meterai.api.access.caller import Caller
from meterai.api.access.partner_share import take_place
from meterai.api.access.token_endpoint import give_token
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.router import api_router
from meterai.ledger.model import ISSUER
from meterai.partners.model import OrganisationRole
from meterai.waiting_room.rules.model import QueueState
from meterai.web.site import build_site
from tests.api.partner import Partner, code_of
from tests.api.programs import registered
from tests.partners.organisations import organisation
from tests.web.running_site import OFFER, RunningSite, Visitor, sign_in

ORDERS = "/api/v1/orders"
PEOPLE, SECONDS = 300, 16
"""Let in a minute; beside them, with the usual fifth, 75 orders of partners."""


@post(ORDERS, opt=operation(scope="stamps:write"), status_code=202)
async def order(
    request: Request[Any, Any, Any], data: dict[str, int], caller: Caller, once: Once
) -> dict[str, int]:
    """Takes an order."""
    await take_place(request.app.state, caller, once)
    return data


async def partners_of(running: RunningSite, monkeypatch: pytest.MonkeyPatch, *codes: str) -> list[Partner]:
    """Partners before the site, which sees each change of the line at once."""
    monkeypatch.setattr("meterai.api.access.partner_share.LOOK_S", 0.0)
    site = build_site(
        running.app,
        offer=OFFER,
        more_routes=[api_router([give_token, order])],
        problem=problem_response,
    )
    partners = []
    for code in codes:
        db, now = running.line.database.app, running.line.now
        firm = await organisation(db, code, OrganisationRole.DISTRIBUTOR, below=ISSUER, now=now)
        program = await registered(running, firm.id, scopes=["stamps:write"])
        program.site = site
        partners.append(await program.partner())
    return partners


async def called_people(running: RunningSite, number: int) -> list[Visitor]:
    """People who are called, each signed in with the contact of the ticket."""
    people = []
    for one in range(number):
        contact, visitor = f"email:orang{one}@contoh{one}.id", running.visitor()
        visitor.cookies["antre_casn"] = running.line.join(contact)
        await sign_in(running, visitor, contact)
        people.append(visitor)
    await running.line.call_everybody()
    return people


async def orders(partner: Partner, number: int = 1) -> int:
    """How many of some orders at once are taken. The others are told when to try again."""
    taken = 0
    for _ in range(number):
        answer = await partner.post(ORDERS, {"n": 1})
        if answer.status != 202:
            assert code_of(answer) == (429, "access.line")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        taken += answer.status == 202
    return taken


async def test_crowd_and_partner_that_come_at_twice_their_rate_each_get_their_share(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    (partner,) = await partners_of(running, monkeypatch, "satu")
    share = PEOPLE * 20 / 80
    waiting = await called_people(running, 2 * PEOPLE * SECONDS // 60)
    await running.line.set_rate(PEOPLE, new=0, returner=0)
    await orders(partner, 10)  # what stands ready after a quiet time
    entered = ordered = offered = 0.0
    for second in range(SECONDS):
        running.line.pass_time(1)
        crowd = waiting[: (second + 1) * 2 * PEOPLE // 60 - int(entered)]
        for person in crowd:
            if await person.get("/casn/masuk") == "/beli?acara=casn":
                entered += 1
                waiting.remove(person)
        offered += 2 * share / 60
        now, offered = int(offered), offered % 1
        ordered += await orders(partner, now)
    entitled = PEOPLE / 60 * SECONDS, share / 60 * SECONDS
    assert 0.9 * entitled[0] <= entered <= entitled[0] + 15
    assert 0.9 * entitled[1] <= ordered <= entitled[1] + 1


async def test_partners_share_by_turns_and_wait_for_nobody_when_nobody_waits(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    greedy, modest = await partners_of(running, monkeypatch, "satu", "dua")
    await running.line.set_rate(PEOPLE)
    running.line.pass_time(60)
    taken = await orders(greedy, 20)
    assert 0 < taken < 12, "it leaves some for others"
    assert await orders(modest, 2) == 2
    await running.line.set_state(QueueState.OUT_OF_STOCK)
    await running.line.set_rate(0)
    running.line.pass_time(60)
    assert await orders(modest) == 1, "partners have stock of their own"
    await running.line.set_state(QueueState.DIRECT)
    assert await orders(greedy, 20) == 20


async def test_an_order_that_finds_no_place_is_tried_again_with_the_same_key(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    (partner,) = await partners_of(running, monkeypatch, "satu")
    await running.line.set_rate(PEOPLE)
    while await orders(partner):
        pass
    assert (await partner.post(ORDERS, {"n": 1}, key="sama")).status == 429
    running.line.pass_time(30)
    assert (await partner.post(ORDERS, {"n": 1}, key="sama")).status == 202
    while await orders(partner):
        pass
    again: Any = await partner.post(ORDERS, {"n": 1}, key="sama")
    assert (again.status, again.headers["idempotency-replayed"]) == (202, "true"), "a replay takes no place"
