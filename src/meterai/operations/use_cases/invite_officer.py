"""Invites an officer to choose a password and an app or a passkey."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from meterai.kernel.ids import new_token, token_digest
from meterai.kernel.refusals import Kind, Refusal

LIVES: Final = timedelta(hours=24)


async def invite_officer(owner: asyncpg.Connection[Any], officer: str, *, actor: str, now: datetime) -> str:
    """Returns the token of the link. An older invitation counts no more. `owner`: the owner's role alone can.

    Raises: Refusal NOT_FOUND `officer.unknown`: no such officer is recorded, or they have no role.
    """
    token = new_token()
    async with owner.transaction():
        if not await owner.fetchval(
            "SELECT EXISTS (SELECT FROM operations.officer WHERE name = $1 AND roles <> '{}')", officer
        ):
            raise Refusal(Kind.NOT_FOUND, "officer.unknown")
        await owner.execute(
            """UPDATE operations.officer_invitation SET withdrawn_at = $2
               WHERE officer = $1 AND used_at IS NULL AND withdrawn_at IS NULL""",
            officer,
            now,
        )
        await owner.execute(
            """INSERT INTO operations.officer_invitation (token_hash, officer, made_at, expires_at)
               VALUES ($1, $2, $3, $4)""",
            token_digest(token),
            officer,
            now,
            now + LIVES,
        )
        await owner.execute(
            "SELECT operations.write_audit($1, 'officer.invite', $2, '{}', $3)", actor, officer, now
        )
    return token
