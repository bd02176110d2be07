"""Finds orders, tells the story of one, and shows its personal data for a reason."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Database, call
from meterai.operations.finding.kinds import candidates
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


async def find_orders(db: Database, text: str) -> list[OrderHit]:
    """Finds the orders that a typed text names, the newest first, at most `HITS_MAX`."""
    found: dict[str, OrderHit] = {}
    async with db.connection() as connection:
        for one in candidates(text):
            rows = await connection.fetch(
                call("operations.find_orders", 3, whole_row=True), one.kind, one.value, HITS_MAX
            )
            hits = (msgspec.convert(dict(row), OrderHit) for row in rows)
            found |= {hit.number: hit for hit in hits}
    return sorted(found.values(), key=lambda hit: hit.created_at, reverse=True)[:HITS_MAX]


async def tell_story(db: Database, number: str, *, session: uuid.UUID | None, now: datetime) -> Story:
    """Tells the story of an order. `session`: of the officer who reads it; None: personal data is masked.

    Raises: Refusal NOT_FOUND `find.no_order`.
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            call("operations.order_story", 3), read_order_number(number), session, now
        )
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "find.no_order")
    return msgspec.convert(found, Story)


async def show_person(
    db: Database, number: str, *, session: uuid.UUID, reason: str, now: datetime
) -> datetime:
    """Shows the personal data of an order to an officer's session. The audit trail gets the reason.

    Returns until when it is shown. Raises: Refusal INVALID `person.reason_missing`; FORBIDDEN
    `officer.may_not`; NOT_FOUND `find.no_order`.
    """
    why = reason.strip()
    if len(why) not in REASON_LENGTH:
        raise Refusal(Kind.INVALID, "person.reason_missing")
    async with db.transaction() as tx:
        with officers_refusals():
            until: datetime | None = await tx.fetchval(
                call("operations.look_at_order", 4), session, read_order_number(number), why, now
            )
    if until is None:
        raise Refusal(Kind.NOT_FOUND, "find.no_order")
    return until
