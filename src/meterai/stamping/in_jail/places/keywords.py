"""Finds a text on the pages of a document. Runs in the jail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pypdfium2

from meterai.pdf.page_box import Rectangle
from meterai.pdf.rendering import page_of
from meterai.pdf.requests import PageSize
from meterai.stamping.in_jail.places.covering import unit_of
from meterai.stamping.in_jail.places.page_text import PageText
from meterai.stamping.wanted_places import AtKeyword, page_number

_LINE_PT = 4.0
"""Texts whose upper edges differ by less stand on one line."""


class FoundWords(NamedTuple):
    """A place of the text."""

    page: int
    box: Rectangle
    """In points of the visible page."""


class Found(NamedTuple):
    """The wanted place of the text, and how many were seen on the way to it."""

    words: FoundWords | None
    seen: int


def find_keyword(document: pypdfium2.PdfDocument, sizes: Sequence[PageSize], wanted: AtKeyword) -> Found:
    """Finds the wanted occurrence of a text. Pages behind it are not read.

    `sizes`: of the document's pages.
    """
    pattern = re.compile(r"\s+".join(map(re.escape, wanted.keyword.split())), re.IGNORECASE)
    backwards, count = wanted.occurrence < 0, 0
    for number in _pages(wanted, len(sizes)):
        found = _on_page(page_of(document, number), number, sizes[number - 1], pattern)
        for words in reversed(found) if backwards else found:
            count += 1
            if count == abs(wanted.occurrence):
                return Found(words, count)
    return Found(None, count)


def _pages(wanted: AtKeyword, count: int) -> Sequence[int]:
    """The pages on which the text is looked for, the one to begin with first."""
    if wanted.page is not None:
        number = page_number(wanted.page, count)
        return [number] if 1 <= number <= count else []
    return range(count, 0, -1) if wanted.occurrence < 0 else range(1, count + 1)


def _on_page(
    page: pypdfium2.PdfPage, number: int, size: PageSize, pattern: re.Pattern[str]
) -> list[FoundWords]:
    """All places of the text on a page, from the upper left to the lower right."""
    text = page.get_textpage()
    try:
        boxes = list(_boxes(PageText(page, text, unit_of(page, size.width_pt)), pattern))
    finally:
        text.close()
    boxes.sort(key=lambda box: (-round(box[3] / _LINE_PT), box[0]))
    return [FoundWords(number, box) for box in boxes]


def _boxes(text: PageText, pattern: re.Pattern[str]) -> Iterator[Rectangle]:
    for match in pattern.finditer(text.content):
        letters = [text.box(at) for at in range(match.start(), match.end()) if not text.content[at].isspace()]
        left, bottom, right, top = zip(*letters, strict=True)
        yield min(left), min(bottom), max(right), max(top)
