"""Events, webhooks and deliveries as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from meterai.partners.webhooks.signing import Scheme

WebhookState = Literal["enabled", "disabled"]
DeliveryState = Literal["waiting", "delivered", "failed", "stopped"]
"""`failed`: given up. `stopped`: its webhook was disabled or removed before."""


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an organisation. A source makes one event of a kind."""

    organisation_id: UUID
    kind: str
    subject_id: UUID
    source_id: UUID
    happened_at: datetime
    facts: Mapping[str, Any] = {}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was noted."""

    id: UUID
    sequence: int
    """Its number among the organisation's events. A reader who has seen one has seen all before it."""
    kind: str
    subject_id: UUID
    facts: Mapping[str, Any]
    happened_at: datetime


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a partner to which messages about events go."""

    id: UUID
    url: str
    kinds: tuple[str, ...]
    """Of events that it takes; empty: all."""
    description: str
    scheme: Scheme
    state: WebhookState
    disabled_because: str | None
    """`gone`, `failing` or `asked`."""
    failing_since: datetime | None
    created_at: datetime


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a secret after it was made."""

    made_at: datetime
    ends_at: datetime | None
    public_key: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message about an event to a webhook."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    kind: str
    state: DeliveryState
    attempts: int
    is_replay: bool
    next_attempt_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver a message."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    trouble: str | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one request."""

    status: int = 0
    """0: there was no answer."""
    trouble: str = ""
    """Why there was none: a code of ours."""
    retry_after_s: float = 0.0
    milliseconds: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the message."""
        return 200 <= self.status < 300


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is due."""

    id: UUID
    attempts: int
    event: Event


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that a worker has leased, with deliveries that are due."""

    webhook_id: UUID
    organisation_id: UUID
    url: str
    secrets: tuple[str, ...]
    """The newest first."""
    failures: int
    """Requests in a row that were not taken."""
    failing_since: datetime | None
    lease_until: datetime
    due: tuple[Due, ...]

    def __repr__(self) -> str:
        return f"Visit(webhook_id={self.webhook_id})"  # the secrets stay out of logs


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of a visit."""

    due: Due
    at: datetime
    answer: Answer


class Visited(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that is over."""

    visit: Visit
    tried: tuple[Tried, ...]
