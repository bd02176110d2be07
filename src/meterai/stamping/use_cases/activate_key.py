"""Activates a registered key, now or at a later time. The key before it signs until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.stamping.keys.signing_keys import SigningKey, active_key, state_of
from meterai.stamping.ports import KeyHolder
from meterai.stamping.store import keys
from meterai.stamping.use_cases.add_key import check_size


async def activate_key(
    db: Database,
    holder: KeyHolder,
    key_id: str,
    *,
    at: datetime | None = None,
    actor: str | Actor,
    now: datetime,
) -> SigningKey:
    """Makes this key sign from `at` (else now) on. The signer follows within a second.

    If the key is active already, it stays so, and keys that were to follow it wait again. An earlier key can
    be activated again unless it is retired.

    Raises:

    - NOT_FOUND `key.unknown`
    - CONFLICT `key.retired`: by the register, or by the signer's mark
    - CONFLICT `key.signs_already`: the active key can't be given a later start
    - INVALID `key.unfit`: not valid at that time, or its seals are too long
    - CONFLICT `key.not_ready`: the signer can't sign with it now
    - UNAVAILABLE `signer.unavailable`
    """
    begin = max(at or now, now)
    reports = await holder.keys()
    trouble = {report.key_id: report.trouble for report in reports}
    marked = {report.key_id for report in reports if report.marked}
    async with db.transaction() as tx:
        register = await keys.lock_keys(tx)
        key = find_key(register, key_id)
        if key.retired_at is not None or key.key_id in marked:
            raise Refusal(Kind.CONFLICT, "key.retired", key_id=key.key_id)
        is_active = active_key(register, now, key.purpose, signer=key.signer) == key
        if is_active and key.valid(now) and begin > now:
            raise Refusal(Kind.CONFLICT, "key.signs_already", key_id=key.key_id)
        if not key.valid(begin):
            raise Refusal(Kind.INVALID, "key.unfit", what="validity")
        if key.purpose == "seal":
            check_size(key.certificates)
        if trouble.get(key.key_id, "the signer has not seen it yet"):
            reason = trouble.get(key.key_id, "the signer has not seen it yet")
            raise Refusal(Kind.CONFLICT, "key.not_ready", key_id=key.key_id, reason=reason)
        if is_active:
            await _call_off(tx, key, register, actor=actor, now=now)
            return key
        others = (other for other in register if other != key)
        before = active_key(others, begin, key.purpose, signer=key.signer)
        await keys.set_active_from(tx, key.key_id, begin)
        facts = {"from": begin.isoformat(), "instead_of": before.key_id if before else None}
        await write_audit(tx, actor=actor, action="key.activate", subject=key.key_id, facts=facts, now=now)
    return key


async def _call_off(
    tx: Connection, key: SigningKey, register: Sequence[SigningKey], *, actor: str | Actor, now: datetime
) -> None:
    """Makes keys wait again that were to replace the active key later."""
    others = [other for other in register if (other.purpose, other.signer) == (key.purpose, key.signer)]
    ahead = [other.key_id for other in others if state_of(other, register, now) == "next"]
    for key_id in ahead:
        await keys.set_active_from(tx, key_id, None)
    if ahead:
        facts = {"from": now.isoformat(), "called_off": ", ".join(ahead)}
        await write_audit(tx, actor=actor, action="key.activate", subject=key.key_id, facts=facts, now=now)


async def full_key_id(db: Database, key_id: str) -> str:
    """Returns the id of the key that begins with `key_id`. Raises: Refusal NOT_FOUND `key.unknown`."""
    async with db.connection() as connection:
        return find_key(await keys.signing_keys(connection), key_id).key_id


def find_key(register: list[SigningKey], key_id: str) -> SigningKey:
    """Finds the key whose id begins with `key_id`.

    Raises: Refusal NOT_FOUND `key.unknown` for none or several.
    """
    found = [key for key in register if len(key_id) >= 4 and key.key_id.startswith(key_id)]
    if len(found) != 1:
        raise Refusal(Kind.NOT_FOUND, "key.unknown", key_id=key_id)
    return found[0]
