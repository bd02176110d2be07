"""Reads for officers' commands and status pages."""

from __future__ import annotations

from datetime import datetime

from meterai.cases import store
from meterai.cases.model import CaseFile
from meterai.kit.database import Connection, Database

LISTED_MAX = 200


async def cases(db: Database, *, with_closed: bool = False) -> list[CaseFile]:
    """The oldest cases, those that are not closed, or all."""
    async with db.connection() as connection:
        return await store.list_cases(connection, with_closed=with_closed, limit=LISTED_MAX)


async def case(db: Database, number: str) -> CaseFile:
    """The case of a number. Raises: Refusal NOT_FOUND `case.unknown`."""
    async with db.connection() as connection:
        return await store.case_file(connection, number)


async def oldest_open_case(conn: Connection) -> datetime | None:
    """Since when the oldest case waits for an answer; None: none does."""
    return await store.oldest_open(conn)
