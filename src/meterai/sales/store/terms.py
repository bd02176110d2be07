"""Forgets what orders hold of people, by functions that know the shortest terms."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection, call


async def forget_order_contacts(conn: Connection, before: datetime) -> int:
    """Takes the contact off orders that ended before. Returns how many."""
    forgotten: int = await conn.fetchval(call("sales.forget_order_contacts", 1), before)
    return forgotten


async def forget_buyers(conn: Connection, through_year: int) -> int:
    """Deletes the buyers on receipts of payments up to the end of this year. Returns how many."""
    forgotten: int = await conn.fetchval(call("sales.forget_buyers", 1), through_year)
    return forgotten


async def forget_bank_accounts(conn: Connection, before: datetime) -> int:
    """Deletes the accounts of refunds that were paid before, also in the audit trail. Returns how many."""
    forgotten: int = await conn.fetchval(call("sales.forget_bank_accounts", 1), before)
    return forgotten


async def forget_notices(conn: Connection, before: datetime) -> int:
    """Empties the wording of payment notices that came before. Returns how many."""
    forgotten: int = await conn.fetchval(call("sales.forget_notices", 1), before)
    return forgotten
