"""The text of a page, and where it stands."""

from __future__ import annotations

from functools import cached_property

import pypdfium2
import pypdfium2.raw as pdfium_c

from meterai.pdf.ink import seen_box
from meterai.pdf.page_box import PageBox, Rectangle

_GAP = 1.5
"""Gap between two words, in heights of a letter, that divides a line into columns."""
_LINE_MAX = 80
"""Letters of the longest line that is looked at as a whole."""


class PageText:
    """The text of a page, and where it stands."""

    def __init__(self, page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, unit: float) -> None:
        self.content = text.get_text_range()
        self._text = text
        self._page = page
        self._unit = unit
        self._is_even = text.count_chars() == len(self.content)

    @cached_property
    def _seen(self) -> PageBox:
        return seen_box(self._page)

    def box(self, at: int) -> Rectangle:
        """The place of a letter, in points of the visible page."""
        number = at if self._is_even else pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._text, at)
        left, bottom, right, top = self._seen.to_visible(self._text.get_charbox(max(number, 0), loose=True))
        return left * self._unit, bottom * self._unit, right * self._unit, top * self._unit

    def box_of(self, start: int, end: int) -> Rectangle:
        """The place of some letters of one line."""
        while self.content[start] == " ":
            start += 1
        first, last = self.box(start), self.box(end - 1)
        return first[0], min(first[1], last[1]), last[2], max(first[3], last[3])

    def line_around(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the line of some words begins and ends, within its column. None if it is long."""
        content = self.content
        left, right = start, end
        while left > 0 and content[left - 1] not in "\r\n" and not self._is_divided(left - 1):
            left -= 1
            if end - left > _LINE_MAX:
                return None
        while right < len(content) and content[right] not in "\r\n" and not self._is_divided(right):
            right += 1
            if right - left > _LINE_MAX:
                return None
        return left, right

    def _is_divided(self, at: int) -> bool:
        """Whether a blank stands between two columns."""
        if self.content[at] != " " or not 0 < at < len(self.content) - 1:
            return False
        first, second = self.box(at - 1), self.box(at + 1)
        return second[0] - first[2] > _GAP * max(first[3] - first[1], 1.0)
