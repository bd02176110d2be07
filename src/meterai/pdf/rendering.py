"""Draws a page as a picture. PDFium is C++ that has crashed on five kilobytes: it runs only in the jail."""

from __future__ import annotations

import ctypes
import io
import mmap
from collections.abc import Callable
from functools import lru_cache

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.opening.structure import user_unit_of
from meterai.pdf.own_page import stamped_own_page
from meterai.pdf.page_box import Rectangle
from meterai.pdf.requests import RenderedPage, RenderRequest

_STANDARD_FONTS = [
    *("Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique"),
    *("Times-Roman", "Times-Bold", "Times-Italic", "Times-BoldItalic", "Courier", "Courier-Bold"),
]
_SIDES_MAX = 20
"""Largest ratio of the sides: a very long, narrow page must not become a huge picture."""
_LARGE_PAGE_BYTES = 2 << 20


def warm_up() -> None:
    """Renders a page of our own, so that a jail process need not import and compute what that needs."""
    render_page(RenderRequest(data=stamped_own_page(), page=1))


def render_page(request: RenderRequest) -> RenderedPage:
    """Renders one page as a reader shows it, annotations and stamps included.

    Raises: Refusal INVALID `pdf.broken`, NOT_FOUND `pdf.no_such_page`.
    """
    return with_image(request, lambda image: encode_page(image, request.quality))


def render_image(request: RenderRequest) -> Image.Image:
    """Renders one page as a Pillow image (RGBX), for callers in the jail."""
    return with_image(request, lambda image: image.copy())


def with_image[Made](request: RenderRequest, make: Callable[[Image.Image], Made]) -> Made:
    """Draws the page and returns what `make` makes of the picture.

    The picture's memory ends with the document, so `make` must not keep any of it.

    Raises: as `render_page`.
    """
    return with_document(
        request.data,
        request.password,
        lambda document: make(picture_of(page_of(document, request.page), request)),
    )


def with_document[Made](data: bytes, password: str, work: Callable[[pypdfium2.PdfDocument], Made]) -> Made:
    """Opens the file and returns what `work` makes of it. No page or picture outlives the document.

    If PDFium can't read a file, qpdf rewrites it first: qpdf repairs more, and stamping uses it too.

    Raises: as `render_page`.
    """
    try:
        return _with_document(data, password, work)
    except (pypdfium2.PdfiumError, _NoSuchPage):
        pass
    try:
        return _with_document(_mend(data, password), password, work)
    except _NoSuchPage as missing:
        raise Refusal(Kind.NOT_FOUND, "pdf.no_such_page", page=missing.page) from None
    except (pypdfium2.PdfiumError, pikepdf.PikepdfError):
        raise Refusal(Kind.INVALID, "pdf.broken") from None


class _NoSuchPage(Exception):
    """PDFium finds no page with this number."""

    def __init__(self, page: int) -> None:
        self.page = page


def _with_document[Made](data: bytes, password: str, work: Callable[[pypdfium2.PdfDocument], Made]) -> Made:
    _keep_standard_fonts()
    with opened(data, password) as document:
        return work(document)


def page_of(document: pypdfium2.PdfDocument, number: int) -> pypdfium2.PdfPage:
    """The page with this number, counted from 1, in the work of `with_document`."""
    if not 1 <= number <= len(document):
        raise _NoSuchPage(number)
    return document[number - 1]


def picture_of(page: pypdfium2.PdfPage, request: RenderRequest) -> Image.Image:
    """Draws a page of an open document (RGBX), or the part that the request names."""
    part = request.crop and _in_units(request.crop, request)
    bitmap = _draw(page, request, part)
    size = (bitmap.width, bitmap.height)
    return Image.frombuffer("RGBX", size, bitmap.buffer, "raw", "RGBX", bitmap.stride, 1)


@lru_cache(maxsize=1)
def _keep_standard_fonts() -> object:
    """Opens a document, which stays open, that has drawn a letter of each standard font with letters.

    PDFium forgets the dots of a font's letters with the last document that uses the font. With this document,
    they stay known if another document used the same letter and size.
    """
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(100, 100)
    letter = (ctypes.c_uint32 * 1)(ord("x"))
    for name in _STANDARD_FONTS:
        text = pdfium_c.FPDFPageObj_NewTextObj(document, name.encode() + b"\0", 10.0)
        pdfium_c.FPDFText_SetCharcodes(text, letter, 1)
        pdfium_c.FPDFPage_InsertObject(page, text)
    page.render()
    return document, page


def _mend(data: bytes, password: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data), password=password, suppress_warnings=True) as pdf:
        pdf.save(out, fix_metadata_version=False)
    return out.getvalue()


def _in_units(crop: Rectangle, request: RenderRequest) -> Rectangle:
    """Converts points in the visible page to units of the page: PDFium does not know UserUnit."""
    unit = user_unit(request.data, request.page, password=request.password)
    return crop[0] / unit, crop[1] / unit, crop[2] / unit, crop[3] / unit


def user_unit(data: bytes, page: int, *, password: str = "") -> float:
    """Points per unit of a page; 1 if that can't be read."""
    try:
        with pikepdf.open(io.BytesIO(data), password=password, suppress_warnings=True) as pdf:
            return user_unit_of(pdf.pages[page - 1].obj)
    except (pikepdf.PikepdfError, IndexError):
        return 1.0


def _draw(page: pypdfium2.PdfPage, request: RenderRequest, part: Rectangle | None) -> pypdfium2.PdfBitmap:
    """Draws the page, or the given part of it (in the page's units)."""
    if min(page.get_size()) <= 0:  # a crop box outside the page, which stamping repairs
        page.set_cropbox(*page.get_mediabox())
    width, height = page.get_size()
    left, bottom, right, top = part or (0.0, 0.0, width, height)
    scale = request.width_px / max(right - left, 0.01)  # a point, where units are largest
    if (top - bottom) * scale > _SIDES_MAX * request.width_px:
        scale = _SIDES_MAX * request.width_px / (top - bottom)
    return page.render(
        scale=scale,
        crop=(left, bottom, width - right, height - top),
        rev_byteorder=True,
        prefer_bgrx=True,
        bitmap_maker=_make_bitmap,
    )


def _make_bitmap(width: int, height: int, **kind: int) -> pypdfium2.PdfBitmap:
    """Makes a bitmap, in large pages if it is large: getting 500 small ones takes longer than drawing."""
    size = 4 * width * height
    buffer = _large_pages(size) if size >= _LARGE_PAGE_BYTES // 2 else None
    return pypdfium2.PdfBitmap.new_native(width, height, buffer=buffer, **kind)


def _large_pages(size: int) -> ctypes.Array[ctypes.c_ubyte] | None:
    """Memory of at least this size. None if the kernel has none or no large pages."""
    whole = -(-size // _LARGE_PAGE_BYTES) * _LARGE_PAGE_BYTES  # so the kernel aligns it
    try:
        memory = mmap.mmap(-1, whole, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.madvise(mmap.MADV_HUGEPAGE)
    except OSError:
        return None
    return (ctypes.c_ubyte * whole).from_buffer(memory)


def encode_page(image: Image.Image, quality: int) -> RenderedPage:
    """Encodes the picture as a JPEG, in grey when it has no colour."""
    grey = without_colour(image)
    return encode_picture(image.convert("RGB") if grey is None else grey, quality)


def encode_picture(picture: Image.Image, quality: int) -> RenderedPage:
    """Encodes the picture as a JPEG with its colours (L or RGB)."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return RenderedPage(jpeg=out.getvalue(), width_px=picture.width)


def without_colour(image: Image.Image) -> Image.Image | None:
    """Returns the picture in grey; None if it has colour.

    Without colour, the green values alone are enough.
    """
    return image.getchannel("G") if _is_grey(image) else None


_SAMPLED = 3


def _is_grey(image: Image.Image) -> bool:
    """Whether the picture has no colour.

    Looks at each third dot of each third line: stamps cover many of them.
    """
    size = (max(1, image.width // _SAMPLED), max(1, image.height // _SAMPLED))
    red, green, blue, _ = image.resize(size, Image.Resampling.NEAREST).split()
    if red.tobytes() == green.tobytes() == blue.tobytes():  # the usual case, and quickly seen
        return True
    return all(_differs_little(red, other) for other in (green, blue))


def _differs_little(first: Image.Image, second: Image.Image) -> bool:
    largest = ImageChops.difference(first, second).getextrema()[1]
    return isinstance(largest, int | float) and largest < 24


assert pdfium_c  # loads the library while the process may still open files
