"""Draws scans from smaller copies of themselves, so that long contracts can be compared. Runs in the jail.

PDFium unpacks a scan whole and shrinks it dot by dot. Forty pages of 300 dots an inch, drawn before and
after a signature, would take all the time that a jail process has (decision 0030). libjpeg unpacks a JPEG at
a half, a quarter or an eighth of its size.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

from meterai.pdf.pictures import has_plain_values

_LOOKED_AT_MAX = 600
"""Objects on a page. A page with more is drawn as it is."""
_DOTS_MIN = 500_000
"""Smaller pictures save too little. An A4 page at 75 dots an inch has this size."""
_JPEG_MODES = ("L", "RGB")


def lighten_scans(page: pypdfium2.PdfPage, plain_jpegs: Callable[[], set[bytes]], *, scale: float) -> None:
    """Replaces JPEGs of a page by smaller copies if they have at least twice the dots that are drawn.

    The change is in PDFium's memory only. A picture with a mask or its own reading of values stays as it is.
    `plain_jpegs`: returns the file's plain JPEGs, as the function of that name does; called only when needed.
    `scale`: drawn dots per point.
    """
    count = pdfium_c.FPDFPage_CountObjects(page)
    if count > _LOOKED_AT_MAX:
        return
    for number in range(count):
        item = pdfium_c.FPDFPage_GetObject(page, number)
        wanted = _wanted_size(item, scale)
        if wanted is None:
            continue
        raw = _raw_bytes(item)
        if raw in plain_jpegs():
            _replace(page, item, raw, wanted)


def _wanted_size(item: Any, scale: float) -> tuple[int, int] | None:
    """The drawn size of a picture, in dots. None if it is no picture or a copy would save nothing."""
    if pdfium_c.FPDFPageObj_GetType(item) != pdfium_c.FPDF_PAGEOBJ_IMAGE:
        return None
    width, height = _dots_of(item)
    matrix = pdfium_c.FS_MATRIX()
    if width * height < _DOTS_MIN or not pdfium_c.FPDFPageObj_GetMatrix(item, matrix):
        return None
    across = int(max(1.0, (matrix.a**2 + matrix.b**2) ** 0.5 * scale))
    up = int(max(1.0, (matrix.c**2 + matrix.d**2) ** 0.5 * scale))
    return (across, up) if width >= 2 * across and height >= 2 * up else None


def _dots_of(item: Any) -> tuple[int, int]:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(item, width, height)
    return width.value, height.value


def _raw_bytes(item: Any) -> bytes:
    size = pdfium_c.FPDFImageObj_GetImageDataRaw(item, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium_c.FPDFImageObj_GetImageDataRaw(item, buffer, size)
    return buffer.raw


def plain_jpegs(data: bytes) -> set[bytes]:
    """The packed bytes of the pictures that are a plain JPEG: no mask, values read as they stand."""
    plain: set[bytes] = set()
    other: set[bytes] = set()
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False) as pdf:
            for item in pdf.objects:
                if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
                    (plain if _is_plain_jpeg(item) else other).add(item.read_raw_bytes())
    except (pikepdf.PikepdfError, ValueError):
        return set()
    return plain - other


def _is_plain_jpeg(picture: Any) -> bool:
    return (
        picture.get("/Filter") == "/DCTDecode"
        and picture.get("/ColorSpace") in ("/DeviceGray", "/DeviceRGB")
        and "/SMask" not in picture
        and has_plain_values(picture)
    )


def _replace(page: pypdfium2.PdfPage, item: Any, raw: bytes, wanted: tuple[int, int]) -> None:
    """Leaves the picture as it is if Pillow can't read it or reads another kind of picture."""
    try:
        picture = Image.open(io.BytesIO(raw), formats=["JPEG"])
        if picture.mode not in _JPEG_MODES or picture.size != _dots_of(item):
            return
        picture.draft(None, wanted)
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return
    if picture.mode == "L":  # in three colours: PDFium draws a byte a dot in more than twice the time
        form, dot_bytes = pdfium_c.FPDFBitmap_BGRx, 4
        dots = Image.merge("RGBX", (picture,) * 4).tobytes()
    else:
        form, dot_bytes = pdfium_c.FPDFBitmap_BGR, 3
        dots = picture.tobytes("raw", "BGR")
    line = picture.width * dot_bytes
    bitmap = pdfium_c.FPDFBitmap_CreateEx(picture.width, picture.height, form, dots, line)
    pdfium_c.FPDFImageObj_SetBitmap((pdfium_c.FPDF_PAGE * 1)(page.raw), 1, item, bitmap)  # which copies it
    pdfium_c.FPDFBitmap_Destroy(bitmap)
