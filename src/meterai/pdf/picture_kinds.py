"""Says what kind of picture a file is by its first bytes. It opens nothing."""

from __future__ import annotations

_PDF = b"%PDF-"
_PDF_WITHIN = 1024
_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_BRANDS = {b"avif", b"avis", b"heic", b"heim", b"heis", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Of ISO base media files that are pictures (ISO/IEC 23008-12 annex B; AV1 Image File Format, 6)."""
_OTHERS = (b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")


def is_picture(data: bytes | bytearray) -> bool:
    """Whether a file begins as a picture does. A file that PDF readers would open is none."""
    return _PDF not in data[:_PDF_WITHIN] and (is_jpeg_or_png(data) or is_webp(data) or _is_other(data))


def is_jpeg_or_png(data: bytes | bytearray) -> bool:
    """Whether the picture is a JPEG or PNG, of which a document can be made."""
    return data.startswith((_JPEG, _PNG))


def is_webp(data: bytes | bytearray) -> bool:
    """Whether the picture is a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_other(data: bytes | bytearray) -> bool:
    return data.startswith(_OTHERS) or (data[4:8] == b"ftyp" and bytes(data[8:12]) in _BRANDS)
