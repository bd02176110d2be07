"""Checks a code and opens a session for the person whose contact it proves."""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg
import msgspec

from meterai.customers import codes, store
from meterai.customers.browsers import Browser
from meterai.customers.contacts import Contact
from meterai.customers.organisations import SELLER
from meterai.customers.tries import refuse_unproven
from meterai.kernel.ids import new_id, new_token, token_digest
from meterai.kit.database import Database
from meterai.texts.mechanism.languages import known_language


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. The token goes into a cookie; only digests are stored."""

    token: str
    mark: str
    """Of the browser; outlives the session, and goes into a cookie of its own."""
    customer_id: uuid.UUID
    contact: Contact
    """The contact that the code proved."""
    expires_at: datetime


class _New(msgspec.Struct, frozen=True, kw_only=True):
    """What the right code may bring into being."""

    customer: uuid.UUID
    contact: uuid.UUID
    token: str
    mark: str


async def verify_code(
    db: Database,
    code_id: uuid.UUID,
    text: str,
    *,
    browser: Browser = Browser(),
    language: str,
    now: datetime,
) -> Session:
    """Tries what a person typed with the code sent; makes the customer when the contact is new.

    A try is counted and committed before its outcome is told. The right code is taken again for a minute: of
    a double click, it is the second answer that a person sees. The old session of `browser` ends.

    Raises: Refusal FORBIDDEN `code.wrong` (`attempts_left`), `code.wrong_wait` (also `retry_after_s`); BUSY
    `code.early` (`retry_after_s`) before that time; GONE `code.expired`, also for an unknown code or one for
    another purpose; GONE `code.used_up` after five tries or when it was used before.
    """
    token, mark = new_token(), new_token()
    new = _New(customer=new_id(now), contact=new_id(now), token=token, mark=mark)
    try:
        tried = await _try(db, code_id, text, new, browser=browser, language=language, now=now)
    except asyncpg.UniqueViolationError:
        # Another code of the same contact made the customer in the same moment; nothing was counted yet.
        tried = await _try(db, code_id, text, new, browser=browser, language=language, now=now)
    refuse_unproven(tried, now)
    assert tried.of_customer is not None, "it was right"
    assert tried.session_until is not None
    return Session(
        token=token,
        mark=mark,
        customer_id=tried.of_customer,
        contact=tried.contact,
        expires_at=tried.session_until,
    )


async def _try(
    db: Database,
    code_id: uuid.UUID,
    text: str,
    new: _New,
    *,
    browser: Browser,
    language: str,
    now: datetime,
) -> store.SignedIn:
    async with db.connection() as connection:  # one statement is one transaction
        return await store.try_code(
            connection,
            code_id,
            typed=codes.read_code(text),
            new_customer_id=new.customer,
            new_contact_id=new.contact,
            organisation_id=SELLER,
            language=known_language(language),
            browser=browser,
            token_digest=token_digest(new.token),
            mark_digest=token_digest(new.mark),
            now=now,
        )
