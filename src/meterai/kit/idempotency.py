"""Requests that carry a key: each is done once, and its answer is kept for those that come again.

A request keeps its id over all tries. What it makes is stored under that id, so a try after a crash finds
what the one before has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database

KEPT = timedelta(days=7)
RUNNING_MAX = timedelta(minutes=2)
"""A try that has not ended by then has died, and the next one may begin."""
ANSWER_BYTES_MAX = 256 << 10


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """A try that may begin now."""

    request_id: UUID
    is_repeat: bool
    """An earlier try began and gave no answer that is kept. It may have done its work."""


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request that was done before."""

    status: int
    headers: dict[str, str]
    body: bytes


async def begin(
    db: Database,
    owner: UUID,
    key: str,
    *,
    digest: bytes,
    request_id: UUID,
    now: datetime,
    until: datetime,
) -> Try | KeptAnswer:
    """Begins a try of the request that `owner` named `key`, or returns its answer.

    `digest`: of everything that the request says. `request_id`: for a request that is new. `until`: when the
    try has died if it has not ended, `RUNNING_MAX` after `now`. The commit does not wait for the disk: what
    the request makes is committed after it.

    Raises: api.key_reused (422) for a key that named another request; api.key_running (409).
    """
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = off")
        row = await tx.fetchrow(
            """
            INSERT INTO jobs.keyed_request AS k (owner, key, request_id, digest, begun_at, running_until)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (owner, key) DO UPDATE SET running_until = EXCLUDED.running_until
            WHERE k.status IS NULL AND k.running_until <= $5 AND k.digest = EXCLUDED.digest
            RETURNING request_id
            """,
            owner,
            key,
            request_id,
            digest,
            now,
            until,
        )
        if row is not None:
            return Try(request_id=row["request_id"], is_repeat=row["request_id"] != request_id)
        return await _answer(tx, owner, key, digest)


async def _answer(tx: Connection, owner: UUID, key: str, digest: bytes) -> KeptAnswer:
    row = await tx.fetchrow(
        "SELECT digest, status, headers, body FROM jobs.keyed_request WHERE owner = $1 AND key = $2",
        owner,
        key,
    )
    if row is None:  # deleted since: the next request with this key is new
        raise Refusal(Kind.CONFLICT, "api.key_running")
    if row["digest"] != digest:
        raise Refusal(Kind.INVALID, "api.key_reused")
    if row["status"] is None:
        raise Refusal(Kind.CONFLICT, "api.key_running")
    return KeptAnswer(status=row["status"], headers=row["headers"], body=row["body"])


async def keep_answer(db: Database, owner: UUID, key: str, answer: KeptAnswer) -> None:
    """Keeps the answer. If it is lost, the next try finds what this one has made."""
    await _end(db, owner, key, status=answer.status, headers=answer.headers, body=answer.body)


async def allow_another(db: Database, owner: UUID, key: str, *, until: datetime, now: datetime) -> None:
    """Lets the same request be tried again at once: this try was refused or failed, or it never began.

    `until`: that of the try. One that began since is left alone.
    """
    async with db.connection() as connection:
        await connection.execute(
            "UPDATE jobs.keyed_request SET running_until = $4"
            " WHERE owner = $1 AND key = $2 AND status IS NULL AND running_until = $3",
            owner,
            key,
            until,
            now,
        )


async def _end(
    db: Database, owner: UUID, key: str, *, status: int, headers: Mapping[str, Any], body: bytes
) -> None:
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = off")
        await tx.execute(
            "UPDATE jobs.keyed_request SET status = $3, headers = $4, body = $5"
            " WHERE owner = $1 AND key = $2 AND status IS NULL",
            owner,
            key,
            status,
            dict(headers),
            body,
        )


async def forget_answers(db: Database, now: datetime, *, limit: int = 1000) -> int:
    """Deletes keys that are older than seven days. Returns how many."""
    async with db.connection() as connection:
        done = await connection.execute(
            """
            DELETE FROM jobs.keyed_request k USING (
                SELECT owner, key FROM jobs.keyed_request WHERE begun_at < $1 ORDER BY begun_at LIMIT $2
            ) old WHERE k.owner = old.owner AND k.key = old.key
            """,
            now - KEPT,
            limit,
        )
    return int(done.rpartition(" ")[2])
