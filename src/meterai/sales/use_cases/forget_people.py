"""Forgets contacts, buyers and bank accounts of orders whose terms are over. What the books need stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kernel.clock import business_date
from meterai.kit.database import Database
from meterai.sales.store import terms


async def forget_order_contacts(db: Database, *, days: int, now: datetime) -> int:
    """Takes the contact off orders that ended `days` ago, and the buyer off those never paid."""
    async with db.connection() as connection:
        return await terms.forget_order_contacts(connection, now - timedelta(days=days))


async def forget_buyers(db: Database, *, years: int, now: datetime) -> int:
    """Deletes the buyers on receipts `years` years after the end of the year of the payment."""
    async with db.connection() as connection:
        return await terms.forget_buyers(connection, business_date(now).year - years - 1)


async def forget_bank_accounts(db: Database, *, days: int, now: datetime) -> int:
    """Deletes the bank accounts of refunds that were paid `days` ago."""
    async with db.connection() as connection:
        return await terms.forget_bank_accounts(connection, now - timedelta(days=days))


async def forget_notices(db: Database, *, days: int, now: datetime) -> int:
    """Empties the wording of payment notices that came `days` ago."""
    async with db.connection() as connection:
        return await terms.forget_notices(connection, now - timedelta(days=days))
