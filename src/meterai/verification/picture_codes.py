"""Pictures where a PDF was expected: which ones the jail reads, and the request to read their codes."""

from __future__ import annotations

import msgspec

from meterai.pdf.picture_kinds import is_jpeg_or_png, is_webp

READ_PICTURE = "meterai.verification.in_jail.picture_codes:read_picture"
CODES_MAX = 5
"""How many codes of one picture are looked up."""


class PictureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the QR codes in a picture."""

    data: bytes


class PictureCodes(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of the QR codes, without repetition."""

    texts: tuple[str, ...]


def is_readable(data: bytes) -> bool:
    """Whether the picture is of a kind that the jail reads: JPEG, PNG or WebP."""
    return is_webp(data) or is_jpeg_or_png(data)
