"""The story of an order: its states, money, messages, files, and who did what."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from meterai.sales.order import Order
from meterai.sales.timeline import TimelineEntry, timeline_of


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer on the receipt."""

    name: str
    npwp: str | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where a refund goes, and how far it is."""

    refund_id: uuid.UUID
    bank: str | None
    number: str | None
    holder: str | None
    reference: str | None
    attempts: int
    next_attempt_at: datetime | None


class UnreadNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's notice that no worker has read yet."""

    gateway: str
    reference: str
    at: datetime


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """How often we asked the gateway about a payment."""

    reference: str
    polls: int
    asked_at: datetime | None
    next_at: datetime | None
    cost: int | None
    """The gateway's price in rupiah; None: not known yet."""


class SignAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to sign, with the key that was used."""

    key_id: str
    at: datetime
    abandoned_at: datetime | None


class StampStory(msgspec.Struct, frozen=True, kw_only=True):
    """A stamp of a document."""

    serial: str
    state: str
    allocated_at: datetime
    sealed_at: datetime | None
    released_at: datetime | None
    annulled_at: datetime | None
    attempts: tuple[SignAttempt, ...]


class DocumentStory(msgspec.Struct, frozen=True, kw_only=True):
    """A document with the job that stamps it."""

    job_id: uuid.UUID
    document_id: uuid.UUID
    item_id: uuid.UUID
    name: str | None
    state: str
    attempts: int
    trouble_code: str | None
    refusal_code: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    forgotten_at: datetime | None
    stamps: tuple[StampStory, ...]


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer of the ledger. `kind`: single, pending, post or void."""

    code: str
    kind: str
    unit: str
    amount: int
    debit: str
    credit: str
    at: datetime
    business_date: date | None


class MessageStory(msgspec.Struct, frozen=True, kw_only=True):
    """A message to the customer. `ended_at` None: it waits, or was not sent."""

    what: str
    at: datetime
    ended_at: datetime | None
    attempts: int | None


class CaseOfOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A case of the same contact, or about this order."""

    number: str
    kind: str
    state: str
    opened_at: datetime
    changed_at: datetime


class OfficersAct(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the audit trail."""

    at: datetime
    actor: str
    action: str
    reason: str | None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened to an order. Personal data is masked while `shown_until` is None."""

    shown_until: datetime | None
    order: Order
    buyer: Buyer | None
    accounts: tuple[Account, ...]
    unread: tuple[UnreadNotice, ...]
    polls: tuple[Poll, ...]
    documents: tuple[DocumentStory, ...]
    postings: tuple[Posting, ...]
    messages: tuple[MessageStory, ...]
    cases: tuple[CaseOfOrder, ...]
    acts: tuple[OfficersAct, ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """The time line, the oldest first."""
        return tuple(sorted(_events(self), key=lambda event: (event.at, _FIRST.get(event.name, len(_FIRST)))))


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the time line. `name`: what a person reads stands in `texts.find_words.EVENTS`."""

    at: datetime
    name: str
    subject: str = ""
    """A reference, serial number, key or officer."""
    amount: int | None = None
    pieces: int | None = None


_FIRST: Final = {"opened": 0, "placed": 1, "charged": 2}
"""The order of events of one moment."""


def _events(story: Story) -> Iterator[Event]:
    for entry in timeline_of(story.order):
        yield _of_order(entry)
    for payment in story.order.payments:
        yield Event(
            at=payment.created_at, name="charged", subject=payment.reference, amount=int(payment.amount)
        )
    for notice in story.unread:
        yield Event(at=notice.at, name="unread", subject=notice.reference)
    for document in story.documents:
        yield from _of_document(document)
    for message in story.messages:
        yield Event(at=message.at, name="message")
    for case in story.cases:
        yield Event(at=case.opened_at, name="case", subject=case.number)
    for act in story.acts:
        yield Event(at=act.at, name="act", subject=f"{act.actor}: {act.action}")


def _of_order(entry: TimelineEntry) -> Event:
    return Event(at=entry.at, name=entry.kind, amount=entry.amount, pieces=entry.pieces)


def _of_document(document: DocumentStory) -> Iterator[Event]:
    yield Event(at=document.created_at, name="job")
    for stamp in document.stamps:
        for attempt in stamp.attempts:
            yield Event(at=attempt.at, name="attempt", subject=f"{stamp.serial} · {attempt.key_id}")
        if stamp.released_at:
            yield Event(at=stamp.released_at, name="released", subject=stamp.serial)
        if stamp.annulled_at:
            yield Event(at=stamp.annulled_at, name="annulled", subject=stamp.serial)
    if document.refusal_code and document.ended_at:
        yield Event(at=document.ended_at, name="refused", subject=document.refusal_code)
