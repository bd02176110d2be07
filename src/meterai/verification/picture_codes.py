"""Pictures where a PDF was expected: what kind a file is, and the request to the jail to read its codes."""

from __future__ import annotations

import msgspec

READ_PICTURE = "meterai.verification.in_jail.picture_codes:read_picture"
CODES_MAX = 5
"""How many codes of one picture are looked up."""
_PDF = b"%PDF-"
_PDF_WITHIN = 1024
_BRANDS = {b"avif", b"avis", b"heic", b"heim", b"heis", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Of ISO base media files that are pictures (ISO/IEC 23008-12 annex B; AV1 Image File Format, 6)."""
_OTHERS = (b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")


class PictureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the QR codes in a picture."""

    data: bytes


class PictureCodes(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of the QR codes, without repetition."""

    texts: tuple[str, ...]


def is_picture(data: bytes) -> bool:
    """Whether a file begins as a picture does. A file that PDF readers would open is none."""
    return _PDF not in data[:_PDF_WITHIN] and (is_readable(data) or _is_other(data))


def is_readable(data: bytes) -> bool:
    """Whether the picture is of a kind that the jail reads: JPEG, PNG or WebP."""
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return is_webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _is_other(data: bytes) -> bool:
    return data.startswith(_OTHERS) or (data[4:8] == b"ftyp" and data[8:12] in _BRANDS)
