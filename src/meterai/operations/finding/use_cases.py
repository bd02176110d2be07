"""Tells the story of an order, and shows personal data for a reason."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel import refusals
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Database, call
from meterai.operations.finding.story import Story
from meterai.sales.queries.order_access import read_order_number

REASON_LENGTH: Final = range(5, 201)


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

    `kind` and `named`: `order` or `case` and its number, `partner` or
    `certificate` and its code.
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
