"""Checks a code and opens a session for the person whose contact it proves."""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime, timedelta

import asyncpg
import msgspec

from meterai.customers import codes, store
from meterai.customers.contacts import Contact
from meterai.customers.organisations import SELLER
from meterai.kernel.ids import new_id, new_token, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.texts.mechanism.languages import known_language

SESSION_LIFE = timedelta(days=7)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. The token goes into a cookie; only its digest is stored."""

    token: str
    customer_id: uuid.UUID
    contact: Contact
    """The contact that the code proved."""
    expires_at: datetime


async def verify_code(
    db: Database, secret: bytes, code_id: uuid.UUID, text: str, *, language: str, now: datetime
) -> Session:
    """Compares what a person typed with the code sent; makes the customer when the contact is new.

    An attempt is counted and committed before its outcome is told. The right code is taken again for a
    minute: of a double click, it is the second answer that a person sees.

    Raises: Refusal FORBIDDEN `code.wrong` (`attempts_left`); GONE `code.expired`, also for an unknown code;
    GONE `code.used_up` after five attempts or when it was used before.
    """
    token = new_token()
    try:
        row = await _try(db, secret, code_id, text, token=token, language=language, now=now)
    except asyncpg.UniqueViolationError:
        # Another code of the same contact made the customer in the same moment; nothing was counted yet.
        row = await _try(db, secret, code_id, text, token=token, language=language, now=now)
    contact = _proven(row, secret, code_id, text, now)
    assert row is not None
    assert row.of_customer is not None  # the database and `_proven` go by the same rules
    return Session(token=token, customer_id=row.of_customer, contact=contact, expires_at=now + SESSION_LIFE)


async def check_code(db: Database, secret: bytes, code_id: uuid.UUID, text: str, *, now: datetime) -> Contact:
    """Counts an attempt and gives the contact that the code was sent to. Raises: what `verify_code` says."""
    async with db.connection() as connection:
        row = await store.count_attempt(connection, code_id)
    return _proven(row, secret, code_id, text, now)


def _proven(
    row: store.CodeRow | None, secret: bytes, code_id: uuid.UUID, text: str, now: datetime
) -> Contact:
    if row is None or row.expires_at <= now:
        raise Refusal(Kind.GONE, "code.expired")
    over = row.used_at is not None and now >= row.used_at + codes.REPEAT_LIFE
    if over or row.attempts > codes.ATTEMPTS_MAX:
        raise Refusal(Kind.GONE, "code.used_up")
    if not hmac.compare_digest(_typed_mac(secret, code_id, text), row.code_mac):
        if row.attempts >= codes.ATTEMPTS_MAX:
            raise Refusal(Kind.GONE, "code.used_up")
        raise Refusal(Kind.FORBIDDEN, "code.wrong", attempts_left=codes.ATTEMPTS_MAX - row.attempts)
    return Contact(kind=row.kind, value=row.value)


def _typed_mac(secret: bytes, code_id: uuid.UUID, text: str) -> bytes:
    return codes.code_mac(secret, code_id, codes.read_code(text))


async def _try(
    db: Database,
    secret: bytes,
    code_id: uuid.UUID,
    text: str,
    *,
    token: str,
    language: str,
    now: datetime,
) -> store.TriedCode | None:
    async with db.connection() as connection:  # one statement is one transaction
        return await store.try_code(
            connection,
            code_id,
            typed_mac=_typed_mac(secret, code_id, text),
            attempts_max=codes.ATTEMPTS_MAX,
            repeat_life=codes.REPEAT_LIFE,
            new_customer_id=new_id(now),
            new_contact_id=new_id(now),
            organisation_id=SELLER,
            language=known_language(language),
            token_digest=token_digest(token),
            now=now,
            session_expires_at=now + SESSION_LIFE,
        )
