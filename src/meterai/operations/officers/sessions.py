"""Sessions of officers in the console. The cookie holds a random token; the database its SHA-256."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import msgspec

from meterai.kernel.ids import new_id, new_token, token_digest
from meterai.kit.database import Connection, Database
from meterai.operations.officers.officers_file import ROLES
from meterai.operations.officers.register import is_checked

IDLE: Final = timedelta(minutes=30)
"""A session ends when nothing was asked for this long."""
LONGEST: Final = timedelta(hours=12)
"""A session ends this long after its beginning: a shift."""
UNCHECKED: Final = "pengembang"
"""The officer of an installation in development that has recorded no officers."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that counts. `roles`: those that the officer has now."""

    id: uuid.UUID
    officer: str
    roles: frozenset[str]
    signed_in_by: str
    began_at: datetime
    seen_at: datetime
    factors: frozenset[str]
    """The kinds of factors that the officer has: totp, passkey."""


_OPEN: Final = """
    SELECT s.id, s.officer, s.signed_in_by, s.began_at, s.seen_at, o.roles,
        ARRAY(
            SELECT DISTINCT f.kind FROM operations.officer_factor f
            WHERE f.officer = s.officer AND f.ended_at IS NULL
        ) AS factors
    FROM console.session s LEFT JOIN operations.officer o ON o.name = s.officer
    WHERE s.ended_at IS NULL AND s.seen_at > $1 AND s.began_at > $2"""


async def begin_session(tx: Connection, officer: str, *, signed_in_by: str, now: datetime) -> str:
    """Begins a session of an officer who has proved who they are. Returns the token for the cookie."""
    token = new_token()
    await tx.execute(
        """INSERT INTO console.session (id, token_hash, officer, signed_in_by, began_at, seen_at)
           VALUES ($1, $2, $3, $4, $5, $5)""",
        new_id(now),
        token_digest(token),
        officer,
        signed_in_by,
        now,
    )
    return token


async def find_session(db: Database, token: str, now: datetime, *, is_use: bool = True) -> Session | None:
    """Finds the session of a cookie, and notes that it is used. None: it has ended, or never began.

    `is_use`: False for a stream of news, which keeps no session open."""
    async with db.connection() as conn:
        row = await conn.fetchrow(
            f"{_OPEN} AND s.token_hash = $3", now - IDLE, now - LONGEST, token_digest(token)
        )
        if row is None:
            return None
        checked = await is_checked(conn)
        if is_use and now - row["seen_at"] > timedelta(minutes=1):
            await conn.execute("UPDATE console.session SET seen_at = $2 WHERE id = $1", row["id"], now)
    return _session(dict(row), checked=checked)


async def open_sessions(conn: Connection, officer: str | None, now: datetime) -> list[Session]:
    """Lists the sessions that count, of one officer or of all, the newest first."""
    rows = await conn.fetch(
        f"{_OPEN} AND ($3::text IS NULL OR s.officer = $3) ORDER BY s.began_at DESC",
        now - IDLE,
        now - LONGEST,
        officer,
    )
    checked = await is_checked(conn)
    found = [_session(dict(row), checked=checked) for row in rows]
    return [one for one in found if one is not None]


async def end_session(
    conn: Connection, id: uuid.UUID, *, of: str | None, by: str, now: datetime
) -> str | None:
    """Ends a session. `of`: only if it is this officer's. Returns whose it was; None: there is none."""
    found: str | None = await conn.fetchval(
        """UPDATE console.session SET ended_at = $4, ended_by = $3
           WHERE id = $1 AND ended_at IS NULL AND ($2::text IS NULL OR officer = $2) RETURNING officer""",
        id,
        of,
        by,
        now,
    )
    return found


def _session(row: dict[str, object], *, checked: bool) -> Session | None:
    """A session of somebody who is no officer any more does not count."""
    roles = row.pop("roles")
    if roles is None:
        if checked or row["officer"] != UNCHECKED:
            return None
        roles = sorted(ROLES)
    return msgspec.convert({**row, "roles": roles}, Session)
