"""The quota with which a person may stamp: their own, or that of the organisation for which they act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.partners.model import stock_account_id
from meterai.partners.queries.quota import quota_of as partner_quota
from meterai.partners.stamps.ordering import OrderedStamps, count_order
from meterai.sales.queries.customers import quota_of_customer
from meterai.web.account.acting import Acting
from meterai.web.requests.request_context import RequestContext


class UsableQuota(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps of one account, with which documents can be stamped."""

    lot_account_id: UUID
    available: int
    reserved: int
    """Held for documents that are being stamped."""
    order_id: UUID | None
    """The order that bought them; None: they came as blocks."""


async def quota_of(context: RequestContext, whose: Acting) -> list[UsableQuota]:
    """An organisation's stock, or the lots that a person bought, the oldest first."""
    db = context.service.db
    if whose.organisation is not None:
        async with db.connection() as connection:
            has = await partner_quota(connection, whose.organisation.id)
        stock = stock_account_id(whose.organisation.id)
        return [UsableQuota(lot_account_id=stock, available=has.available, reserved=has.held, order_id=None)]
    return [
        UsableQuota(
            lot_account_id=lot.lot_account_id,
            available=lot.available,
            reserved=lot.reserved,
            order_id=lot.order_id,
        )
        for lot in await quota_of_customer(db, whose.customer_id)
    ]


def lot_for(lots: Sequence[UsableQuota], pieces: int) -> UUID:
    """The first account with enough pieces for a document: a document is stamped from one account.

    Raises: Refusal CONFLICT `quota.scattered`, `quota.empty`.
    """
    for lot in lots:
        if lot.available >= pieces:
            return lot.lot_account_id
    free = [lot.available for lot in lots]
    if sum(free) >= pieces:
        raise Refusal(Kind.CONFLICT, "quota.scattered", needed=pieces, largest=max(free))
    raise Refusal(Kind.CONFLICT, "quota.empty")


async def count_ordered(
    tx: Connection, whose: Acting, *, pieces: int, per_document: int, now: datetime
) -> None:
    """Counts stamps that a member orders against the agreement. What people stamp for themselves has none.

    Raises: Refusal CONFLICT `partner.not_active`, `partner.document_limit`; BUSY `partner.day_limit`; INVALID
    `facts.missing`.
    """
    if whose.organisation is None:
        return
    order = OrderedStamps(
        organisation_id=whose.organisation.id, client_id=None, pieces=pieces, per_document=per_document
    )
    await count_order(tx, order, now=now)
