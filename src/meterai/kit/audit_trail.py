"""The audit trail: who did what to stock, lines, keys, switches and contacts.

Append-only. An entry is written in the transaction of the act. Its hash covers the entry before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from meterai.kit.acting import Actor, officers_refusals, use_signature
from meterai.kit.database import Connection

ERASED: Final = "(erased)"
"""What is shown for a personal value that was erased."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act. `facts` hold no secret."""

    at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, object]


async def write_audit(
    tx: Connection,
    *,
    actor: str | Actor,
    action: str,
    subject: str,
    facts: Mapping[str, object],
    now: datetime,
    personal: Mapping[str, str] | None = None,
    person: str | None = None,
) -> None:
    """Writes an entry, in the transaction of the act, and uses up the signature that the actor has.

    Write it late in the transaction: other acts wait for its end. `personal`: contacts, names and account
    numbers of the customer `person` (else of `subject`). The entry has a keyed hash of each; the values stand
    beside it and can be erased.

    Raises: see `officers_refusals`; asyncpg.PostgresError when this process may not write such an act.
    """
    by = actor if isinstance(actor, Actor) else Actor(name=actor)
    if by.signature is not None:
        await use_signature(tx, by.signature)
    with officers_refusals():
        await tx.fetchval(
            "SELECT operations.write_audit($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            by.name,
            action,
            subject,
            dict(facts),
            now,
            person,
            dict(personal or {}),
            by.request,
            by.signature.nonce if by.signature else None,
        )


async def is_in_audit(conn: Connection, *, action: str, subject: str) -> bool:
    """Whether somebody did `action` to `subject`. Small and capital letters are the same."""
    found: bool = await conn.fetchval(
        """SELECT EXISTS (SELECT FROM operations.audit_entry
           WHERE action = $1 AND upper(subject) = upper($2))""",
        action,
        subject,
    )
    return found


async def read_audit(conn: Connection, *, kinds: Sequence[str] | None, limit: int = 50) -> list[AuditEntry]:
    """The newest entries, newest first. `kinds`: only actions that begin with one of them and a dot.

    Personal values that are not erased stand in the facts.
    """
    rows = await conn.fetch(
        """SELECT at, actor, action, subject, facts, (
               SELECT jsonb_object_agg(v.name, coalesce(v.value, $3)) FROM operations.audit_value v
               WHERE v.entry_id = e.id AND v.name NOT LIKE 'signed text %'
           ) AS personal FROM operations.audit_entry e
           WHERE split_part(action, '.', 1) = ANY ($1) OR $1 IS NULL ORDER BY id DESC LIMIT $2""",
        kinds,
        limit,
        ERASED,
    )
    return [_entry(dict(row)) for row in rows]


def _entry(row: dict[str, Any]) -> AuditEntry:
    personal = row.pop("personal") or {}
    facts = {name: value for name, value in row["facts"].items() if not name.startswith("signed text ")}
    return AuditEntry(**{**row, "facts": facts | personal})
