"""Ends a client of the API for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.clients import store


async def revoke_client(
    db: Database, client_id: UUID, *, reason: str, actor: str | Actor, now: datetime
) -> None:
    """Ends a client. Every process refuses its tokens within five seconds.

    Raises: Refusal NOT_FOUND `client.unknown`, also for one that has ended; what `write_audit` raises.
    """
    async with db.transaction() as tx:
        if not await store.revoke_client(tx, client_id, now):
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        await write_audit(
            tx,
            actor=actor,
            action="client.revoke",
            subject=write_id(Prefix.CLIENT, client_id),
            facts={"reason": reason},
            now=now,
        )
