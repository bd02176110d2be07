"""Approves an act in the console: with a code of the officer's authenticator app, or with a passkey."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.acting import Signature
from meterai.kit.database import Database
from meterai.operations.officers.act_text import Act, Fresh
from meterai.operations.officers.factors import find_code
from meterai.operations.officers.passkey_factors import find_passkey
from meterai.operations.officers.passkeys import Place
from meterai.operations.officers.tries import be_right, begin_try
from meterai.operations.use_cases.verify_signature import check_text


async def approve_by_code(
    db: Database, officer: str, act: Act, *, text: str, code: str, now: datetime
) -> Signature:
    """Returns the approval, to be used up by the act like an SSH signature.

    Whether the officer's role allows the act, and whether the code was used before, the database checks when
    the approval is used. Wrong codes count as failed tries of this officer.

    Raises: what `check_text` raises; Refusal BUSY `officer.tried_too_often`; FORBIDDEN `officer.wrong_code`.
    """
    async with db.connection() as connection:
        fresh = await check_text(connection, act, text, now=now)
    async with db.transaction() as tx:
        tried = await begin_try(tx, officer, now)
    async with db.transaction() as tx:
        used = await find_code(tx, officer, code, now=now)
        await be_right(tx, tried)
    return _approval(officer, act, text, fresh=fresh, key=used.key, signature=str(used.step), mark=used.step)


async def approve_by_passkey(
    db: Database, officer: str, act: Act, *, text: str, answer: str, place: Place, now: datetime
) -> Signature:
    """Returns the approval, to be used up by the act like an SSH signature. Anybody can check it afterwards.

    `answer`: what the browser got from the passkey.

    Raises: what `check_text` and `find_passkey` raise.
    """
    async with db.connection() as connection:
        fresh = await check_text(connection, act, text, now=now)
        used = await find_passkey(connection, officer, answer, place=place, text=text)
    return _approval(officer, act, text, fresh=fresh, key=used.key, signature=answer, mark=used.count)


def _approval(
    officer: str, act: Act, text: str, *, fresh: Fresh, key: str, signature: str, mark: int
) -> Signature:
    return Signature(
        officer=officer,
        key=key,
        kind=act.kind,
        subject=act.subject,
        nonce=fresh.nonce,
        text=text,
        signature=signature,
        valid_until=fresh.valid_until,
        mark=mark,
    )
