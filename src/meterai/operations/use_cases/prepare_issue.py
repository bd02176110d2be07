"""Looks at an issue of stock, or at a distributor's deposit, before officers sign it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kernel.clock import business_date
from meterai.kit.database import Database
from meterai.operations.officers.register import refuse_above_limit
from meterai.partners.queries.agreements import face_value_on
from meterai.partners.use_cases.record_money import MoneyToRecord, prepare_deposit
from meterai.sales.use_cases.issue_quota import StockIssued, facts_of_issue, is_recorded, preview_deposit


class IssueToSign(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as two officers decide about it."""

    subject: str
    facts: dict[str, object]
    found: StockIssued
    """What it would bring."""
    is_done: bool
    """It was booked and recorded before: there is nothing to sign."""


async def prepare_issue(db: Database, *, pieces: int, deposit: str, now: datetime) -> IssueToSign:
    """Says what the issue would bring; nothing is booked. `deposit`: the treasury's receipt.

    Raises: what `issue_quota` raises, but `officer.unsigned`.
    """
    found = await preview_deposit(db, pieces=pieces, deposit_reference=deposit, now=now)
    is_done = not found.new and await is_recorded(db, deposit)
    if not is_done:
        async with db.connection() as connection:
            await refuse_above_limit(connection, pieces)
    return IssueToSign(subject=deposit.strip(), facts=facts_of_issue(found), found=found, is_done=is_done)


async def prepare_distributors_deposit(
    db: Database, code: str, *, receipt: str, amount: int, now: datetime
) -> MoneyToRecord:
    """Looks at a distributor's deposit.

    Raises: what `prepare_deposit` raises; Refusal INVALID `stock.above_limit`.
    """
    found = await prepare_deposit(db, code, receipt=receipt, amount=amount)
    async with db.connection() as connection:
        face_value = await face_value_on(connection, business_date(now))
        await refuse_above_limit(connection, -(-amount // face_value))
    return found
