"""Requests to the jail about receiving and sealing documents, and its answers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.page_box import Rectangle
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, PageSize, RenderedPage
from meterai.stamping.model import SEAL_BYTES
from meterai.stamping.placement import SIZE_DEFAULT, Placement
from meterai.stamping.signing_box import SigningBox
from meterai.stamping.wanted_places import WantedPlace


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """One stamp of a document."""

    serial: SerialNumber
    code: str
    """Text of the 2-D code (`meterai.signatures.stamp_code.encode_code`)."""
    placement: Placement


class SealRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to prepare one stamp of a document.

    `data` is the stored file for the first stamp, and the file as sealed so far for each later one. `stamps`
    are all stamps of the document, the same list each time.
    """

    data: bytes
    normalised: bool = False
    """Whether `data` is `Reception.instead`, to which only the stamps are added. Else it is normalised first.

    Ignored if the file carries signatures: such a file stays as it is.
    """
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
    """Offset after the gap's `>`."""
    pages: int
    base_bytes: int
    """Size of the file to which this stamp was appended."""
    pdf_version: str = ""
    """PDF version of the uploaded file. Only set for the first stamp."""

    @property
    def digest(self) -> bytes:
        """SHA-256 over the byte range: everything but the gap."""
        running = hashlib.sha256(memoryview(self.data)[: self.gap_start])
        running.update(memoryview(self.data)[self.gap_end :])
        return running.digest()


class BoxRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to prepare one stamp in the box of a signature, on a file as somebody sent it."""

    data: bytes
    password: str = ""
    box: SigningBox
    profile: Profile
    """The wanted profile. Ignored if the file carries signatures."""
    serial: SerialNumber
    code: str
    signing_time: datetime
    reason: str
    location: str
    specimen: bool
    contents_bytes: int = SEAL_BYTES
    limits: Limits = DEFAULT_LIMITS


class BoxedSeal(msgspec.Struct, frozen=True, kw_only=True):
    """The prepared file, and its profile."""

    prepared: PreparedSeal
    profile: Profile


class OutputLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority accepts as stamped file, such as 800 kB and PDF 1.6 (CASN 2024)."""

    bytes_max: int | None = None
    pdf_version_min: str | None = None

    def is_too_large(self, size_bytes: int) -> bool:
        """Whether a file of this size is too large."""
        return self.bytes_max is not None and size_bytes > self.bytes_max

    def is_too_old(self, version: str) -> bool:
        """Whether this PDF version is too old."""
        return self.pdf_version_min is not None and version_of(version) < version_of(self.pdf_version_min)


def version_of(text: str) -> tuple[int, ...]:
    """Reads a PDF version such as 1.7, for comparisons."""
    return tuple(int(number) for number in text.split("."))


class MeasureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the size of the result: the uploaded file, places of its stamps, and limits of the result."""

    data: bytes
    normalised: bool = False
    """As in `SealRequest`."""
    placements: list[Placement]
    profile: Profile = Profile.FINAL
    limits: OutputLimits = OutputLimits()
    password: str = ""
    contents_bytes: int = SEAL_BYTES


class OutputMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """Size and version of the stamped file, predicted before anybody pays."""

    output_bytes: int
    """Upper bound of its size: some hundred bytes too much for each stamp."""
    base_bytes: int
    """Size of the file before its first stamp."""
    stamp_bytes: int
    """The most that each of these stamps adds."""
    pdf_version: str
    too_large: bool
    version_low: bool


PAGE_IMAGE_WIDTH_PX = 600
"""Width of the page image on which a person places the stamp. Letters of 10 points are still legible."""


THUMBNAIL_WIDTH_PX = 280
"""Width of a page among many: enough to see what a stamp would cover, in some 8 kB."""


class ReceptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to check an uploaded file: the file, its number of stamps, and limits of the result."""

    data: bytes
    stamps: int
    limits: OutputLimits
    profile: Profile = Profile.FINAL
    """The wanted profile. Ignored if the file carries signatures."""
    password: str = ""
    """Password typed by the person. It is used once."""
    wanted: list[WantedPlace] = []
    """Where the stamps go. Empty: places are proposed, and the page is drawn for a person."""


class PageDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A page on which fields or comments look different now that they are part of the page."""

    page: int
    boxes: list[Rectangle]
    """Where they differ, in points of the visible page."""


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What the jail found about an uploaded file."""

    inspection: Inspection
    profile: Profile
    placements: list[Placement]
    """Proposed places, all on one page unless the file is signed (`stamping/in_jail/places/proposal.py`).

    The wanted ones, where the request names some.
    """
    output: OutputMeasure
    page_image: RenderedPage | None
    """Image of that page; None where the places were given."""
    instead: bytes = b""
    """The normalised file, which is stored instead of the upload. Only the stamps are added to it.

    Empty: the file carries signatures, so the upload stays as it is.
    """
    otherwise: bytes = b""
    """The normalised file for the other choice, whether others will sign. Empty: both give the same."""
    differences: list[PageDifference] = []
    """Pages whose fields or comments look different. A person must compare and confirm them."""
    before: bytes = b""
    """The file to show beside `instead`: the upload, without its password. Empty without differences."""


class ProposeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a place on a page of this size (as seen, in points), apart from the places in `taken`."""

    data: bytes
    page: int
    width_pt: float
    height_pt: float
    size: float = SIZE_DEFAULT
    password: str = ""
    taken: list[Placement] = []


class PlacesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks what lies under these places: ink, fields and comments."""

    data: bytes
    placements: list[Placement]
    signed: bool = False
    """Whether the file carries signatures. Then letters that nobody sees don't count."""


class WantedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the wanted places on a stored file, and what lies under each."""

    data: bytes
    sizes: list[PageSize]
    """Of its pages."""
    wanted: list[WantedPlace]
    signed: bool = False
    """As in `PlacesRequest`."""


class PlacesSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The same places, each with what it covers."""

    placements: list[Placement]


class RewriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to rewrite an uploaded file.

    `images`: `keep` recompresses without loss, `smaller` makes pictures smaller too.
    """

    data: bytes
    images: Literal["keep", "smaller"] = "keep"
    bytes_max: int | None = None
    """With `smaller`: stop at the first step that fits. The caller has subtracted the bytes of the stamps."""
    pdf_version: str = "1.7"
    password: str = ""
    limits: Limits = DEFAULT_LIMITS


class RewrittenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The rewritten file. It replaces the upload."""

    data: bytes
    pdf_version: str
    pictures_changed: int


class TurnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to turn a page of a stored file without signatures clockwise by 90, 180 or 270 degrees."""

    data: bytes
    page: int
    degrees: int


class TurnedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The file with the turned page, and that page's size now."""

    data: bytes
    page: PageSize


class ArchiveLookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the seals and time stamps of a released file, given the serial numbers of its stamps."""

    data: bytes
    serials: list[str]


class ArchiveLook(msgspec.Struct, frozen=True, kw_only=True):
    """The CMS structures in a file, as they lie in their gaps, with padding."""

    seals: list[bytes]
    archive_stamps: list[bytes]
    """Sorted by the ends of their byte ranges."""


class ExtendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to add archive data to a released file."""

    data: bytes
    certificates: list[bytes]
    crls: list[bytes]
    ocsp_responses: list[bytes]
    token_bytes: int
    """Room for the token of the document time stamp; 0: no time stamp."""
    identity: bytes
    """16 bytes: the changing half of the file's ID."""


class Extended(msgspec.Struct, frozen=True, kw_only=True):
    """The file with its new revision; the gap of the time stamp is empty."""

    data: bytes
    gap_start: int
    """0 without a time stamp."""
    gap_end: int
