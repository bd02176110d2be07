"""Cancels the orders that officers asked to cancel: only a process with the gateways' keys can."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.sales.gateways import Gateways
from meterai.sales.store import orders
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
CANCEL_TOPIC: Final = "sales.cancel"
"""Topic of the outbox: {order_id}. `sales.ask_to_cancel` (SQL) writes its rows."""
_AT_ONCE = 8
_LEASE_SECONDS = 60.0
_AGAIN = timedelta(seconds=5)


async def cancel_asked(db: Database, gateways: Gateways, *, clock: Clock) -> int:
    """Cancels up to `_AT_ONCE` orders, one after the other. Returns how many were asked for.

    While a gateway can't be reached, its order is tried again each 5 seconds, until it is paid or expires.
    """
    entries = await outbox.claim(db, clock(), limit=_AT_ONCE, lease_s=_LEASE_SECONDS, topics=(CANCEL_TOPIC,))

    for entry in entries:
        try:
            await _cancel(db, gateways, uuid.UUID(entry.payload["order_id"]), clock)
        except Refusal as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                await outbox.retry(db, entry.id, clock() + _AGAIN)
                continue
            log.info("order_not_cancelled", code=refusal.code)
        await outbox.finish(db, [entry.id])
    return len(entries)


async def _cancel(db: Database, gateways: Gateways, order_id: uuid.UUID, clock: Clock) -> None:
    async def settle(reference: str) -> None:
        async with db.connection() as connection:
            payment = (await orders.read_order(connection, order_id)).payment(reference)
        assert payment is not None
        await settle_payment(db, gateways.named(payment.gateway), reference, clock=clock)

    await cancel_order(db, gateways, order_id, settle=settle, clock=clock)
