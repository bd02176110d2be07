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
from meterai.kernel.errors import Kind, Refusal
from meterai.kernel.ids import new_id, new_token, token_digest
from meterai.kit.database import Database

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
    contact = await check_code(db, secret, code_id, text, now=now)
    token = new_token()
    try:
        customer_id = await _open_session(db, code_id, token, language, now)
    except asyncpg.UniqueViolationError:
        # Another code of the same contact made the customer between our reading and our writing.
        customer_id = await _open_session(db, code_id, token, language, now)
    return Session(token=token, customer_id=customer_id, contact=contact, expires_at=now + SESSION_LIFE)


async def check_code(db: Database, secret: bytes, code_id: uuid.UUID, text: str, *, now: datetime) -> Contact:
    """Counts an attempt and gives the contact that the code was sent to. Raises: what `verify_code` says."""
    async with db.connection() as connection:
        row = await store.count_attempt(connection, code_id)
    if row is None or row.expires_at <= now:
        raise Refusal(Kind.GONE, "code.expired")
    over = row.used_at is not None and now >= row.used_at + codes.REPEAT_LIFE
    if over or row.attempts > codes.ATTEMPTS_MAX:
        raise Refusal(Kind.GONE, "code.used_up")
    typed = codes.code_mac(secret, code_id, codes.read_code(text))
    if not hmac.compare_digest(typed, row.code_mac):
        if row.attempts >= codes.ATTEMPTS_MAX:
            raise Refusal(Kind.GONE, "code.used_up")
        raise Refusal(Kind.FORBIDDEN, "code.wrong", attempts_left=codes.ATTEMPTS_MAX - row.attempts)
    return Contact(kind=row.kind, value=row.value)


async def _open_session(
    db: Database, code_id: uuid.UUID, token: str, language: str, now: datetime
) -> uuid.UUID:
    async with db.connection() as connection:  # one statement is one transaction
        return await store.use_code(
            connection,
            code_id,
            new_customer_id=new_id(now),
            new_contact_id=new_id(now),
            organisation_id=SELLER,
            language="en" if language == "en" else "id",
            token_digest=token_digest(token),
            now=now,
            session_expires_at=now + SESSION_LIFE,
        )
