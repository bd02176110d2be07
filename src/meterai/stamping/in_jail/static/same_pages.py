"""Compares the pages of a file before and after it was made static, by PDFium. Runs in the jail."""

from __future__ import annotations

import pypdfium2

_DPI = 100
_DOTS_MAX = 40_000_000
"""Dots of all pages together: 40 pages of A4. Longer files are drawn coarser."""


def same_pages(before: bytes, password: str, after: bytes) -> bool:
    """Whether each page looks the same, dot for dot, without its comments and fields.

    False as well if PDFium can't read one of the files.
    """
    try:
        with (
            pypdfium2.PdfDocument(before, password=password or None) as old,
            pypdfium2.PdfDocument(after) as new,
        ):
            scale = min(_DPI / 72, (_DOTS_MAX / max(1.0, _size(old))) ** 0.5)
            return len(old) == len(new) and all(
                _draw(old, number, scale) == _draw(new, number, scale) for number in range(len(old))
            )
    except pypdfium2.PdfiumError:
        return False


def _size(document: pypdfium2.PdfDocument) -> float:
    sizes = (document.get_page_size(number) for number in range(len(document)))
    return float(sum(width * height for width, height in sizes))


def _draw(document: pypdfium2.PdfDocument, number: int, scale: float) -> bytes:
    page = document[number]
    try:
        if min(page.get_size()) <= 0:  # a crop box outside the page, which normalising removes
            page.set_cropbox(*page.get_mediabox())
        bitmap = page.render(scale=scale, draw_annots=False, may_draw_forms=False)
        return bytes(bitmap.buffer)
    finally:
        page.close()
