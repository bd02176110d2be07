"""Takes a bank statement in, and explains its lines."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.accounting.bank import store
from meterai.accounting.bank.csv_statement import read_csv_statement
from meterai.accounting.bank.making import refuse
from meterai.accounting.bank.model import BankStatement, Explanation, KeptLine
from meterai.accounting.bank.mt940 import read_mt940
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day


@on_open_day
async def take_statement(db: Database, raw: bytes, *, now: datetime) -> int:
    """Reads, stores and matches the statements in a file, MT940 or CSV. Returns how many lines are new.

    Doing it again changes nothing, nor do lines that another statement has already.

    Raises: Refusal INVALID `statement.unreadable`; nothing of the file is taken then.
    """
    statements = read_statements(raw)
    if any(each.last > business_date(now) for each in statements):
        refuse("day")
    async with db.transaction() as tx:
        return sum([await store.take_statement(tx, each, now) for each in statements])


def read_statements(raw: bytes) -> list[BankStatement]:
    """The statements in a file. Raises: Refusal INVALID `statement.unreadable`."""
    head = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    return read_mt940(raw) if head.startswith((b":", b"{")) else [read_csv_statement(raw)]


async def line_to_explain(db: Database, line: UUID | None) -> KeptLine:
    """A line of the bank, as an officer sees it before they explain it. None: it is no id.

    Raises: Refusal CONFLICT `bank_line.not_explained`: there is no such line.
    """
    async with db.connection() as connection:
        found = line and await store.find_line(connection, line)
    if not found:
        raise Refusal(Kind.CONFLICT, "bank_line.not_explained")
    return found


async def lines_to_explain(db: Database, *, limit: int) -> list[KeptLine]:
    """The lines that wait for an explanation, the oldest first."""
    async with db.connection() as connection:
        return await store.unexplained_lines(connection, limit=limit)


@on_open_day
async def explain_line(
    db: Database,
    line: UUID,
    explanation: Explanation,
    *,
    payout: str | None,
    reason: str,
    actor: str | Actor,
    now: datetime,
) -> None:
    """Books a line of the bank for what it is, or for something else than before. `payout`: its reference.

    Raises: Refusal CONFLICT `bank_line.not_explained`, `ledger.insufficient`.
    """
    async with db.transaction() as tx:
        await store.explain_line(tx, line, explanation, payout=payout, now=now)
        await write_audit(
            tx,
            actor=actor,
            action="bank_line.explain",
            subject=str(line),
            facts={"as": explanation, "payout": payout or "", "reason": reason},
            now=now,
        )
