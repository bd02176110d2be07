"""Signs an officer in: first the password, then a code of the authenticator app or a passkey."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.ids import new_token, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.operations.officers import passwords
from meterai.operations.officers.factors import find_code, use_factor
from meterai.operations.officers.passkey_factors import Ways, find_passkey, ways_of
from meterai.operations.officers.passkeys import Place
from meterai.operations.officers.sessions import begin_session
from meterai.operations.officers.tries import be_right, begin_try

HALF_LIVES: Final = timedelta(minutes=5)
"""How long the code may follow the password."""
type _Find = Callable[[Connection, str], Awaitable[tuple[str, int]]]
"""Finds the factor of an officer that was used: its key, and its mark. Raises: a Refusal without one."""
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


async def ways_on(db: Database, half: str, *, place: Place, now: datetime) -> Ways:
    """Finds how this sign-in can go on. When it is too late, as if the officer had an app alone."""
    async with db.connection() as connection:
        officer = await _half_of(connection, half, now)
        if officer is None:
            return Ways()
        return await ways_of(connection, officer, place=place, text=_text_of(half))


async def sign_in_by_code(db: Database, half: str, code: str, *, now: datetime) -> str:
    """Returns the token of a session. `half`: from `check_password`.

    Raises: Refusal GONE `officer.sign_in_again`; BUSY `officer.tried_too_often`; FORBIDDEN
    `officer.wrong_code`; CONFLICT `officer.signature_used`.
    """

    async def find(tx: Connection, officer: str) -> tuple[str, int]:
        used = await find_code(tx, officer, code, now=now)
        return used.key, used.step

    return await _sign_in(db, half, find, by="totp", now=now)


async def sign_in_by_passkey(db: Database, half: str, answer: str, *, place: Place, now: datetime) -> str:
    """Returns the token of a session. `half`: from `check_password`; `answer`: the browser's.

    Raises: Refusal GONE `officer.sign_in_again`; BUSY `officer.tried_too_often`; FORBIDDEN
    `officer.passkey_wrong`, `officer.passkey_copied`.
    """

    async def find(tx: Connection, officer: str) -> tuple[str, int]:
        used = await find_passkey(tx, officer, answer, place=place, text=_text_of(half))
        return used.key, used.count

    return await _sign_in(db, half, find, by="passkey", now=now)


async def _sign_in(db: Database, half: str, find: _Find, *, by: str, now: datetime) -> str:
    async with db.transaction() as tx:
        officer = await _half_of(tx, half, now)
        if officer is None:
            raise Refusal(Kind.GONE, "officer.sign_in_again")
        tried = await begin_try(tx, officer, now)
    async with db.transaction() as tx:
        key, mark = await find(tx, officer)
        await use_factor(tx, officer, key, mark=mark)
        if not await tx.fetchval(
            """UPDATE console.half_sign_in SET used_at = $2
               WHERE token_hash = $1 AND used_at IS NULL RETURNING true""",
            token_digest(half),
            now,
        ):
            raise Refusal(Kind.GONE, "officer.sign_in_again")
        await be_right(tx, tried)
        return await begin_session(tx, officer, signed_in_by=by, now=now)


async def _half_of(conn: Connection, half: str, now: datetime) -> str | None:
    """The officer whose password was right a short while ago."""
    officer: str | None = await conn.fetchval(
        """SELECT h.officer FROM console.half_sign_in h JOIN operations.officer o ON o.name = h.officer
           WHERE h.token_hash = $1 AND h.used_at IS NULL AND h.password_at > $2 AND o.roles <> '{}'""",
        token_digest(half),
        now - HALF_LIVES,
    )
    return officer


def _text_of(half: str) -> str:
    """What a passkey answers to: each sign-in has its own. The token itself stays in its cookie."""
    return f"Meterai: I sign in.\nsign-in: {token_digest(half).hex()}\n"
