"""An officer adds a passkey of their own, or ends one."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.operations.officers import passkeys
from meterai.operations.officers.factors import find_code, use_factor
from meterai.operations.officers.passkey_factors import add_passkey, end_passkey
from meterai.operations.officers.passkeys import Place
from meterai.operations.officers.tries import be_right, begin_try


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer's browser made."""

    name: str
    answer: str
    text: str
    """Whose SHA-256 was the challenge."""
    code: str
    """Of the authenticator app: an open browser alone is not enough."""


async def add_own_passkey(
    db: Database, officer: str, new: NewPasskey, *, place: Place, now: datetime
) -> None:
    """Adds a passkey. Its public key stands in the audit trail, so that approvals can be checked against it.

    Raises: Refusal INVALID `officer.passkey_not_made`; FORBIDDEN `officer.wrong_code`; CONFLICT
    `officer.passkey_known`, `officer.signature_used`; LIMITED `officer.tried_too_often`.
    """
    passkey = passkeys.read_made(place, new.answer, text=new.text)
    async with db.transaction() as tx:
        tried = await begin_try(tx, officer, now)
    async with db.transaction() as tx:
        used = await find_code(tx, officer, new.code, now=now)
        await use_factor(tx, officer, used.key, mark=used.step)
        await add_passkey(tx, officer, passkey, name=new.name, now=now)
        await be_right(tx, tried)
        await write_audit(
            tx,
            actor=officer,
            action="officer.factor_add",
            subject=officer,
            facts={
                "key": passkey.key,
                "public_key": passkeys.shown(passkey.public_key),
                "name": new.name,
                "by": used.key,
            },
            now=now,
        )


async def end_own_passkey(db: Database, officer: str, id: uuid.UUID, *, now: datetime) -> None:
    """Ends a passkey. What it has approved can still be checked.

    Raises: Refusal NOT_FOUND `officer.no_passkey`; CONFLICT `officer.last_factor`.
    """
    async with db.transaction() as tx:
        await end_passkey(tx, officer, id, now=now)
        await write_audit(
            tx,
            actor=officer,
            action="officer.factor_end",
            subject=officer,
            facts={"factor": str(id)},
            now=now,
        )
