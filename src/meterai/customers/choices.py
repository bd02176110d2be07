"""Which news people want, and at which of their contacts.

Codes, and messages that keep an account and its money safe, are no choice: they are always sent. So are
answers to what people asked us. News of an order go to one contact at least.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from meterai.customers.contacts import Contact
from meterai.kit.application_secret import honoured

_TAG_BYTES: Final = 16


class NewsKind(StrEnum):
    """What people may turn on and off. The database has the defaults (`customers.takes_news`)."""

    ORDER = "order"
    """What became of an order, its payment and its documents."""
    REMINDER = "reminder"
    """Of a place in line. The message itself has a link that ends those of that line."""
    INCIDENT = "incident"
    """Troubles that concern their own orders."""
    ANNOUNCEMENT = "announcement"
    """Changes of times, prices or the service. Off until somebody turns it on."""


_KINDS: Final = tuple(NewsKind)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """A contact and what it takes."""

    contact_id: uuid.UUID
    contact: Contact
    takes: Collection[NewsKind]


class ChoiceLink(msgspec.Struct, frozen=True, kw_only=True):
    """What the link at the foot of a message opens: the choices of the contact that got it."""

    contact_id: uuid.UUID
    kind: NewsKind
    """Of the message. One press turns it off (RFC 8058)."""


def make_choice_token(secret: bytes, link: ChoiceLink) -> str:
    """Writes the token of a link, which nobody else can make."""
    body = link.contact_id.bytes + bytes([_KINDS.index(link.kind)])
    return base64.urlsafe_b64encode(_tag(secret, body) + body).decode()


def read_choice_token(secret: bytes, text: str) -> ChoiceLink | None:
    """Reads what `make_choice_token` wrote; None for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return None
    body = raw[_TAG_BYTES:]
    is_ours = any(hmac.compare_digest(raw[:_TAG_BYTES], _tag(one, body)) for one in honoured(secret))
    if len(body) != 17 or not is_ours:
        return None
    return ChoiceLink(contact_id=uuid.UUID(bytes=body[:16]), kind=_KINDS[body[16]])


def order_contact(asked: Contact, theirs: Collection[Choices]) -> Contact:
    """The contact that news of an order go to.

    `asked`: the one that the order names. `theirs`: the customer's, the oldest first. A contact that is not
    among them has no choices.
    """
    own = next((one for one in theirs if one.contact == asked), None)
    if own is None or NewsKind.ORDER in own.takes:
        return asked
    return next((one.contact for one in theirs if NewsKind.ORDER in one.takes), asked)


def changes(
    before: Collection[Choices], ticked: Mapping[uuid.UUID, Collection[str]]
) -> list[tuple[uuid.UUID, NewsKind, bool]]:
    """What a form changes: (contact, kind, on). `ticked`: the names of the ticked kinds, by contact."""
    return [
        (one.contact_id, kind, kind in ticked[one.contact_id])
        for one in before
        if one.contact_id in ticked
        for kind in NewsKind
        if (kind in one.takes) != (kind in ticked[one.contact_id])
    ]


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"news choices\x00" + body, hashlib.sha256)[:_TAG_BYTES]
