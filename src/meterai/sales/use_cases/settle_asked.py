"""Settles payments that the site asked for, because the gateway sent a notice or closed a paid charge."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database
from meterai.kit.outbox import Entry
from meterai.kit.tracing.spans import continue_from, span
from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
SETTLE_TOPIC = "sales.settle"
"""Topic of the outbox: {reference, gateway}. `sales.store_notice` and `sales.ask_to_settle` (SQL) write
its rows."""
SETTLED_AT_ONCE = 8
_LEASE_SECONDS = 30.0
_AGAIN = timedelta(seconds=1)


async def settle_asked(
    db: Database,
    gateways: Gateways,
    *,
    clock: Clock,
    before: datetime | None = None,
    is_patient: bool = False,
) -> int:
    """Settles up to `SETTLED_AT_ONCE` payments at the same time; returns how many were asked for.

    A payment that can't be settled now is left to polling. `is_patient`: a payment whose gateway can't be
    reached stays asked for. `before`: only what was asked for by then.
    """
    entries = await outbox.claim(
        db,
        clock(),
        limit=SETTLED_AT_ONCE,
        lease_s=_LEASE_SECONDS,
        topics=(SETTLE_TOPIC,),
        before=before,
    )
    done = []

    async def one(entry: Entry) -> None:
        try:
            with continue_from(entry.traceparent), span("settle payment", kind="consumer", topic=entry.topic):
                gateway = gateways.named(entry.payload["gateway"])
                await settle_payment(db, gateway, entry.payload["reference"], clock=clock)
        except Refusal as refusal:
            if is_patient and refusal.kind is Kind.UNAVAILABLE:
                await outbox.retry(db, entry.id, clock() + _AGAIN)
                return
            log.warning("payment_left_to_polling", code=refusal.code, **refusal.facts)
        done.append(entry.id)

    await gather_bounded(entries, one, at_once=SETTLED_AT_ONCE)
    await outbox.finish(db, done)
    return len(entries)
