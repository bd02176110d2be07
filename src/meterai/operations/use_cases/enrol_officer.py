"""Uses an invitation: stores the officer's password and authenticator app, and begins a session."""

from __future__ import annotations

from datetime import datetime

from meterai.kernel.ids import new_id, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.operations.auditing.signed_entries import FACTOR_ADDED
from meterai.operations.officers import factors, passwords, totp
from meterai.operations.officers.sessions import begin_session

_APP = "app"


async def invited_officer(conn: Connection, token: str, now: datetime) -> str:
    """Finds the officer of an invitation. Raises: Refusal GONE `officer.invitation_over`."""
    found: str | None = await conn.fetchval(
        "SELECT operations.invited_officer($1, $2)", token_digest(token), now
    )
    if found is None:
        raise Refusal(Kind.GONE, "officer.invitation_over")
    return found


async def enrol_officer(
    db: Database, token: str, *, password: str, secret: bytes, code: str, now: datetime
) -> str:
    """Ends what the officer had, stores the new password and app, and returns the token of a session.

    Raises: Refusal GONE `officer.invitation_over`; INVALID `officer.password_weak`; FORBIDDEN
    `officer.wrong_code`.
    """
    async with db.connection() as connection:
        officer = await invited_officer(connection, token, now)
    passwords.refuse_weak(password, officer)
    step = totp.step_of(secret, code, now)
    if step is None:
        raise Refusal(Kind.FORBIDDEN, "officer.wrong_code")
    stored, factor = await passwords.hash_of(password), new_id(now)
    async with db.transaction() as tx:
        enrolled = await tx.fetchval(
            "SELECT operations.enrol_officer($1, $2, $3, $4, $5, $6, $7)",
            token_digest(token),
            stored,
            factor,
            _APP,
            secret,
            step,
            now,
        )
        if enrolled is None:
            raise Refusal(Kind.GONE, "officer.invitation_over")
        await write_audit(tx, actor=officer, action="officer.enrol", subject=officer, facts={}, now=now)
        key = {"key": factors.key_of(factor)}
        await write_audit(tx, actor=officer, action=FACTOR_ADDED, subject=officer, facts=key, now=now)
        return await begin_session(tx, officer, signed_in_by="totp", now=now)
