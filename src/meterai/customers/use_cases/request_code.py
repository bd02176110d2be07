"""Sends a person a code that proves that a contact is theirs."""

from __future__ import annotations

import math
import uuid
from datetime import datetime

import msgspec

from meterai.customers import codes, store
from meterai.customers.contacts import Contact
from meterai.customers.store import Asked
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.messages import Message
from meterai.texts.customer_messages import CODE, CODE_FOR_ORDER
from meterai.texts.mechanism.translation import translate


class CodeSent(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way, or was sent before. The form carries `code_id`, which is useless without it."""

    code_id: uuid.UUID
    expires_at: datetime
    tries_from: datetime
    """No try counts before."""
    asked_as: codes.Asker = codes.Asker.STRANGER
    sent_before: datetime | None = None
    """When the message with this code was sent, if an earlier request brought it."""
    next_at: datetime | None = None
    """When the contact gets the next message, if this request brought none."""


async def request_code(
    db: Database,
    secret: bytes,
    contact: Contact,
    *,
    purpose: codes.Purpose = codes.Purpose.SIGN_IN,
    subject: uuid.UUID | None = None,
    asker: codes.Asker = codes.Asker.STRANGER,
    mark: str = "",
    address: str,
    brought: codes.WorkBrought = codes.WorkBrought(),
    budgets: codes.Budgets = codes.Budgets(),
    language: str,
    now: datetime,
) -> CodeSent:
    """Makes a code for `contact` and its message in the outbox, in one transaction. It has six digits, ten
    where somebody may be guessing. While a code is open, a later request may get that one (`codes.py`).

    `purpose`, `subject`: what the code is for (`codes.Purpose`).

    `asker`, `address`: who asks, and from where. `mark`: the cookie of a browser that may be known. One that
    has proved a contact of the same customer, and has made few failures, counts as `Asker.KNOWN`.

    Raises: Refusal INVALID `work.needed` (`difficulty`); BUSY `code.too_many` for a known browser that asked
    for five, `code.behind` for a stranger while many codes of strangers wait to be sent (both with
    `retry_after_s`), `code.foreign_spent`.
    """
    code_id = new_id(now)
    async with db.connection(hands_on=True) as connection:  # one statement is one transaction
        asked = await store.ask_for_code(
            connection,
            code_id,
            contact,
            asker=asker,
            mark=mark,
            purpose=purpose,
            subject=subject,
            address_mac=codes.address_mac(secret, address),
            brought=brought,
            budgets=budgets,
            now=now,
            message=msgspec.structs.asdict(_message(contact, purpose, language)),
        )
    _refuse(asked, now)
    assert asked.until is not None
    assert asked.tries_from is not None
    is_shared = asked.outcome == "shared"
    return CodeSent(
        code_id=code_id,
        expires_at=asked.until,
        tries_from=asked.tries_from,
        asked_as=asked.asked_as,
        sent_before=asked.sent_at if is_shared else None,
        next_at=asked.next_at if is_shared else None,
    )


def _refuse(asked: Asked, now: datetime) -> None:
    if asked.outcome == "work":
        raise Refusal(Kind.INVALID, "work.needed", difficulty=asked.difficulty)
    if asked.outcome == "many":
        wait_s = 0 if asked.free_at is None else math.ceil((asked.free_at - now).total_seconds())
        raise Refusal(Kind.BUSY, "code.too_many", retry_after_s=max(1, wait_s))
    if asked.outcome == "behind":
        raise Refusal(Kind.BUSY, "code.behind", retry_after_s=int(codes.BEHIND_AFTER.total_seconds()))
    if asked.outcome == "budget":
        raise Refusal(Kind.BUSY, "code.foreign_spent")


def _message(contact: Contact, purpose: codes.Purpose, language: str) -> Message:
    """The message, with `{code}` where the database writes the code."""
    words = CODE_FOR_ORDER if purpose is codes.Purpose.ORDER_ACT else CODE
    return Message(
        to_kind=contact.kind,
        to=contact.value,
        subject=translate(words.subject, language),
        text=translate(words.text, language),
        language=language,
    )
