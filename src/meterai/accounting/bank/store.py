"""The tables of bank statements. Functions of the database write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from meterai.accounting.bank.model import BankStatement, Explanation
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.ledger.store import refusals

_NOT_ALLOWED = "SL003"


async def take_statement(tx: Connection, statement: BankStatement, now: datetime) -> int:
    """Stores a statement and books its new lines. Returns how many they are."""
    lines = statement.lines
    with refusals():
        new: int = await tx.fetchval(
            "SELECT accounting.take_statement($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            statement.account,
            statement.digest,
            statement.first,
            statement.last,
            statement.opening,
            statement.closing,
            [line.day for line in lines],
            [line.amount for line in lines],
            [line.words for line in lines],
            now,
        )
    return new


async def explain_line(
    tx: Connection, line: UUID, explanation: Explanation, *, payout: str | None, now: datetime
) -> None:
    """Explains a line and books it to the account of the explanation.

    Raises: Refusal CONFLICT `bank_line.not_explained`: there is no such line, no open pay-out of its sum, or
    it is explained so already; and those of the ledger.
    """
    try:
        with refusals():
            await tx.execute("SELECT accounting.explain_line($1, $2, $3, $4)", line, explanation, payout, now)
    except asyncpg.PostgresError as error:
        if error.sqlstate != _NOT_ALLOWED:
            raise
        raise Refusal(Kind.CONFLICT, "bank_line.not_explained") from None
