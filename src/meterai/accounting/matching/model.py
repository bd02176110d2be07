"""A difference and what to do about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec


class Name(StrEnum):
    """What differs. `accounting.report_differences` and its neighbours (SQL) find each."""

    UNKNOWN_PAYMENT = "unknown_payment"
    NOT_BOOKED = "not_booked"
    AMOUNT_DIFFERS = "amount_differs"
    REPORTED_TWICE = "reported_twice"
    NOT_REPORTED = "not_reported"
    REVERSAL_NOT_BOOKED = "reversal_not_booked"
    REVERSAL_NOT_REPORTED = "reversal_not_reported"
    REFUND_NOT_BOOKED = "refund_not_booked"
    REFUND_NOT_REPORTED = "refund_not_reported"
    PAYOUT_DIFFERS = "payout_differs"
    REPORT_MISSING = "report_missing"
    PAYOUT_MISSING = "payout_missing"
    PAYOUT_AMOUNT = "payout_amount"
    CREDIT_UNEXPLAINED = "credit_unexplained"
    DEBIT_UNEXPLAINED = "debit_unexplained"
    STATEMENT_GAP = "statement_gap"


ACTIONS: Final = {
    Name.UNKNOWN_PAYMENT: "Look it up in the gateway's dashboard. Refund it there if nobody claims it.",
    Name.NOT_BOOKED: "The worker asks the gateway. If it stays, compare the dashboard with the order's page.",
    Name.AMOUNT_DIFFERS: "Ask the gateway which sum came, and for a corrected report.",
    Name.REPORTED_TWICE: "Ask the gateway for a corrected report; it pays us twice.",
    Name.NOT_REPORTED: "Ask the gateway. If it never had the payment, act as for a payment that never came.",
    Name.REVERSAL_NOT_BOOKED: "The worker asks the gateway. If it stays, the bank took back a part: ask it.",
    Name.REVERSAL_NOT_REPORTED: "Ask the gateway whether the bank took the money back.",
    Name.REFUND_NOT_BOOKED: "Somebody gave money back at the gateway. Find out who, and end our refund.",
    Name.REFUND_NOT_REPORTED: "Ask the gateway whether the refund went out.",
    Name.PAYOUT_DIFFERS: "The sums of the report do not make its pay-out. Ask for a corrected report.",
    Name.REPORT_MISSING: "Get the report from the gateway and drop it in.",
    Name.PAYOUT_MISSING: "Drop in the newest bank statement. If the pay-out is not on it, ask the gateway.",
    Name.PAYOUT_AMOUNT: "Ask the gateway why the bank got another sum than its report says.",
    Name.CREDIT_UNEXPLAINED: "Find out who paid, then: meterai reconcile explain.",
    Name.DEBIT_UNEXPLAINED: "Find out what was paid, then: meterai reconcile explain.",
    Name.STATEMENT_GAP: "A statement between these two is missing. Drop it in.",
}
"""What an officer does about each."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference. Sums in rupiah."""

    id: UUID
    name: Name
    gateway: str
    """Empty: at the bank."""
    subject: str
    """Our reference of a payment, the reference of a pay-out, a day, or the id of a line of the bank."""
    expected: int
    """By our books."""
    seen: int
    """By the other record."""
    found_at: datetime
    resolved_at: datetime | None
    words: str = ""
    """Of an unexplained line: what bank and payer say of it."""
