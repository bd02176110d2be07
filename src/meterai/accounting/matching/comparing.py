"""Compares again, and asks gateways about payments that only they know as paid or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from meterai.accounting.matching import store
from meterai.accounting.matching.model import Name
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.gateways import Gateways
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)

_ASKED_ABOUT = (Name.NOT_BOOKED, Name.REVERSAL_NOT_BOOKED)
_AGAIN_AFTER = timedelta(minutes=15)
_LIMIT = 50
_AT_ONCE_MAX = 4


async def ask_about_differences(db: Database, gateways: Gateways, *, clock: Clock) -> int:
    """Asks the gateways about payments that only their reports know. Returns how many were asked about.

    A report is never believed alone: what comes of it is booked by `settle_payment`.
    """
    now = clock()
    async with db.connection() as conn:
        claimed = await store.claim_to_ask(conn, _ASKED_ABOUT, now, before=now - _AGAIN_AFTER, limit=_LIMIT)

    async def one(asked: tuple[str, str]) -> None:
        gateway, reference = asked
        try:
            await settle_payment(db, gateways.named(gateway), reference, clock=clock)
        except Refusal as refusal:
            log.warning("difference_not_settled", gateway=gateway, reference=reference, code=refusal.code)

    await gather_bounded(claimed, one, at_once=_AT_ONCE_MAX)
    return len(claimed)


@on_open_day
async def compare_again(db: Database, gateways: Sequence[str], *, clock: Clock) -> None:
    """Compares what differed. `gateways`: those whose reports are expected each day."""
    async with db.transaction() as tx:
        await store.compare_again(tx, gateways, clock())
