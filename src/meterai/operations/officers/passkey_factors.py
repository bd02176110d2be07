"""Passkeys of officers as the database keeps them: which one has signed, new ones, and those that end."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection
from meterai.operations.officers import passkeys
from meterai.operations.officers.factors import factors_of
from meterai.operations.officers.passkeys import Passkey, Place


class UsedPasskey(msgspec.Struct, frozen=True):
    """A passkey that has signed: its key as signatures name it, and how often it has signed."""

    key: str
    count: int


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How an officer can prove who they are."""

    has_app: bool = True
    passkey_asked: str = ""
    """What the browser is asked to sign, as JSON. Empty: the officer has no passkey."""


async def ways_of(conn: Connection, officer: str, *, place: Place, text: str) -> Ways:
    """Finds how the officer can prove who they are. A passkey signs `text`."""
    found = await factors_of(conn, officer)
    known = [one.credential_id for one in found if one.credential_id is not None]
    return Ways(
        has_app=any(one.secret is not None for one in found),
        passkey_asked=passkeys.ask_to_sign(place, text=text, known=known) if known else "",
    )


async def ask_for_new(conn: Connection, officer: str, *, place: Place, text: str) -> str:
    """Makes what the officer's browser is asked for a new passkey, as JSON."""
    known = [one.credential_id for one in await _passkeys_of(conn, officer)]
    return passkeys.ask_to_make(place, officer, text=text, known=known)


async def find_passkey(
    conn: Connection, officer: str, answer: str, *, place: Place, text: str
) -> UsedPasskey:
    """Finds the passkey of exactly this officer that has signed `text`, as the browser answered.

    Raises: Refusal FORBIDDEN `officer.passkey_wrong`, `officer.passkey_copied`.
    """
    named = passkeys.credential_of(answer)
    for passkey in await _passkeys_of(conn, officer):
        if passkey.credential_id == named:
            count = passkeys.read_signed(place, answer, text=text, passkey=passkey)
            return UsedPasskey(passkey.key, count)
    raise Refusal(Kind.FORBIDDEN, "officer.passkey_wrong")


async def add_passkey(tx: Connection, officer: str, passkey: Passkey, *, name: str, now: datetime) -> None:
    """Adds a passkey. Raises: Refusal FORBIDDEN `officer.may_not`; CONFLICT `officer.passkey_known`."""
    with officers_refusals():
        is_new = await tx.fetchval(
            "SELECT operations.add_passkey($1, $2, $3, $4, $5, $6, $7)",
            officer,
            new_id(now),
            name,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            now,
        )
    if not is_new:
        raise Refusal(Kind.CONFLICT, "officer.passkey_known")


async def end_passkey(tx: Connection, officer: str, id: uuid.UUID, *, now: datetime) -> None:
    """Ends a passkey of the officer.

    Raises: Refusal NOT_FOUND `officer.no_passkey`; CONFLICT `officer.last_factor`: there is no other way.
    """
    with officers_refusals():
        has_ended = await tx.fetchval("SELECT operations.end_passkey($1, $2, $3)", officer, id, now)
    if not has_ended:
        raise Refusal(Kind.NOT_FOUND, "officer.no_passkey")


async def _passkeys_of(conn: Connection, officer: str) -> list[Passkey]:
    return [
        Passkey(
            credential_id=one.credential_id, public_key=one.public_key or b"", sign_count=one.sign_count or 0
        )
        for one in await factors_of(conn, officer)
        if one.credential_id is not None
    ]
