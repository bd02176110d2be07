"""Signs an officer in: first the password, then a code of the authenticator app."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.ids import new_token, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.operations.officers import passwords
from meterai.operations.officers.factors import find_code, use_factor
from meterai.operations.officers.sessions import begin_session
from meterai.operations.officers.tries import be_right, begin_try

HALF_LIVES: Final = timedelta(minutes=5)
"""How long the code may follow the password."""
_NAME: Final = re.compile(r"[a-z0-9._-]{1,32}")
_HASH: Final = """
    SELECT p.hash FROM operations.officer_password p JOIN operations.officer o ON o.name = p.officer
    WHERE o.name = $1 AND o.roles <> '{}'"""


async def check_password(db: Database, name: str, password: str, *, now: datetime) -> str:
    """Returns the token of a sign-in that still needs the code. Refuses unknown names like wrong passwords.

    Raises: Refusal BUSY `officer.tried_too_often`; FORBIDDEN `officer.wrong_password`.
    """
    async with db.transaction() as tx:
        tried = await begin_try(tx, name, now)
        stored = await tx.fetchval(_HASH, name) if _NAME.fullmatch(name) else None
    if not await passwords.is_right(stored, password):
        raise Refusal(Kind.FORBIDDEN, "officer.wrong_password")
    token = new_token()
    async with db.transaction() as tx:
        await be_right(tx, tried)
        await tx.execute("DELETE FROM console.half_sign_in WHERE password_at < $1", now - HALF_LIVES)
        await tx.execute(
            "INSERT INTO console.half_sign_in (token_hash, officer, password_at) VALUES ($1, $2, $3)",
            token_digest(token),
            name,
            now,
        )
    return token


async def sign_in_by_code(db: Database, half: str, code: str, *, now: datetime) -> str:
    """Returns the token of a session. `half`: from `check_password`.

    Raises: Refusal GONE `officer.sign_in_again`; BUSY `officer.tried_too_often`; FORBIDDEN
    `officer.wrong_code`; CONFLICT `officer.signature_used`.
    """
    async with db.transaction() as tx:
        officer = await tx.fetchval(
            """SELECT h.officer FROM console.half_sign_in h JOIN operations.officer o ON o.name = h.officer
               WHERE h.token_hash = $1 AND h.used_at IS NULL AND h.password_at > $2 AND o.roles <> '{}'""",
            token_digest(half),
            now - HALF_LIVES,
        )
        if officer is None:
            raise Refusal(Kind.GONE, "officer.sign_in_again")
        tried = await begin_try(tx, officer, now)
    async with db.transaction() as tx:
        used = await find_code(tx, officer, code, now=now)
        if used is None:
            raise Refusal(Kind.FORBIDDEN, "officer.wrong_code")
        await use_factor(tx, officer, used.key, mark=used.step)
        if not await tx.fetchval(
            """UPDATE console.half_sign_in SET used_at = $2
               WHERE token_hash = $1 AND used_at IS NULL RETURNING true""",
            token_digest(half),
            now,
        ):
            raise Refusal(Kind.GONE, "officer.sign_in_again")
        await be_right(tx, tried)
        return await begin_session(tx, officer, signed_in_by="totp", now=now)
