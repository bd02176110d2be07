"""A bank statement, and what explains its lines."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec


class Explanation(StrEnum):
    """What a line of a bank statement is for. `accounting.account_of` (SQL) names the account of each."""

    PAYOUT = "payout"  # a gateway pays out: found by itself
    TOP_UP = "top_up"  # we fill the account at the payout provider
    FACE_VALUE = "face_value"  # we pay the chain above us for stamps
    VAT = "vat"  # we pay the tax office
    BANK_COST = "bank_cost"  # fees and interest of the bank
    OTHER = "other"  # booked elsewhere: capital, salaries, partners


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """A movement. `amount` in rupiah; more than zero: it came in."""

    day: date
    amount: int
    words: str
    """What bank and payer say of it. May name a person."""


class KeptLine(BankLine, frozen=True, kw_only=True):
    """A line as it is stored. Its words are deleted once it is explained."""

    id: UUID
    explanation: Explanation | None


class BankStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of one account. Balances are None where the file has none."""

    account: str
    digest: bytes
    """SHA-256 of file and account."""
    first: date
    last: date
    opening: int | None
    closing: int | None
    lines: list[BankLine]
