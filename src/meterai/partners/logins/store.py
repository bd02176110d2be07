"""Every statement on the logins of the wire and its switch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.logins.model import LOGINS_MAX, KeptLogin, Login, WireAccess
from meterai.partners.members.store import member_refusals

_REFUSALS: Final = {
    "PC004": (Kind.NOT_FOUND, "client.unknown"),
    "PW001": (Kind.CONFLICT, "login.wire_off"),
    "PW003": (Kind.CONFLICT, "login.taken"),
    "PW004": (Kind.NOT_FOUND, "login.unknown"),
}
"""SQLSTATE -> refusal."""


@contextmanager
def login_refusals() -> Iterator[None]:
    """Turns what the functions refuse into a Refusal of `_REFUSALS`, or CONFLICT `login.many`."""
    try:
        with member_refusals():
            yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == "PW002":
            raise Refusal(Kind.CONFLICT, "login.many", most=LOGINS_MAX) from error
        if error.sqlstate in _REFUSALS:
            raise Refusal(*_REFUSALS[error.sqlstate]) from error
        raise


async def find_login(conn: Connection, user: str) -> tuple[Login, bytes] | None:
    """The login of a user name, while its client counts and the wire is on, and its password's digest."""
    row = await conn.fetchrow(
        """SELECT l.id, l.client_id, c.organisation_id, l.user_name AS user, c.name, l.password_digest
           FROM partners.login l JOIN partners.client c ON c.id = l.client_id
           JOIN partners.wire_access w ON w.organisation_id = c.organisation_id
           WHERE lower(l.user_name) = lower($1) AND l.ended_at IS NULL AND c.revoked_at IS NULL
               AND w.off_at IS NULL""",
        user,
    )
    if row is None:
        return None
    facts = dict(row)
    digest: bytes = facts.pop("password_digest")
    return Login(**facts), digest


async def note_use(conn: Connection, login_id: UUID, now: datetime) -> None:
    """Notes that a login got a token: once a minute at most."""
    await conn.execute(
        """UPDATE partners.login SET used_at = $2
           WHERE id = $1 AND (used_at IS NULL OR used_at < $2::timestamptz - interval '1 minute')""",
        login_id,
        now,
    )


async def logins_of(conn: Connection, organisation_id: UUID) -> list[KeptLogin]:
    """The logins of an organisation that have not ended, by client, the oldest first."""
    rows = await conn.fetch(
        """SELECT l.id, l.client_id, l.user_name AS user, l.made_at, l.used_at
           FROM partners.login l JOIN partners.client c ON c.id = l.client_id
           WHERE c.organisation_id = $1 AND l.ended_at IS NULL AND c.revoked_at IS NULL
           ORDER BY l.client_id, l.made_at, l.id""",
        organisation_id,
    )
    return [KeptLogin(**dict(row)) for row in rows]


async def kept_login(conn: Connection, user: str) -> KeptLogin | None:
    """The login of a user name that has not ended, in any case of letters."""
    row = await conn.fetchrow(
        """SELECT l.id, l.client_id, l.user_name AS user, l.made_at, l.used_at
           FROM partners.login l WHERE lower(l.user_name) = lower($1) AND l.ended_at IS NULL""",
        user,
    )
    return None if row is None else KeptLogin(**dict(row))


async def wire_access(conn: Connection, organisation_id: UUID) -> WireAccess | None:
    """Since when an organisation has the wire on. None: it is off."""
    row = await conn.fetchrow(
        "SELECT on_at, on_by FROM partners.wire_access WHERE organisation_id = $1 AND off_at IS NULL",
        organisation_id,
    )
    return None if row is None else WireAccess(**dict(row))


async def switch_wire(tx: Connection, organisation_id: UUID, *, on: bool, now: datetime) -> bool:
    """Switches the wire as an officer. Returns False when it is so already."""
    changed: bool = await tx.fetchval(call("partners.switch_wire", 4), organisation_id, on, "officer", now)
    return changed


async def add_login(
    tx: Connection, client_id: UUID, login_id: UUID, *, user: str, digest: bytes, now: datetime
) -> None:
    """Stores a login as an officer."""
    with login_refusals():
        statement = call("partners.add_login", 6)
        await tx.execute(statement, client_id, login_id, user, digest, LOGINS_MAX, now)


async def end_login(tx: Connection, user: str, *, now: datetime) -> UUID:
    """Ends a login as an officer. Returns its client's id."""
    with login_refusals():
        client_id: UUID = await tx.fetchval(call("partners.end_login", 2), user, now)
    return client_id


async def switch_own_wire(
    tx: Connection, session: str, organisation_id: UUID, *, on: bool, now: datetime
) -> None:
    """Switches the wire by the session of an owner."""
    with login_refusals():
        await tx.execute(call("partners.switch_own_wire", 4), session.encode(), organisation_id, on, now)


async def add_own_login(
    tx: Connection,
    session: str,
    organisation_id: UUID,
    client_id: UUID,
    *,
    login_id: UUID,
    user: str,
    digest: bytes,
    now: datetime,
) -> None:
    """Stores a login by the session of an owner."""
    with login_refusals():
        await tx.execute(
            call("partners.add_own_login", 8),
            session.encode(),
            organisation_id,
            client_id,
            login_id,
            user,
            digest,
            LOGINS_MAX,
            now,
        )


async def end_own_login(
    tx: Connection, session: str, organisation_id: UUID, *, user: str, now: datetime
) -> None:
    """Ends a login by the session of an owner."""
    with login_refusals():
        await tx.execute(call("partners.end_own_login", 4), session.encode(), organisation_id, user, now)
