"""Requests that wait for officers' signatures, as the database keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection

ASKED_BY_SERVICE: Final = "refund"
"""The kind of requests that a worker makes and carries out: refunds above the limit."""
_REQUESTS = """
    SELECT r.id AS number, r.kind, r.subject, r.facts, r.person, r.asked_at, r.expires_at, r.released_at,
        a.roles,
        ARRAY(SELECT officer FROM operations.officer_signature s WHERE s.request_id = r.id ORDER BY signed_at)
            AS signed_by,
        ARRAY(SELECT name FROM operations.officer o WHERE o.roles && a.roles ORDER BY name) AS may_sign
    FROM operations.release_request r JOIN operations.act a USING (kind)
    WHERE r.done_at IS NULL AND r.withdrawn_at IS NULL AND r.expires_at > clock_timestamp()"""


class ReleaseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An open request."""

    number: int
    kind: str
    subject: str
    facts: dict[str, object]
    person: str | None = None
    """The customer whose personal values stand in the facts."""
    asked_at: datetime
    expires_at: datetime
    released_at: datetime | None
    """When the last signature came; a process of the service carries it out."""
    roles: list[str]
    signed_by: list[str]
    may_sign: list[str]
    """Officers whose roles allow it, also those who have signed."""

    @property
    def asker(self) -> str | None:
        """The officer who asked, by the first signature. None: the service asked itself."""
        return self.signed_by[0] if self.signed_by and self.kind != ASKED_BY_SERVICE else None


async def open_requests(conn: Connection) -> list[ReleaseRequest]:
    """Lists the open requests, the oldest first."""
    rows = await conn.fetch(f"{_REQUESTS} ORDER BY r.id")
    return [ReleaseRequest(**dict(row)) for row in rows]


async def find_request(conn: Connection, number: int) -> ReleaseRequest:
    """Finds an open request.

    Raises: Refusal GONE `release.carried_out`: the last signature did it, though its officer may not have
    read so; NOT_FOUND `release.not_open`.
    """
    row = await conn.fetchrow(f"{_REQUESTS} AND r.id = $1", number)
    if row is None:
        is_done = await conn.fetchval(
            "SELECT done_at IS NOT NULL FROM operations.release_request WHERE id = $1", number
        )
        if is_done:
            raise Refusal(Kind.GONE, "release.carried_out")
        raise Refusal(Kind.NOT_FOUND, "release.not_open")
    return ReleaseRequest(**dict(row))


async def is_signed(conn: Connection, number: int) -> bool:
    """Whether an officer has signed a request."""
    signed: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM operations.officer_signature WHERE request_id = $1)", number
    )
    return signed


async def asked_for(conn: Connection, kind: str, subject: str) -> ReleaseRequest | None:
    """The open request for an act on this subject that still waits for a signature; None: there is none."""
    row = await conn.fetchrow(
        f"{_REQUESTS} AND r.released_at IS NULL AND r.kind = $1 AND r.subject = $2", kind, subject
    )
    return None if row is None else ReleaseRequest(**dict(row))
