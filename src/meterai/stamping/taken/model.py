"""Serial numbers that a partner took, with their states."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber

NAME_MAX: Final = 255
"""Longest name of a file, in characters."""


class TakenState(StrEnum):
    """States of a serial number that was taken."""

    UNSTAMPED = "unstamped"
    """A stamp of the stock is kept for it, without a time-out."""
    ALLOCATED = "allocated"
    """A job of the stamping cycle puts it on an uploaded document."""
    SEALED = "sealed"
    RELEASED = "released"
    """The job's file is released."""
    USED = "used"
    """A hash was signed for it: it stands on a document that stays with the partner."""
    ANNULLED = "annulled"
    """Its stamp went back to the stock."""

    @property
    def is_stamped(self) -> bool:
        """Whether it stands on a document."""
        return self in (TakenState.RELEASED, TakenState.USED)


class WantedSerial(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a serial number."""

    name: str
    """Of the document's file; its first `NAME_MAX` characters are kept."""
    request_key: str | None = None
    """The same key gets the same serial number, unless it was given back. None: always a new one."""
    document_id: UUID | None = None
    """The uploaded document that it is for; None: the document stays with the partner."""


class TakenSerial(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number that an organisation took."""

    serial: SerialNumber
    state: TakenState
    organisation_id: UUID
    request_key: str | None
    document_id: UUID | None
    name: str
    job_id: UUID | None
    taken_at: datetime
    used_at: datetime | None
    """When a hash was first signed for it."""
    released_at: datetime | None
    """When it was stamped, in either way."""
    returned_at: datetime | None
