"""Requests to the jail about a PDF, and its answers, for processes that open no PDF themselves."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.page_box import Rectangle
from meterai.pdf.profiles import Profile


class SignatureKind(StrEnum):
    """The strongest kind of signature found."""

    NONE = "none"
    SIGNED = "signed"
    """An approval signature or a document time stamp."""
    CERTIFIED = "certified"
    """A certification (ISO 32000-1 clause 12.8.2.2), which says which changes are allowed."""


class InspectRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks about an uploaded file. `password` opens a file encrypted with a user password."""

    data: bytes
    password: str = ""
    limits: Limits = DEFAULT_LIMITS
    allow_signed: bool = False
    """True: signatures are not examined, because the verifier does so itself."""


class PageSize(msgspec.Struct, frozen=True, kw_only=True):
    """A page as a person sees it."""

    width_pt: float
    height_pt: float
    rotation: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an inspection. It makes no promise about the content of the pages."""

    size_bytes: int
    pages: list[PageSize]
    pdf_version: str
    signatures: SignatureKind
    encrypted: bool
    """Encrypted with an owner password only, or opened by the given password.

    The stamped file is not encrypted.
    """
    repaired: bool
    """qpdf had to guess where objects lie. The person should look at the pages."""
    notices: list[str]
    """Codes of what stamping removes or reports.

    `pdf.notice.javascript`, `.launch`, `.submit`, `.embedded`, `.multimedia`, `.xfa`, `.form`, `.comments`,
    `.encrypted`, `.repaired`, `.usage_rights`, `.signature_fields`, `.too_many_signature_fields`, `.layers`,
    `.paper_differs`, `.content_elsewhere`, `.portfolio`. Of a signed file, from which nothing is removed:
    `.kept`, `.signed_changed`, `.signed_unchecked`, `.signed_unclear` and `.stamped_already`.
    """
    signers: list[str] = []
    """Names of earlier signers, from their certificates. Their identity was not checked."""
    exceptions: list[str] = []
    """Kinds of the exceptions that kept changes after signatures from being compared, for the log."""


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for one page, numbered from 1, `width_px` wide. `crop`: a part, in points of the visible page."""

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
    """The range that the newest seal must cover, `[0 gap_start gap_end rest]`, and its SHA-256."""

    gap_start: int
    gap_end: int
    sha256: bytes


class LightCheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to check a sealed file: the file and what must be true of it."""

    data: bytes
    certificate: bytes
    """The stamp signer's certificate (DER)."""
    other_certificates: list[bytes] = []
    """Certificates of our other keys: the seals of one document may lie on both sides of a rotation."""
    pages: int
    serials: list[str]
    """Serial numbers of all its seals, in the order of sealing."""
    lacks_time_stamp: bool = False
    """Whether the last seal was made while the time-stamp authority was down. Its token comes later."""
    profile: Profile = Profile.FINAL
    input_bytes: int = 0
    input_sha256: str = ""
    """SHA-256 of the stored file, with which the sealed one must begin, byte for byte.

    Empty: a file that was stored before uploads were normalised. A signed file must always begin with it.
    """
    covered: CoveredDigest | None = None
    """The digest over the range, from a caller that had to hash the bytes anyway; None: made in the jail."""


class LightCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the check passed. A failed check is a refusal."""

    size_bytes: int
    signed_by: list[str]
    """Key id of each seal in order: first 16 hex digits of the SHA-256 of its certificate."""
