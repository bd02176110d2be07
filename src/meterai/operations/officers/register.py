"""The officers that the database knows, and its installation. Only the owner's role records officers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.operations.officers.officers_file import OfficersFile


class RecordedOfficer(msgspec.Struct, frozen=True, kw_only=True):
    """An officer as recorded."""

    name: str
    roles: list[str]
    keys: list[str]
    former_keys: list[str]


async def is_checked(conn: Connection) -> bool:
    """Whether acts need signatures here: everywhere but in development without officers."""
    checked: bool = await conn.fetchval("SELECT operations.is_checked()")
    return checked


async def installation_id(conn: Connection) -> uuid.UUID:
    """Returns the id that stands in every signed text."""
    found: uuid.UUID = await conn.fetchval("SELECT id FROM operations.installation")
    return found


async def recorded_officers(conn: Connection) -> list[RecordedOfficer]:
    """Lists the officers by name."""
    rows = await conn.fetch("SELECT name, roles, keys, former_keys FROM operations.officer ORDER BY name")
    return [RecordedOfficer(**dict(row)) for row in rows]


async def refuse_above_limit(conn: Connection, pieces: int) -> None:
    """Refuses an issue before anybody signs it. Raises: Refusal INVALID `stock.above_limit`."""
    most = await conn.fetchval("SELECT pieces_per_issue_max FROM operations.installation")
    if await is_checked(conn) and pieces > most:
        raise Refusal(Kind.INVALID, "stock.above_limit")


async def replace_officers(owner: asyncpg.Connection[Any], found: OfficersFile | None, now: datetime) -> bool:
    """Records the file in a transaction of the owner's; None: there is none. Returns whether it changed."""
    file = found or OfficersFile(officers={})
    await owner.execute("SELECT pg_advisory_xact_lock(7240815004)")
    before = await _recorded(owner)
    await owner.execute("DELETE FROM operations.officer")
    await owner.executemany(
        "INSERT INTO operations.officer VALUES ($1, $2, $3, $4, $5)",
        [(name, one.roles, one.keys, one.former_keys, now) for name, one in file.officers.items()],
    )
    await owner.execute(
        "UPDATE operations.installation SET pieces_per_issue_max = $1", file.pieces_per_issue_max
    )
    return await _recorded(owner) != before


async def _recorded(owner: asyncpg.Connection[Any]) -> list[tuple[Any, ...]]:
    rows = await owner.fetch(
        """SELECT name, roles, keys, former_keys, pieces_per_issue_max
           FROM operations.installation LEFT JOIN operations.officer ON true ORDER BY name"""
    )
    return [tuple(row) for row in rows]
