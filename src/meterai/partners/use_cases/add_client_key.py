"""Gives a client of the API a further key, so that the one before can end without a gap."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.clock import business_date
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.clients.model import KEYS_MAX
from meterai.partners.clients.public_keys import PublicKey
from meterai.partners.use_cases.register_client import key_of


async def add_client_key(
    db: Database, client_id: UUID, key: PublicKey, *, actor: str | Actor, now: datetime
) -> UUID:
    """Adds a key, which counts at once beside the others. Returns its id.

    Raises: Refusal NOT_FOUND `client.unknown`, also for one that was revoked; CONFLICT `client.keys_many`,
    `client.key_known`; what `write_audit` raises.
    """
    key_id = new_id(now)
    async with db.transaction() as tx:
        await store.lock_client(tx, client_id)
        client = await store.find_client(tx, client_id, business_date(now))
        if client is None or client.revoked_at is not None:
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        if sum(one.counts(now) for one in client.keys) >= KEYS_MAX:
            raise Refusal(Kind.CONFLICT, "client.keys_many", most=KEYS_MAX)
        if not await store.add_key(tx, client_id, key_of(key, key_id, now)):
            raise Refusal(Kind.CONFLICT, "client.key_known")
        await write_audit(
            tx,
            actor=actor,
            action="client.key_add",
            subject=write_id(Prefix.CLIENT, client_id),
            facts={"key": key.thumbprint()},
            now=now,
        )
    return key_id
