"""Documents, jobs and serial numbers of the stamping cycle: their states and what the cycle knows of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement

STAMPS_MAX = 10
"""Stamps on one document in one go."""
SEAL_BYTES = 10_240
"""Room for the CMS in a stamped file: a chain of two certificates of 1.9 kB (RSA-4096), an RSA-4096 signature
and a time stamp's token. What needs more is no key of ours."""
TOKEN_BYTES = 5_120
"""Of it for the token, which brings a chain of its own."""


class JobState(StrEnum):
    """The life of a job: k stamps on one document."""

    ACCEPTED = "accepted"
    """Stamps reserved, serial numbers allocated."""
    SEALING = "sealing"
    """An intent is stored: a signature may exist. The job ends with the same serial numbers."""
    RELEASED = "released"
    REFUSED = "refused"
    """The reservation is voided, the serial numbers are annulled."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be signed, stored before it is."""

    serial: SerialNumber
    digest: bytes
    """SHA-256 over the byte range of the prepared revision."""
    prepared_object: str
    """Key of the prepared revision in the object store."""
    gap_start: int
    gap_end: int
    """Where the signature value goes: `prepared[gap_start:gap_end]`."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One of the stamps of a job."""

    serial: SerialNumber
    ordinal: int
    """1-based."""
    reservation_id: UUID
    placement: Placement
    day: date
    """What the 2-D code says: the business date of the allocation, the same after a crash."""
    intent: Intent | None


class ClaimedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that a worker holds the lease of."""

    id: UUID
    lease_token: int
    """Fencing: every write names it, and is dropped when somebody else claimed the job since."""
    attempts: int
    """This one included."""
    trouble_code: str | None
    """How the attempt before this one ended."""
    organisation_id: UUID
    reference_id: UUID
    document_id: UUID
    input_object: str
    """Key of the bytes to be stamped: their SHA-256 in hex."""
    input_bytes: int
    profile: Profile
    pages: int
    seals: tuple[Seal, ...]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as its owner sees it."""

    id: UUID
    document_id: UUID
    reference_id: UUID
    state: JobState
    serials: tuple[SerialNumber, ...]
    refusal_code: str | None
    trouble_code: str | None
    """Why the last attempt did not finish (`tsa.unavailable`, ...); the next is at `next_attempt_at`."""
    attempts: int
    next_attempt_at: datetime | None
    """None when ended."""
    created_at: datetime
    ended_at: datetime | None


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes that a serial number is bound to."""

    serial: SerialNumber
    version: int
    sha256: str
    bytes: int
    pages: int
    released_at: datetime
    key_id: str | None = None
    """The key that sealed it; None: not asked for, or released before that was written down."""


class OutputVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the stamped file will be what the event's agency accepts; known before anybody pays."""

    too_large: bool = False
    version_low: bool = False
    output_bytes: int
    """Size of the stamped file, never too small."""
    pdf_version: str
    offers: tuple[str, ...] = ()
    """What can be done with consent: `keep` (rewrite), `smaller` (rewrite, with smaller pictures)."""
    base_bytes: int = 0
    """Of the file before its first stamp; 0: accepted before that was written down."""
    stamp_bytes: int = 0
    """What one stamp adds to it at most."""
    rewritable: bool = True
    """False: it carries signatures, which rewriting would destroy."""

    @property
    def ok(self) -> bool:
        """Within the limits, or nothing is demanded."""
        return not (self.too_large or self.version_low)
