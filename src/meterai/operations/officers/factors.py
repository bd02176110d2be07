"""Second factors of officers as the database keeps them: TOTP secrets and passkeys."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection
from meterai.operations.officers import totp


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor that counts."""

    id: uuid.UUID
    kind: str
    """totp or passkey."""
    name: str
    secret: bytes | None
    credential_id: bytes | None
    public_key: bytes | None
    sign_count: int | None
    added_at: datetime


class UsedCode(msgspec.Struct, frozen=True):
    """A right code: the key of its factor as signatures name it, and its time step."""

    key: str
    step: int


async def factors_of(conn: Connection, officer: str) -> list[Factor]:
    """Lists the officer's factors that count, the oldest first."""
    rows = await conn.fetch(
        """SELECT id, kind, name, secret, credential_id, public_key, sign_count, added_at
           FROM operations.officer_factor WHERE officer = $1 AND ended_at IS NULL ORDER BY added_at, id""",
        officer,
    )
    return [Factor(**dict(row)) for row in rows]


async def find_code(conn: Connection, officer: str, typed: str, *, now: datetime) -> UsedCode:
    """Finds the officer's factor that shows the code that was typed.

    Raises: Refusal FORBIDDEN `officer.wrong_code`: no factor shows it now.
    """
    for factor in await factors_of(conn, officer):
        if factor.secret and (step := totp.step_of(factor.secret, typed, now)) is not None:
            return UsedCode(key_of(factor.id), step)
    raise Refusal(Kind.FORBIDDEN, "officer.wrong_code")


async def use_factor(tx: Connection, officer: str, key: str, *, mark: int) -> None:
    """Uses a factor up for a sign-in. `mark`: the time step, or how often the passkey has signed.

    Raises: Refusal FORBIDDEN `officer.may_not`; CONFLICT `officer.signature_used`: it was used before.
    """
    with officers_refusals():
        await tx.execute("SELECT operations.use_factor($1, $2, $3)", officer, key, mark)


def key_of(totp_id: uuid.UUID) -> str:
    """Names a TOTP factor in a signature."""
    return f"totp {totp_id}"
