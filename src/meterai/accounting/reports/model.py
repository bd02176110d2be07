"""A settlement report."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec


class LineKind(StrEnum):
    """What a line of a report says."""

    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"  # the bank took the money of a payment back
    CARRIED = "carried"  # from the day before, or to the next day: a day's sum was below zero


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a report, in rupiah."""

    kind: LineKind
    reference: str
    """Ours; empty for what is carried."""
    amount: int
    """More than zero; what is carried may be below."""
    fee: int
    """What the gateway keeps."""


class SettlementReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of one day (WIB)."""

    gateway: str
    day: date
    digest: bytes
    """SHA-256 of the file."""
    payout_reference: str
    """The words by which our bank statement names the pay-out; empty: nothing is paid out."""
    payout: int
    lines: list[ReportLine]
