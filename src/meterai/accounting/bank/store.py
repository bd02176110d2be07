"""The tables of bank statements. Functions of the database write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from meterai.accounting.bank.model import BankStatement, Explanation, KeptLine
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row
from meterai.ledger.store import refusals

_NOT_ALLOWED = "SL003"
_LINES = "SELECT id, booked_on, amount, words, explanation FROM accounting.bank_line"


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


async def find_line(connection: Connection, line: UUID) -> KeptLine | None:
    """A line of the bank."""
    row = await connection.fetchrow(f"{_LINES} WHERE id = $1", line)
    return _kept(row) if row else None


async def unexplained_lines(connection: Connection, *, limit: int) -> list[KeptLine]:
    """The lines that nobody has explained, the oldest first."""
    rows = await connection.fetch(
        f"{_LINES} WHERE explanation IS NULL ORDER BY booked_on, id LIMIT $1", limit
    )
    return [_kept(row) for row in rows]


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


def _kept(row: Row) -> KeptLine:
    explained = row["explanation"]
    return KeptLine(
        id=row["id"],
        day=row["booked_on"],
        amount=row["amount"],
        words=row["words"] or "",
        explanation=Explanation(explained) if explained else None,
    )
