"""Ends a key of a client of the API, at once or at a time that is announced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.clients import store


def ending_facts(reason: str, at: datetime | None) -> Mapping[str, object]:
    """What an officer signs. `at`: None for now."""
    return {"reason": reason, "ends_at": "now" if at is None else at.isoformat()}


async def end_client_key(
    db: Database, key_id: UUID, *, at: datetime, reason: str, actor: str | Actor, now: datetime
) -> datetime:
    """Sets when a key ends; a time in the past means now. Returns that time.

    From then on nothing that it signs counts, nor do the tokens that it got. A key that has ended stays so.

    Raises: Refusal NOT_FOUND `client.key_unknown`, also for one that has ended; what `write_audit` raises.
    """
    ends_at = max(at, now)
    async with db.transaction() as tx:
        if not await store.end_key(tx, key_id, ends_at, now):
            raise Refusal(Kind.NOT_FOUND, "client.key_unknown")
        await write_audit(
            tx,
            actor=actor,
            action="client.key_end",
            subject=write_id(Prefix.KEY, key_id),
            facts={"reason": reason, "ends_at": ends_at.isoformat()},
            now=now,
        )
    return ends_at
