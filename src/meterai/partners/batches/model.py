"""Batches and their documents as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from meterai.partners.webhooks.model import Answer

DOCUMENTS_MAX: Final = 1_000
"""Documents of a batch."""

_OUTSIDE: Final = ("unstamped", "used")
BatchState = Literal["waiting", "received", "failed"]
"""Of what is told about a document. `failed`: given up; the client can still ask."""


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a batch that is to be noted."""

    said: Mapping[str, Any]
    """What the client said of it, by the names of the wire."""
    serial: str | None
    """None: the quota was short."""

    def __repr__(self) -> str:
        return f"NewDocument(serial={self.serial})"  # who owes the duty stays out of logs


class BatchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a batch."""

    batch_id: UUID
    number: int
    """Its place in the batch, from 1."""
    said: Mapping[str, Any]
    serial: str | None
    serial_state: str | None
    taken_at: datetime | None
    state: BatchState
    attempts: int
    """To tell the client."""

    @property
    def proc_id(self) -> str:
        """By what clients name it. No other document has the same, also of other batches."""
        return f"{self.batch_id.hex[-12:]}-{self.number:04d}"

    @property
    def has_picture(self) -> bool:
        """Whether its stamp is drawn: it is to be put on outside. The signer makes codes for these alone."""
        return self.serial_state in _OUTSIDE

    def __repr__(self) -> str:
        return f"BatchDocument(proc_id={self.proc_id})"


class BatchVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that a worker has leased, with documents that are due to be told."""

    batch_id: UUID
    url: str
    failures: int
    """Requests in a row that were not taken."""
    failing_since: datetime | None
    lease_until: datetime
    due: tuple[BatchDocument, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to tell about a document."""

    document: BatchDocument
    at: datetime
    answer: Answer


class BatchVisited(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that is over."""

    visit: BatchVisit
    told: tuple[Told, ...]
    held_up_by: str = ""
    """Code of what kept us from telling anything, such as a signer that is down. Empty: nothing did."""
