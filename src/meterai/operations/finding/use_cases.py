"""Finds anything that a text names, tells the story of an order, and shows personal data for a reason."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from meterai.kernel import refusals
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection, Database, call
from meterai.operations.finding.case_story import CaseHit
from meterai.operations.finding.kinds import (
    CASE_KINDS,
    ORDER_KINDS,
    PARTNER_KINDS,
    Candidate,
    Kind,
    candidates,
)
from meterai.operations.finding.partner_story import ApiRequestHit, PartnerHit
from meterai.operations.finding.story import Story
from meterai.sales.model import Flow, OrderState
from meterai.sales.queries.order_access import read_order_number

HITS_MAX: Final = 50
REASON_LENGTH: Final = range(5, 201)


class OrderHit(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was found. The contact is masked."""

    number: str
    state: OrderState
    flow: Flow
    quantity: int
    total: int
    contact: str | None
    created_at: datetime
    paid_at: datetime | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a text names, each the newest first."""

    orders: list[OrderHit]
    cases: list[CaseHit]
    partners: list[PartnerHit]
    """By their codes."""
    api_requests: list[ApiRequestHit]

    @property
    def count(self) -> int:
        """How many things there are."""
        return len(self.orders) + len(self.cases) + len(self.partners) + len(self.api_requests)


async def find_anything(db: Database, text: str) -> Found:
    """Finds what a typed text names, of each kind at most `HITS_MAX`."""
    sought = candidates(text)
    async with db.connection() as connection:
        orders = await _find(connection, "operations.find_orders", OrderHit, sought, ORDER_KINDS)
        cases = await _find(connection, "operations.find_cases", CaseHit, sought, CASE_KINDS)
        partners = await _find(connection, "operations.find_partners", PartnerHit, sought, PARTNER_KINDS)
        asked = await _find(connection, "operations.find_api_requests", ApiRequestHit, sought, (Kind.ID,))
    return Found(
        orders=sorted(orders, key=lambda hit: hit.created_at, reverse=True)[:HITS_MAX],
        cases=sorted(cases, key=lambda hit: hit.opened_at, reverse=True)[:HITS_MAX],
        partners=sorted(partners, key=lambda hit: hit.code)[:HITS_MAX],
        api_requests=asked,
    )


async def _find[Hit](
    connection: Connection,
    function: str,
    shape: type[Hit],
    sought: Sequence[Candidate],
    kinds: Collection[Kind],
) -> list[Hit]:
    """The hits of a function of the database, each once."""
    query = call(function, 3, whole_row=True)
    found: dict[Any, Hit] = {}
    for one in sought:
        if one.kind in kinds:
            rows = await connection.fetch(query, one.kind, one.value, HITS_MAX)
            found |= {row[0]: msgspec.convert(dict(row), shape) for row in rows}
    return list(found.values())


async def tell_story(db: Database, number: str, *, session: uuid.UUID | None, now: datetime) -> Story:
    """Tells the story of an order. `session`: of the officer who reads it; None: personal data is masked.

    Raises: Refusal NOT_FOUND `find.no_order`.
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            call("operations.order_story", 3), read_order_number(number), session, now
        )
    if found is None:
        raise Refusal(refusals.Kind.NOT_FOUND, "find.no_order")
    return msgspec.convert(found, Story)


async def show_person(
    db: Database, kind: str, named: str, *, session: uuid.UUID, reason: str, now: datetime
) -> datetime:
    """Shows the personal data of something to an officer's session. The audit trail gets the reason.

    `kind` and `named`: `order` or `case` and its number, `partner` and its code.
    Returns until when it is shown.

    Raises: Refusal INVALID `person.reason_missing`; FORBIDDEN `officer.may_not`; NOT_FOUND `find.nothing`.
    """
    why = reason.strip()
    if len(why) not in REASON_LENGTH:
        raise Refusal(refusals.Kind.INVALID, "person.reason_missing")
    async with db.transaction() as tx:
        with officers_refusals():
            until: datetime | None = await tx.fetchval(
                call("operations.look_at", 5), session, kind, named, why, now
            )
    if until is None:
        raise Refusal(refusals.Kind.NOT_FOUND, "find.nothing")
    return until
