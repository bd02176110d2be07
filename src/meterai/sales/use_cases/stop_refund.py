"""Stops a payout before it is ordered, by the link in the message about it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.model import RefundState
from meterai.sales.order import Refund
from meterai.sales.stop_links import StopLink
from meterai.sales.store import orders, refunds


class StoppableRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as its stop link finds it."""

    number: str
    """Of its order."""
    refund: Refund
    is_renamed: bool
    """Another account was named since: the newer message has the link that stops it."""


async def read_stoppable(db: Database, link: StopLink) -> StoppableRefund:
    """Reads what a link would stop. Changes nothing: mail scanners follow links.

    Raises: Refusal NOT_FOUND `refund.unknown`.
    """
    async with db.connection() as connection:
        order_id = await refunds.order_of(connection, link.refund_id)
        if order_id is None:
            raise Refusal(Kind.NOT_FOUND, "refund.unknown")
        order = await orders.read_order(connection, order_id)
        namings = await refunds.namings_of(connection, link.refund_id)
    refund = order.refund(link.refund_id)
    assert refund is not None
    return StoppableRefund(number=order.number, refund=refund, is_renamed=namings != link.naming)


async def stop_refund(db: Database, link: StopLink, *, now: datetime) -> None:
    """Stops the payout: no money leaves, and the refund needs an account again. Safe to repeat.

    All proven contacts of the customer are told.

    Raises: Refusal NOT_FOUND `refund.unknown`; CONFLICT `refund.stop_renamed`: another account was named
    since; `refund.stop_too_late`: the payout may be under way.
    """
    async with db.transaction() as tx:
        outcome = await refunds.stop_refund(tx, link.refund_id, link.naming, now)
    if outcome is None:
        raise Refusal(Kind.NOT_FOUND, "refund.unknown")
    if outcome == "renamed":
        raise Refusal(Kind.CONFLICT, "refund.stop_renamed")
    if outcome not in ("stopped", RefundState.NEEDS_ACCOUNT):
        raise Refusal(Kind.CONFLICT, "refund.stop_too_late")
