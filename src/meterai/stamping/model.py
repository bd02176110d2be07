"""Documents, jobs and serial numbers of the stamping cycle, with their states."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement

STAMPS_MAX = 10
"""Largest number of stamps that one job puts on a document."""
SEAL_BYTES = 10_240
"""Room for the CMS in a stamped file.

Enough for a chain of two certificates of 1.9 kB (RSA-4096), an RSA-4096 signature and a time-stamp token.
Keys that need more can't be registered.
"""
TOKEN_BYTES = 5_120
"""Part of that room for the token, which contains its own chain."""


class JobState(StrEnum):
    """States of a job, which puts one or more stamps on one document."""

    ACCEPTED = "accepted"
    """Stamps are reserved, serial numbers are allocated."""
    SEALING = "sealing"
    """An intent is stored, so a signature may exist. The job will end with the same serial numbers."""
    RELEASED = "released"
    REFUSED = "refused"
    """The reservation is voided, the serial numbers are annulled."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """The record of what will be signed, stored before it is signed."""

    serial: SerialNumber
    digest: bytes
    """SHA-256 over the byte range of the prepared revision."""
    prepared_object: str
    """Key of the prepared revision in the object store."""
    gap_start: int
    gap_end: int
    """End of the gap for the signature value: `prepared[gap_start:gap_end]`."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One of the stamps of a job."""

    serial: SerialNumber
    ordinal: int
    """Number of the stamp, from 1."""
    placement: Placement
    day: date
    """The date in the 2-D code: the business date of the allocation, unchanged by a crash."""
    intent: Intent | None


class ClaimedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job leased to a worker."""

    id: UUID
    lease_token: int
    """Fencing token: every write names it, and has no effect once another worker has claimed the job."""
    attempts: int
    """Number of attempts, with this one."""
    trouble_code: str | None
    """Code of the error that ended the previous attempt."""
    organisation_id: UUID
    reference_id: UUID
    document_id: UUID
    input_object: str
    """Key of the bytes to be stamped: their SHA-256 in hex."""
    input_bytes: int
    normalised: bool
    """Whether the input is as reception wrote it. False: it carries signatures, or is older than that."""
    profile: Profile
    pages: int
    seals: tuple[Seal, ...]
    traceparent: str | None = None
    """The trace in which it was asked for (`kit.tracing`)."""

    @property
    def kept_sha256(self) -> str:
        """SHA-256 of the bytes with which the sealed file must begin. Empty: it need not begin with any."""
        return self.input_object if self.normalised or self.profile is Profile.SIGNED else ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as its owner sees it."""

    id: UUID
    document_id: UUID
    reference_id: UUID
    state: JobState
    serials: tuple[SerialNumber, ...]
    refusal_code: str | None
    trouble_code: str | None
    """Why the last attempt did not finish (`tsa.unavailable`, ...).

    `next_attempt_at` says when the next begins.
    """
    attempts: int
    next_attempt_at: datetime | None
    """None when the job has ended."""
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
    """The key that sealed it; None: not read, or released before keys were recorded."""


class Fitness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a document can be paid, and what its stamps cover."""

    payable: bool
    """Within its limits, compared where it must be, and no stamp covers what nobody agreed to."""
    covering: tuple[Placement, ...]
    """The stamps that cover something."""


class OutputVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the event's agency will accept the stamped file. Known before anybody pays."""

    too_large: bool = False
    version_low: bool = False
    output_bytes: int
    """Size of the stamped file, never estimated too small."""
    pdf_version: str
    offers: tuple[str, ...] = ()
    """What can be done with consent: `keep` (rewrite), `smaller` (rewrite with smaller pictures)."""
    base_bytes: int = 0
    """Size of the file before its first stamp; 0: accepted before sizes were recorded."""
    stamp_bytes: int = 0
    """The most that one stamp adds to the file."""
    rewritable: bool = True
    """False for a file with signatures, which rewriting would destroy."""

    @property
    def ok(self) -> bool:
        """Whether the file is within the limits. True if there are none."""
        return not (self.too_large or self.version_low)
