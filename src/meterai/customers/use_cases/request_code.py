"""Sends a person a code that proves that a contact is theirs."""

from __future__ import annotations

import math
import uuid
from datetime import datetime

import msgspec

from meterai.customers import codes, store
from meterai.customers.contacts import Contact
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.messages import Message
from meterai.texts.customer_messages import CODE, CODE_FOR_ORDER
from meterai.texts.mechanism.translation import translate


class CodeSent(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way. The form carries `code_id`; it is useless without the code."""

    code_id: uuid.UUID
    expires_at: datetime
    tries_from: datetime
    """When the first try counts: later than now while somebody guesses at the contact."""


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
    per_address_max: int = codes.PER_ADDRESS_MAX,
    language: str,
    now: datetime,
) -> CodeSent:
    """Makes a code for `contact` and its message in the outbox, in one transaction. It has six digits, ten
    where somebody may be guessing (`codes.py`). Only its message knows the code.

    `purpose`, `subject`: what the code is for (`codes.Purpose`).

    `asker`, `address`: who asks, and from where. `mark`: the cookie of a browser that may be known. One that
    has proved a contact of the same customer, and has made few failures, counts as `Asker.KNOWN`.

    The limits for 15 minutes: 5 codes per contact and kind of asker, 3 of them for one network (known people:
    5), and `per_address_max` per address. Simultaneous requests for different contacts may pass the last
    limit by a few.

    Raises: Refusal BUSY `code.too_many`, `code.too_many_here` when another network may still ask, or
    `code.behind` for a stranger while many codes of strangers wait to be sent; all with `retry_after_s`.
    """
    code_id = new_id(now)
    async with db.connection() as connection:  # one statement is one transaction
        recent = await store.ask_for_code(
            connection,
            code_id,
            contact,
            asker=asker,
            mark=mark,
            purpose=purpose,
            subject=subject,
            address_mac=codes.address_mac(secret, address),
            now=now,
            since=now - codes.WINDOW,
            per_contact_max=codes.PER_CONTACT_MAX,
            per_network_max=codes.PER_NETWORK_MAX,
            per_address_max=per_address_max,
            known_per_address_max=codes.PER_ADDRESS_OF_CALLED_MAX,
            tried_since=now - codes.TRIED_WINDOW,
            behind_since=now - codes.BEHIND_AFTER,
            message=msgspec.structs.asdict(_message(contact, purpose, language)),
        )
    _refuse_too_many(recent, per_address_max, now)
    if recent.is_behind:
        raise Refusal(Kind.BUSY, "code.behind", retry_after_s=int(codes.BEHIND_AFTER.total_seconds()))
    assert recent.until is not None, "neither limit was reached"
    assert recent.tries_from is not None
    return CodeSent(code_id=code_id, expires_at=recent.until, tries_from=recent.tries_from)


def _refuse_too_many(recent: store.RecentCodes, per_address_max: int, now: datetime) -> None:
    per_network_max = recent.asked_as.per_network_max
    if recent.asked_as is codes.Asker.KNOWN:
        per_address_max = max(per_address_max, codes.PER_ADDRESS_OF_CALLED_MAX)
    limits = (
        ("code.too_many", recent.by_contact, codes.PER_CONTACT_MAX, recent.contact_since),
        ("code.too_many_here", recent.by_network, per_network_max, recent.network_since),
        ("code.too_many_here", recent.by_address, per_address_max, recent.address_since),
    )
    reached = [(code, since) for code, asked, most, since in limits if since is not None and asked >= most]
    if reached:
        wait_s = math.ceil((max(since for _, since in reached) + codes.WINDOW - now).total_seconds())
        raise Refusal(Kind.BUSY, reached[0][0], retry_after_s=max(1, wait_s))


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
