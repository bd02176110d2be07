"""The verifier's answers: verdict, register's answer, and what is known of each stamp and signature."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec


class Verdict(StrEnum):
    """One of four verdicts, or that the file carries no electronic stamp to judge.

    Only GENUINE says that nothing was added. Whoever tests for it alone fails safe.
    """

    GENUINE = "ASLI"
    WITH_ADDITIONS = "ASLI_WITH_ADDITIONS"  # the sealed revision is genuine; others signed afterwards
    NOT_GENUINE = "TIDAK_ASLI"
    CANNOT_CHECK = "TIDAK_DAPAT_DIPERIKSA"
    NO_STAMP = "NO_STAMP"


SEAL_HOLDS = frozenset({Verdict.GENUINE, Verdict.WITH_ADDITIONS})
"""The verdicts after which the sealed revision is genuine."""


class RegisterAnswer(StrEnum):
    """What the register of released stamps said about the file."""

    CONFIRMED = "confirmed"  # every stamp of ours was released or signed on exactly these bytes
    NOT_ASKED = "not_asked"  # offline, or the register could not be reached
    CONTRADICTS = "contradicts"  # the serial is unknown, annulled, or belongs to another document
    UNKNOWN = "unknown"  # asked, but the file carries nothing that the register could know


class Covers(StrEnum):
    """How much of the file a signature's byte range reaches (ISO 32000-2, 12.8.1)."""

    WHOLE_FILE = "whole_file"
    REVISION = "revision"  # a whole earlier revision; something was appended afterwards
    UNCLEAR = "unclear"  # no shape that we accept: nothing may be concluded from it


class Afterwards(StrEnum):
    """What came after a stamp of another issuer."""

    NOTHING = "nothing"
    ARCHIVE_DATA = "archive_data"
    SIGNATURES = "signatures"
    CHANGES = "changes"  # of pages, fields or anything else
    UNCLEAR = "unclear"


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle in points in the visible page: CropBox, after rotation, origin lower left."""

    x: float
    y: float
    width: float
    height: float


class StampReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one electronic stamp.

    It does not claim that the document's content is true or lawful, nor (when `foreign`) that the stamp was
    issued by anybody in particular.
    """

    serial: str
    """From the signature's Reason, which the signature covers."""
    foreign: bool
    """True: the chain does not lead to our root. Such a stamp is described, never vouched for."""
    by_hash: bool = False
    """True: a program outside built the file and drew the stamp, and we signed only the hash. Then only the
    register can say that the stamp is genuine."""
    message_digest: str = ""
    """Hex SHA-256 of what the signature covers, if `by_hash` and `intact`. The register knows stamps by hash
    by it."""
    intact: bool | None
    """The signed bytes are unchanged, and the signature verifies with the certificate inside it.

    None: it was made in a way that can't be checked.
    """
    covers: Covers
    stamped_at: datetime | None = None
    """Time of the RFC 3161 time stamp, UTC. For a foreign stamp: whatever time it states, unchecked."""
    released_at: datetime | None = None
    """When we released the stamped file, according to the register. None: not asked, or unknown."""
    signer: str = ""
    """Common name in the signer's certificate. For a foreign stamp this is only its own claim."""
    field: str = ""
    """Name of the signature field."""
    page: int | None = None
    """1-based page of the visible stamp; None if it has no place on a page or was not searched."""
    box: Box | None = None
    """Place of the visible stamp. It says nothing about what is drawn there."""
    revision_sha256: str = ""
    """Hex SHA-256 of the file up to the end of the revision that this stamp signs; empty when unclear."""
    afterwards: Afterwards | None = None
    """What came after a foreign stamp. None: it is ours (see `additions`), or not intact."""
    problems: tuple[str, ...] = ()
    """Reason codes (see reasons.py) that concern this stamp; empty is good."""


class SignatureReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a signature that is no electronic stamp. It is never a reason for a good verdict.

    It does not claim who signed: the chain of other people's certificates is not checked.
    """

    signer: str
    """Common name in the certificate inside; empty if it cannot be read."""
    reason: str
    field: str
    intact: bool | None
    """As in StampReport; says nothing about trust."""
    covers: Covers
    time_stamp_only: bool = False
    """True: a document time stamp (archiving), not a person's signature."""
    signed_at: datetime | None = None
    """Whatever time the signature states, unchecked."""
    problems: tuple[str, ...] = ()


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A signature or stamp that somebody put on the document after it was sealed."""

    kind: Literal["signature", "stamp"]
    signer: str
    """Common name in the signer's certificate; empty if it cannot be read."""
    vouched: bool
    """True: a certificate authority that we trust vouches for the name. Else it is only a claim."""
    reason: str
    field: str
    serial: str = ""
    """Serial number of a stamp."""
    signed_at: datetime | None = None
    """For a stamp of ours the time of its time stamp; else the stated time, unchecked."""
    page: int | None = None
    """1-based page of the visible signature; None if it is invisible."""
    box: Box | None = None
    offered: bool = False
    """True: the sealed revision had this field, empty, so the author wanted a signature there."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The verifier's answer about one file.

    GENUINE claims three things: at least one stamp of ours is unchanged since stamping, nothing was added
    to the sealed document, and no signature in the file is broken. WITH_ADDITIONS claims the same, but
    others signed after sealing, as the stamp's profile allows; `additions` lists what they added. Both claim
    the register's agreement only if `register` is CONFIRMED. They never claim that the content is true, or
    that certificates were not revoked.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    """Reason codes (see reasons.py), the most important first; never empty."""
    sha256: str
    """Hex SHA-256 of the whole file."""
    stamps: tuple[StampReport, ...] = ()
    other_signatures: tuple[SignatureReport, ...] = ()
    additions: tuple[Addition, ...] = ()
    """What was added after sealing, in the order of signing."""
    sealed_bytes: int | None = None
    """Length of the sealed revision, which the file begins with: up to the last stamp of the first order.
    None if it is not clear."""
    register: RegisterAnswer = RegisterAnswer.NOT_ASKED
    fast_path: bool = False
    """True: the file's digest is in the register. Places and signers of the stamps may then be unknown."""
    pages: int | None = None
    """Number of pages; None if the file was not or could not be opened."""


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that verification trusts: public material only."""

    roots_pem: tuple[str, ...]
    """Pinned root certificates, PEM. Nothing else is a root, whatever a file carries."""
    code_keys: dict[int, str] = {}
    """Ed25519 public keys of the 2-D code by key id, hex."""


class FaceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The largest look of a later signature, unless the sealed document had its field."""

    width_mm: int = 90
    height_mm: int = 50


class JudgeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Input of the judging task in the jail."""

    data: bytes
    trust: Trust
    moment: datetime
    """The time of judging, UTC. No stamp may be later."""
    limits: FaceLimits = FaceLimits()


class SerialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a serial number. It never says that a given document is the stamped one."""

    serial: str
    known: bool
    read_otherwise: bool = False
    """True: what was typed is another reading of this number, such as O for 0."""
    state: str = ""
    """State in the register; empty when unknown. `unstamped`: it was taken, and is not on any document yet.
    `used`: a program outside put it on a document."""
    released_at: datetime | None = None
    document_pages: int | None = None
    """Pages of the stamped document, so that a person can compare; not their content."""
    code_checked: bool = False
    """True: the 2-D code's own signature was verified with one of our public keys."""
    code_day: date | None = None
    """Day of stamping as the 2-D code states it."""
