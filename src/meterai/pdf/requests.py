"""What the jail is asked about a PDF, and what it answers: for processes that open none themselves."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.page_box import Rectangle
from meterai.pdf.profiles import Profile


class SignatureKind(StrEnum):
    """The strongest thing found."""

    NONE = "none"
    SIGNED = "signed"
    """An approval signature or a document time stamp."""
    CERTIFIED = "certified"
    """A certification (ISO 32000-1 clause 12.8.2.2): it says which changes are allowed at all."""


class InspectRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was uploaded. `password` opens one encrypted with a user password."""

    data: bytes
    password: str = ""
    limits: Limits = DEFAULT_LIMITS
    allow_signed: bool = False
    """True: signatures are not looked into (for the verifier, which does that itself)."""


class PageSize(msgspec.Struct, frozen=True, kw_only=True):
    """A page as a person sees it."""

    width_pt: float
    height_pt: float
    rotation: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. It makes no promise about the content of the pages."""

    size_bytes: int
    pages: list[PageSize]
    pdf_version: str
    signatures: SignatureKind
    encrypted: bool
    """With an owner password only, or opened by the password given. The stamped file is not encrypted."""
    repaired: bool
    """qpdf had to guess where objects lie; the person should look at the pages."""
    notices: list[str]
    """Codes of what stamping removes or says: `pdf.notice.javascript`, `.launch`, `.submit`, `.embedded`,
    `.multimedia`, `.xfa`, `.form`, `.comments`, `.encrypted`, `.repaired`, `.usage_rights`,
    `.signature_fields`, `.too_many_signature_fields`; of a signed file, from which nothing is removed,
    `.kept`, `.signed_changed` and `.stamped_already`."""
    signers: list[str] = []
    """Who signed the file already, by the names in their certificates; nobody checked who they are."""


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page, numbered from 1, `width_px` wide. `crop` cuts out a part: points in the visible page."""

    data: bytes
    page: int
    width_px: int = 720
    password: str = ""
    crop: Rectangle | None = None
    quality: int = 40


class RenderedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG, in grey when the page has no colour."""

    jpeg: bytes
    width_px: int


class CoveredDigest(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest seal must cover: `[0 gap_start gap_end rest]`, and the SHA-256 over it."""

    gap_start: int
    gap_end: int
    sha256: bytes


class LightCheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed file and what must be true of it."""

    data: bytes
    certificate: bytes
    """The stamp signer's certificate (DER)."""
    other_certificates: list[bytes] = []
    """Of our other keys: the seals of one document may lie on both sides of a rotation."""
    pages: int
    serials: list[str]
    """Of all its seals, in the order of sealing."""
    lacks_time_stamp: bool = False
    """The last seal was made while the time-stamp authority was down: its token comes later."""
    profile: Profile = Profile.FINAL
    input_bytes: int = 0
    input_sha256: str = ""
    """Of the file as uploaded, which a signed one must still begin with, byte for byte."""
    covered: CoveredDigest | None = None
    """Made from these bytes by the asker, who had to hash them anyway; None: made here."""


class LightCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the check passed; a failed one is a refusal."""

    size_bytes: int
    signed_by: list[str]
    """The certificate of each seal, in order: its SHA-256, the first 16 hex digits."""
