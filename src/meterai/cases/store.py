"""Every SQL statement on the tables of cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from meterai.cases.model import Case, CaseFile, CaseInHand, read_case_number
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        code = {"CA001": "case.too_many", "CA002": "case.too_many_tries"}.get(error.sqlstate or "")
        if not code:
            raise
        raise Refusal(Kind.BUSY, code, retry_after_s=3_600) from error


async def open_case(
    tx: Connection,
    id: UUID,
    case: Case,
    *,
    contact: Contact,
    is_proven: bool,
    language: str,
    secret: bytes,
) -> bool:
    """Inserts a case. Returns False when it is there already. Raises: Refusal BUSY `case.too_many`."""
    with _refusals():
        opened: bool = await tx.fetchval(
            "SELECT cases.open_case($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            id,
            case.number,
            case.kind,
            case.about,
            case.text,
            contact.kind,
            contact.value,
            is_proven,
            language,
            secret,
            case.opened_at,
        )
    return opened


async def look_up(
    tx: Connection, number: str, *, secret: bytes | None, contact: Contact | None, now: datetime
) -> Case | None:
    """The case of a number for people with a proof. Raises: Refusal BUSY `case.too_many_tries`."""
    with _refusals():
        row = await tx.fetchrow(
            "SELECT * FROM cases.look_up($1, $2, $3, $4, $5)",
            number,
            secret,
            contact.kind if contact else None,
            contact.value if contact else None,
            now,
        )
    return None if row is None else msgspec.convert(dict(row), Case)


async def oldest_open(conn: Connection) -> datetime | None:
    """When the oldest case was opened that has no answer yet; None: there is none."""
    opened_at: datetime | None = await conn.fetchval("SELECT cases.oldest_open()")
    return opened_at


async def list_cases(conn: Connection, *, with_closed: bool, limit: int) -> list[CaseFile]:
    """Cases for officers, the oldest first."""
    rows = await conn.fetch(
        _FILES + "WHERE $1 OR c.state <> 'closed' ORDER BY c.opened_at LIMIT $2", with_closed, limit
    )
    return [_file(dict(row)) for row in rows]


async def case_file(conn: Connection, number: str) -> CaseFile:
    """The case of a typed number, for officers. Raises: Refusal NOT_FOUND `case.unknown`."""
    row = await conn.fetchrow(_FILES + "WHERE c.number = $1", read_case_number(number))
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "case.unknown")
    return _file(dict(row))


async def case_in_hand(conn: Connection, number: str) -> CaseInHand:
    """The case of a typed number, for an act. Raises: Refusal NOT_FOUND `case.unknown`."""
    row = await conn.fetchrow(
        """SELECT id, number, kind, state, contact_kind IS NOT NULL AS has_contact, language
           FROM cases.case WHERE number = $1""",
        read_case_number(number),
    )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "case.unknown")
    return msgspec.convert(dict(row), CaseInHand)


async def answer(
    tx: Connection, case: UUID, text: str, *, officer: str, message: Mapping[str, object], now: datetime
) -> None:
    """Keeps an answer and sends it to the contact of the case."""
    await tx.execute("SELECT cases.answer_case($1, $2, $3, $4, $5)", case, text, officer, dict(message), now)


async def close(tx: Connection, case: UUID, now: datetime) -> bool:
    """Closes a case. Returns False when it was closed before."""
    done: str = await tx.execute(
        "UPDATE cases.case SET state = 'closed', changed_at = $2 WHERE id = $1 AND state <> 'closed'",
        case,
        now,
    )
    return done.endswith(" 1")


async def erase(tx: Connection, number: str, now: datetime) -> int:
    """Erases the personal data of a case. Returns how many cases had any."""
    erased: int = await tx.fetchval("SELECT cases.erase($1, $2)", number, now)
    return erased


async def delete_closed(tx: Connection, before: datetime) -> int:
    """Deletes closed cases that have not changed since. Returns how many."""
    done: str = await tx.execute("DELETE FROM cases.case WHERE state = 'closed' AND changed_at < $1", before)
    return int(done.rpartition(" ")[2])


_FILES = """SELECT c.id, c.number, c.kind, c.about, c.text, c.state, c.contact_kind, c.contact_value,
    c.is_proven, c.language, c.opened_at, c.changed_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('text', a.text, 'officer', a.officer, 'at', a.answered_at)
        ORDER BY a.place), '[]') FROM cases.answer a WHERE a.case_id = c.id) AS answers
    FROM cases.case c """


def _file(row: Mapping[str, Any]) -> CaseFile:
    return msgspec.convert(row, CaseFile)
