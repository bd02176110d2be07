"""Finds the words that mark a place for a stamp, such as "Meterai", and leaves them out of a drawing."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from meterai.pdf.page_box import Rectangle

_WANTED = ("meterai", "materai")
_PLACEHOLDER = re.compile(
    r"(?:[\s.,:;…_·()\[\]<>/-]*(?:e-?m[ae]terai|m[ae]terai|elektronik|tempel|tempat|di|sini|rp\.?|"
    r"10[.,]?000(?:,-|,00)?))+[\s.,:;…_·()\[\]<>/-]*",
    re.IGNORECASE,
)
"""A line of text that says nothing but where the stamp goes, and what a stamp costs."""
_GAP = 1.5
"""Gap between two letters, in heights of the first, that divides a line into columns."""
_AROUND = 100.0
"""How far outside a place (points) a placeholder may begin that reaches into it."""
_LINE_MAX = 80
"""Letters of the longest line that can be a placeholder."""


def is_placeholder(line: str) -> bool:
    """Whether a line of text says nothing but where the stamp goes."""
    return len(line) <= _LINE_MAX and _PLACEHOLDER.fullmatch(line) is not None


@contextmanager
def without_placeholders(page: pypdfium2.PdfPage, area: Rectangle) -> Iterator[None]:
    """The page without its placeholders in the area, in the page's own coordinates.

    Whatever lies above or below such a word is still drawn.
    """
    hidden: list[Any] = []
    text = page.get_textpage()
    try:
        for first, last in _placeholders(text, area):
            hidden += _whole_objects(text, first, last)
        for item in hidden:
            pdfium_c.FPDFPageObj_SetIsActive(item, False)
        yield
    finally:
        for item in hidden:
            pdfium_c.FPDFPageObj_SetIsActive(item, True)
        text.close()


def has_other_letters(text: pypdfium2.PdfTextPage, area: Rectangle) -> bool:
    """Whether letters or digits lie in the area, in the page's own coordinates, apart from placeholders."""
    found = sum(map(str.isalnum, text.get_text_bounded(*area)))
    if not found:
        return False
    inside = {index for first, last in _placeholders(text, _wider(area)) for index in range(first, last + 1)}
    marking = (i for i in inside if _letter(text, i).isalnum() and _touches(text.get_charbox(i), area))
    return found > sum(1 for _ in marking)


def _wider(area: Rectangle) -> Rectangle:
    """The area with what a placeholder may begin before it."""
    return area[0] - _AROUND, area[1] - _AROUND, area[2] + _AROUND, area[3] + _AROUND


def _placeholders(text: pypdfium2.PdfTextPage, area: Rectangle) -> Iterator[tuple[int, int]]:
    """First and last letter of each placeholder that has some of the area."""
    count = text.count_chars()
    for word in _WANTED:
        searcher = text.search(word)
        while (found := searcher.get_next()) is not None:
            start, length = found
            if not _touches(text.get_charbox(start), area):
                continue
            first, last = _line_around(text, start, start + length - 1, count)
            if is_placeholder(text.get_text_range(first, last - first + 1)):
                yield first, last
        searcher.close()


def _touches(box: Rectangle, area: Rectangle) -> bool:
    return box[0] < area[2] and area[0] < box[2] and box[1] < area[3] and area[1] < box[3]


def _line_around(text: pypdfium2.PdfTextPage, first: int, last: int, count: int) -> tuple[int, int]:
    """The letters left and right of a word that belong to its line and column."""
    start, end = first, last
    while (before := _next(text, start, -1, count)) is not None and last - before < _LINE_MAX:
        start = before
    while (after := _next(text, end, 1, count)) is not None and after - first < _LINE_MAX:
        end = after
    return start, end


def _next(text: pypdfium2.PdfTextPage, index: int, step: int, count: int) -> int | None:
    """The next letter of the same line and column, past blanks: some have no place of their own."""
    other = index + step
    while 0 <= other < count and _letter(text, other) == " ":
        other += step
    if not 0 <= other < count or _letter(text, other) in "\r\n":
        return None
    first, second = (text.get_charbox(at, loose=True) for at in sorted((index, other)))
    height = max(first[3] - first[1], 1.0)
    level = min(first[3], second[3]) - max(first[1], second[1])
    return other if level > 0 and second[0] - first[2] < _GAP * height else None


def _letter(text: pypdfium2.PdfTextPage, index: int) -> str:
    code = pdfium_c.FPDFText_GetUnicode(text, index)
    return chr(code) if 0 < code < 0x110000 else ""


def _whole_objects(text: pypdfium2.PdfTextPage, first: int, last: int) -> list[Any]:
    """The objects that draw these letters and no others."""
    inside = {_object_of(text, index): None for index in range(first, last + 1)}
    outside = {
        _object_of(text, index)
        for index in (*range(max(0, first - _LINE_MAX), first), *range(last + 1, last + _LINE_MAX))
    }
    return [ctypes.cast(key, pdfium_c.FPDF_PAGEOBJECT) for key in inside if key and key not in outside]


def _object_of(text: pypdfium2.PdfTextPage, index: int) -> int:
    """The address of the object that draws a letter; 0 if none does."""
    found = pdfium_c.FPDFText_GetTextObject(text, index)
    return (ctypes.cast(found, ctypes.c_void_p).value or 0) if found else 0
