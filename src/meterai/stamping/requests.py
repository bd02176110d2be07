"""What the jail is asked when documents are received and sealed, and what it answers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, RenderedPage
from meterai.stamping.model import SEAL_BYTES
from meterai.stamping.placement import SIZE_DEFAULT, Placement


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """One stamp of a document."""

    serial: SerialNumber
    code: str
    """Text of the 2-D code (`meterai.signatures.stamp_code.encode_code`)."""
    placement: Placement


class SealRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which stamp of a document to prepare now.

    `data` is the file as uploaded (or normalised) for the first stamp, and the file as sealed so far for each
    later one. `stamps` are all stamps of the document, the same list each time.
    """

    data: bytes
    stamps: list[Stamp]
    index: int = 0
    profile: Profile = Profile.FINAL
    signing_time: datetime
    reason: str = "Pembubuhan meterai elektronik"
    location: str = "Indonesia"
    signer_name: str = "Meterai Elektronik"
    specimen: bool = True
    password: str = ""
    contents_bytes: int = SEAL_BYTES
    limits: Limits = DEFAULT_LIMITS


class PreparedSeal(msgspec.Struct, frozen=True, kw_only=True):
    """The file with a gap of zeros. The same request gives the same bytes."""

    data: bytes
    gap_start: int
    """Offset of the gap's `<`."""
    gap_end: int
    """Offset behind the gap's `>`."""
    pages: int
    base_bytes: int
    """Size of the file to which this stamp was appended."""
    pdf_version: str = ""
    """Of the uploaded file; of the first stamp only."""

    @property
    def digest(self) -> bytes:
        """SHA-256 over the byte range: everything but the gap."""
        running = hashlib.sha256(memoryview(self.data)[: self.gap_start])
        running.update(memoryview(self.data)[self.gap_end :])
        return running.digest()


class OutputLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority accepts of the stamped file, such as 800 kB and PDF 1.6 (CASN 2024)."""

    bytes_max: int | None = None
    pdf_version_min: str | None = None

    def is_too_large(self, size_bytes: int) -> bool:
        """Whether a file of this size is refused."""
        return self.bytes_max is not None and size_bytes > self.bytes_max

    def is_too_old(self, version: str) -> bool:
        """Whether a file of this PDF version is refused."""
        return self.pdf_version_min is not None and version_of(version) < version_of(self.pdf_version_min)


def version_of(text: str) -> tuple[int, ...]:
    """A PDF version, such as 1.7, to compare."""
    return tuple(int(number) for number in text.split("."))


class MeasureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file as uploaded, where its stamps will lie, and what is demanded of the result."""

    data: bytes
    placements: list[Placement]
    profile: Profile = Profile.FINAL
    limits: OutputLimits = OutputLimits()
    password: str = ""
    contents_bytes: int = SEAL_BYTES


class OutputMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """What the stamped file will be, known before anybody pays."""

    output_bytes: int
    """Upper bound of its size, some hundred bytes above the true one for each stamp."""
    base_bytes: int
    """Of the file before its first stamp."""
    stamp_bytes: int
    """What each of these stamps adds at most."""
    pdf_version: str
    too_large: bool
    version_low: bool


PAGE_IMAGE_WIDTH_PX = 600
"""Width of the page image on which a person places the stamp: letters of 10 points are still legible."""


class ReceptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file as uploaded, how many stamps it will get, and what is demanded of the result."""

    data: bytes
    stamps: int
    limits: OutputLimits
    profile: Profile = Profile.FINAL
    """Wanted, if the file carries no signatures."""
    password: str = ""
    """Typed by the person; used once."""


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    inspection: Inspection
    profile: Profile
    placements: list[Placement]
    """Proposed: near the signature block, on the last page that is large enough."""
    output: OutputMeasure
    page_image: RenderedPage
    """Of that page."""
    instead: bytes = b""
    """What takes the place of the upload: the file without its user password, or mended by another parser.
    Empty when the upload stays."""


class ProposeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The page to look at, its size as seen in points, and what is taken already."""

    data: bytes
    page: int
    width_pt: float
    height_pt: float
    size: float = SIZE_DEFAULT
    password: str = ""
    taken: list[Placement] = []


class RewriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file as uploaded. `images`: `keep` packs anew without loss, `smaller` recompresses pictures too."""

    data: bytes
    images: Literal["keep", "smaller"] = "keep"
    bytes_max: int | None = None
    """With `smaller`: stop at the gentlest step that fits. The stamp's own bytes must be taken off before."""
    pdf_version: str = "1.7"
    password: str = ""
    limits: Limits = DEFAULT_LIMITS


class RewrittenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The rewritten file; it takes the place of the upload."""

    data: bytes
    pdf_version: str
    pictures_changed: int


class ArchiveLookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A released file, and the serial numbers of its stamps."""

    data: bytes
    serials: list[str]


class ArchiveLook(msgspec.Struct, frozen=True, kw_only=True):
    """What the file's proof rests on. CMS structures as they lie in their gaps, padding included."""

    seals: list[bytes]
    archive_stamps: list[bytes]
    """In the order of the ends of their byte ranges."""


class ExtendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to add to a released file."""

    data: bytes
    certificates: list[bytes]
    crls: list[bytes]
    ocsp_responses: list[bytes]
    token_bytes: int
    """Room for the document time stamp's token; 0: none is wanted."""
    identity: bytes
    """16 bytes: the changing half of the file's ID."""


class Extended(msgspec.Struct, frozen=True, kw_only=True):
    """The file with its new revision; the gap of the time stamp is empty."""

    data: bytes
    gap_start: int
    """0 without a time stamp."""
    gap_end: int
