"""Uses an invitation: stores the officer's password and app or passkey, and begins a session."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from meterai.kernel.ids import new_id, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database, call
from meterai.operations.auditing.signed_entries import FACTOR_ADDED
from meterai.operations.officers import factors, passkeys, passwords, totp
from meterai.operations.officers.passkeys import Place
from meterai.operations.officers.sessions import begin_session

_APP: Final = "app"
_PASSKEY: Final = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewFactor:
    """The factor that the officer has chosen and shown. Its name is its kind."""

    id: uuid.UUID
    kind: str
    """totp or passkey."""
    enrols: str
    """The function of the database that enrols with it."""
    values: tuple[object, ...]
    """What that function takes of it."""
    facts: Mapping[str, str]
    """What the audit trail says of it."""


async def invited_officer(conn: Connection, token: str, now: datetime) -> str:
    """Finds the officer of an invitation. Raises: Refusal GONE `officer.invitation_over`."""
    found: str | None = await conn.fetchval(
        "SELECT operations.invited_officer($1, $2)", token_digest(token), now
    )
    if found is None:
        raise Refusal(Kind.GONE, "officer.invitation_over")
    return found


def ask_invited(officer: str, token: str, *, place: Place) -> str:
    """Makes what the browser of an invited officer is asked for a passkey, as JSON."""
    return passkeys.ask_to_make(place, officer, text=_text(officer, token))


async def enrol_by_code(
    db: Database, token: str, *, password: str, secret: bytes, code: str, now: datetime
) -> str:
    """Ends what the officer had, stores the new password and app, and returns the token of a session.

    Raises: Refusal GONE `officer.invitation_over`; INVALID `officer.password_weak`; FORBIDDEN
    `officer.wrong_code`.
    """
    officer = await _welcome(db, token, password, now=now)
    step = totp.step_of(secret, code, now)
    if step is None:
        raise Refusal(Kind.FORBIDDEN, "officer.wrong_code")
    id = new_id(now)
    app = _NewFactor(
        id=id,
        kind="totp",
        enrols="operations.enrol_officer",
        values=(_APP, secret, step),
        facts={"key": factors.key_of(id)},
    )
    return await _enrol(db, token, officer, password=password, factor=app, now=now)


async def enrol_by_passkey(
    db: Database, token: str, *, password: str, answer: str, place: Place, now: datetime
) -> str:
    """Ends what the officer had, stores the new password and passkey, and returns the token of a session.

    `answer`: the browser's to `ask_invited`.

    Raises: Refusal GONE `officer.invitation_over`; INVALID `officer.password_weak`,
    `officer.passkey_not_made`; CONFLICT `officer.passkey_known`.
    """
    officer = await _welcome(db, token, password, now=now)
    made = passkeys.read_made(place, answer, text=_text(officer, token))
    passkey = _NewFactor(
        id=new_id(now),
        kind="passkey",
        enrols="operations.enrol_by_passkey",
        values=(_PASSKEY, made.credential_id, made.public_key, made.sign_count),
        facts={"key": made.key, "public_key": passkeys.shown(made.public_key), "name": _PASSKEY},
    )
    return await _enrol(db, token, officer, password=password, factor=passkey, now=now)


async def _welcome(db: Database, token: str, password: str, *, now: datetime) -> str:
    async with db.connection() as connection:
        officer = await invited_officer(connection, token, now)
    passwords.refuse_weak(password, officer)
    return officer


async def _enrol(
    db: Database, token: str, officer: str, *, password: str, factor: _NewFactor, now: datetime
) -> str:
    stored = await passwords.hash_of(password)
    given = (token_digest(token), stored, factor.id, *factor.values, now)
    async with db.transaction() as tx:
        try:
            enrolled = await tx.fetchval(call(factor.enrols, len(given)), *given)
        except asyncpg.UniqueViolationError:
            raise Refusal(Kind.CONFLICT, "officer.passkey_known") from None
        if enrolled is None:
            raise Refusal(Kind.GONE, "officer.invitation_over")
        await write_audit(tx, actor=officer, action="officer.enrol", subject=officer, facts={}, now=now)
        await write_audit(
            tx, actor=officer, action=FACTOR_ADDED, subject=officer, facts=factor.facts, now=now
        )
        return await begin_session(tx, officer, signed_in_by=factor.kind, now=now)


def _text(officer: str, token: str) -> str:
    """What a new passkey answers to. It counts for this invitation alone."""
    return f"Meterai: I make a passkey.\nofficer: {officer}\ninvitation: {token_digest(token).hex()}\n"
