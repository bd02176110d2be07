"""Stores a notice of the payment gateway as it came. Nothing is booked from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from meterai.kernel.ids import new_id
from meterai.kit.database import Database
from meterai.sales.ports import PaymentGateway, Reply
from meterai.sales.store import payments

POLLED_AFTER = timedelta(seconds=5)
"""A worker settles the payment at once. If it dies before, the poller does."""


class NoticeReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that is stored, or another call of the gateway that is answered."""

    reference: str
    """The payment that it is about; may be unknown. Empty: it was no notice."""
    new: bool
    """False for a copy of a notice that came before."""
    reply: Reply | None = None
    """What the gateway is answered in its own form; None: in ours."""


async def receive_notice(
    db: Database,
    gateway: PaymentGateway,
    raw: bytes,
    headers: Mapping[str, str],
    *,
    path: str = "",
    now: datetime,
) -> NoticeReceipt:
    """Checks a notice's signature, stores it raw, once, and asks the workers to settle its payment.

    `path`: the one in the request line. Answer 2xx afterwards. A notice says only that it is worth asking
    the gateway (`settle_asked`).

    Raises: Refusal FORBIDDEN `payment.notice_forged`, `payment.other_merchant`;
    INVALID `payment.notice_unreadable`.
    """
    notice = gateway.parse_notice(raw, headers, path)
    if isinstance(notice, Reply):
        return NoticeReceipt(reference="", new=False, reply=notice)
    async with db.connection(hands_on=True) as connection:
        new = await payments.store_notice(
            connection,
            new_id(now),
            gateway=gateway.name,
            event_key=notice.event_key,
            reference=notice.reference,
            raw=raw,
            now=now,
            poll_at=now + POLLED_AFTER,
        )
    return NoticeReceipt(reference=notice.reference, new=new, reply=gateway.acknowledge(raw, path))
