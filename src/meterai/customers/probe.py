"""The account of the probe: the purchase that the status page plays again and again."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

import msgspec


class ProbeReach(StrEnum):
    """How far an order of the probe goes."""

    UNPAID = "unpaid"
    """It is cancelled before a payment. Money that comes all the same goes back."""
    STAMPED = "stamped"
    """It is paid and stamped. Only where no gateway takes real money."""


class ProbeSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the probe, and what it must know before its next order."""

    token: str
    customer_id: uuid.UUID
    expires_at: datetime
    free_at: datetime | None
    """From when on it may open its next order; None: it had none yet."""
    open_order: str | None
    """The number of an order that can still be paid: an earlier run left it."""

    def __repr__(self) -> str:
        return f"ProbeSession(customer_id={self.customer_id})"  # the token stays out of logs
