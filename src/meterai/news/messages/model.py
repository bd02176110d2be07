"""A message about an incident or an announcement, and where it stands."""

from __future__ import annotations

import uuid
from enum import StrEnum

import msgspec

from meterai.kit.messages import ToKind


class MessageState(StrEnum):
    """Where a message stands. The last five are ends."""

    WAITING = "waiting"
    """For its turn, or for the next day's budget."""
    SENDING = "sending"
    """A worker has it. It is never claimed again."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """Its worker died, or its station did not answer. It may have arrived, so it is not sent again."""
    REFUSED = "refused"
    """The address takes no message."""
    UNWANTED = "unwanted"
    """Its customer has turned such messages off, or has no such contact any more."""
    DROPPED = "dropped"
    """It was too late."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a worker has claimed."""

    id: uuid.UUID
    incident: int | None
    announcement: int | None
    contact_id: uuid.UUID
    contact_kind: ToKind
    contact_value: str
    language: str

    def __repr__(self) -> str:
        return f"Claimed(id={self.id})"  # the address stays out of logs and tracebacks


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages ended without being sent."""

    dropped: int
    unknown: int
