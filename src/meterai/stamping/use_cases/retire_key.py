"""Retires a key for good. Its stamps stay genuine: its certificate was valid when it signed."""

from __future__ import annotations

from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.stamping.keys.signing_keys import SigningKey, active_key
from meterai.stamping.store import keys
from meterai.stamping.use_cases.activate_key import find_key


async def retire_key(
    db: Database, key_id: str, *, reason: str, actor: str | Actor, now: datetime
) -> SigningKey:
    """Makes the key never sign again; the signer closes it. Repeating it changes nothing.

    Raises: Refusal NOT_FOUND `key.unknown`; CONFLICT `key.still_active`: activate another key first (in an
    emergency, throw the stop switch first).
    """
    async with db.transaction() as tx:
        register = await keys.lock_keys(tx)
        key = find_key(register, key_id)
        if key.retired_at is not None:
            return key
        active = active_key(register, now, key.purpose, signer=key.signer)
        if active is not None and active.key_id == key.key_id:
            raise Refusal(Kind.CONFLICT, "key.still_active", key_id=key.key_id)
        await keys.set_retired(tx, key.key_id, now)
        facts = {"reason": reason}
        await write_audit(tx, actor=actor, action="key.retire", subject=key.key_id, facts=facts, now=now)
    return key
