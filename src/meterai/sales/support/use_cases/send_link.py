"""Sends the link of an order to its contact, for an officer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.sales.support import store
from meterai.sales.use_cases.send_link import PAUSE

SENT_IN_A_DAY_MAX: Final = 3
"""How often officers may have the link of one order sent within 24 hours. Each message costs money."""


async def refuse_to_send(connection: Connection, number: str) -> store.OrderInHand:
    """Returns the order, or raises what can be known before `send_link`. Changes nothing."""
    order = await store.order_in_hand(connection, number)
    if not order.has_contact:
        raise Refusal(Kind.CONFLICT, "support.no_contact")
    return order


async def send_link(db: Database, number: str, *, officer: str, reason: str, now: datetime) -> None:
    """Has the link sent to the order's own contact. The officer sees neither link nor contact.

    Raises: Refusal NOT_FOUND `support.no_order`; CONFLICT `support.no_contact`; BUSY `order.link_sent`: it
    was sent less than a minute ago; `support.links_sent`: officers have sent it `SENT_IN_A_DAY_MAX` times.
    """
    async with db.transaction() as tx:
        order = await refuse_to_send(tx, number)
        outcome = await store.send_link(tx, order.id, not_since=now - PAUSE, most=SENT_IN_A_DAY_MAX, now=now)
        _refuse(outcome)
        await write_audit(
            tx,
            actor=officer,
            action="order.send_link",
            subject=order.number,
            facts={"reason": reason},
            now=now,
        )


def _refuse(outcome: str) -> None:
    if outcome == "nobody":
        raise Refusal(Kind.CONFLICT, "support.no_contact")
    if outcome == "soon":
        raise Refusal(Kind.BUSY, "order.link_sent", retry_after_s=int(PAUSE.total_seconds()))
    if outcome == "enough":
        raise Refusal(Kind.BUSY, "support.links_sent", most=SENT_IN_A_DAY_MAX)
