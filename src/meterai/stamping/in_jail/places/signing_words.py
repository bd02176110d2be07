"""Finds where people sign by the words that stand there, such as "Hormat saya" and "Meterai"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium_c

from meterai.pdf.ink import seen_box
from meterai.pdf.page_box import PageBox, Rectangle
from meterai.pdf.placeholder_words import is_placeholder
from meterai.stamping.in_jail.places.aims import Aim

_LOOKED_AT_MAX = 6
"""Places of one stem that are looked at, from the end of the page on."""
_GAP = 1.5
"""Gap between two words, in heights of a letter, that divides a line into columns."""
_LINE_MAX = 80
"""Letters of the longest line that is such a word."""
_ROOM_PT = 66.0
"""The height of the room in which people sign."""
_WIDTH_PT = 110.0
"""How wide a signature is."""


class _Side(Enum):
    """Where people sign, seen from the words."""

    HERE = "here"
    """The stamp itself goes here."""
    BELOW = "below"
    ABOVE = "above"
    BESIDE = "beside"


class _Words(NamedTuple):
    """Words that stand alone on a line."""

    side: _Side
    weight: int
    """Heavier words win."""
    after_max: int
    """How many letters of the page may follow."""
    stems: str
    """How the words begin, or what they contain, in small letters."""
    line: str
    """Their whole line."""


_MONTHS = (
    "januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember|"
    "january|february|march|may|june|july|august|october|december"
)
_ROLES = (
    r"pemohon|pelamar|pemberi \w+|penerima \w+|penyewa|yang menyewakan|pemilik|penjual|pembeli|"
    r"pihak (?:pertama|kedua|ketiga|i{1,3}|penyewa|penjual|pembeli)|mengetahui|menyetujui|"
    r"disetujui(?: oleh)?|direktur(?: \w+){0,2}|ketua(?: \w+){0,3}|kepala(?: \w+){1,4}|"
    r"orang ?tua(?: ?/ ?wali)?|penjamin|peminjam|peserta|mahasiswa|karyawan|pekerja|"
    r"applicant|(?:the )?(?:first|second) party|lessor|lessee|landlord|tenant|borrower|lender|"
    r"buyer|seller|employee|employer|director|for and on behalf of(?: [\w.]+){1,5}"
)
_ROLE_STEMS = (
    "pemohon|pelamar|pemberi|penerima|penyewa|yang menyewakan|pemilik|penjual|pembeli|pihak |"
    "mengetahui|etujui|direktur|ketua|kepala|orang tua|orangtua|penjamin|peminjam|peserta|"
    "mahasiswa|karyawan|pekerja|applicant|party|lessor|lessee|landlord|tenant|borrower|lender|"
    "buyer|seller|employe|director|behalf of"
)
_YANG = "yang "
_CLOSINGS = "|".join(
    (
        r"hormat (?:saya|kami)|salam hormat|pembuat pernyataan",
        rf"(?:saya )?{_YANG}(?:menyatakan|membuat(?: \w+){{0,2}}|bertanda ?tangan|bersangkutan)",
        rf"{_YANG}(?:memberi(?:kan)?(?: \w+){{1,2}}|(?:menerima|mengajukan)(?: \w+){{0,2}})",
        rf"{_YANG}(?:memohon|melamar|berjanji|menyerahkan)",
        r"(?:yours )?(?:sincerely|faithfully|truly|respectfully)(?: yours)?",
        r"(?:(?:with )?(?:best|kind|warm) )?regards|the undersigned",
    )
)
_CLOSING_STEMS = "|".join(
    (
        "hormat saya|hormat kami|salam hormat|pembuat pernyataan",
        *(
            _YANG + verb
            for verb in ("menyatakan", "membuat", "bertanda", "bersangkutan", "member", "menerima")
        ),
        *(_YANG + verb for verb in ("mengajukan", "memohon", "melamar", "berjanji", "menyerahkan")),
        "sincerely|faithfully|truly|respectfully|regards|undersigned",
    )
)
_SIGNATURES = (
    r"tanda ?tangan|ttd|(?:authori[sz]ed )?signature|signed(?: by)?|authori[sz]ed signatory|sign here"
)
_PAGE = 1_000_000
_WORDS = (
    _Words(_Side.HERE, 5, _PAGE, "meterai|materai", ""),
    _Words(
        _Side.BELOW, 4, _PAGE, _CLOSING_STEMS, rf"(?:{_CLOSINGS})[ ,.:;/]*(?:{_ROLES}|{_CLOSINGS})?[ ,.:]*"
    ),
    _Words(
        _Side.BESIDE,
        4,
        _PAGE,
        "tanda tangan|tandatangan|ttd|signature|signed|signatory|sign here",
        rf"\(?(?:{_SIGNATURES})(?: (?:of |dan |& ?)?[\w']+){{0,4}}[ ,.:;…_)(-]*",
    ),
    _Words(_Side.BELOW, 3, 900, _ROLE_STEMS, rf"(?:{_ROLES})[ ,.:;]*"),
    _Words(_Side.ABOVE, 3, 500, "(", r"\([^()]{2,60}\)"),
    _Words(_Side.ABOVE, 2, 500, "nip|nik", r"ni[pk][ .:]*[\d .…_]{4,}"),
    _Words(_Side.ABOVE, 2, 500, "______|......|………", r"[_.… ]{10,}"),
    _Words(
        _Side.BELOW, 1, 700, _MONTHS, rf"[\w .]{{3,40}}, ?(?:\d{{1,2}}|[.…_ ]{{2,}}) ?(?:{_MONTHS}).{{0,12}}"
    ),
)
_STEMS = [words.stems.split("|") for words in _WORDS]
_LINES = [re.compile(words.line, re.IGNORECASE) for words in _WORDS]


def find_signing_place(page: pypdfium2.PdfPage, unit: float = 1.0) -> Aim | None:
    """The place where people sign on a page; None if no word says so.

    `unit`: the page's UserUnit, which PDFium does not know. The heaviest words win, and the lowest of them.
    """
    text = page.get_textpage()
    try:
        found = list(_found(_PageText(page, text, unit)))
    finally:
        text.close()
    return max(found, key=lambda one: one[:3])[3] if found else None


class _PageText:
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


def _found(text: _PageText) -> Iterator[tuple[int, float, float, Aim]]:
    """Weight, depth on the page, and place to the right of the heaviest words."""
    small = text.content.lower()
    if len(small) != len(text.content):  # letters of which the small ones are two
        small = text.content
    weight = 0
    for words, stems, line in zip(_WORDS, _STEMS, _LINES, strict=True):
        if words.weight < weight:
            return
        for at, stem in _places_of(stems, small, max(0, len(small) - words.after_max)):
            place = text.line_around(at, at + len(stem))
            if place is None:
                continue
            written = " ".join(text.content[slice(*place)].split())
            if is_placeholder(written) if words.side is _Side.HERE else line.fullmatch(written):
                weight = words.weight
                box = text.box_of(*place)
                yield weight, -box[1], box[0], _aim(box, words.side)


def _places_of(stems: list[str], text: str, start: int) -> Iterator[tuple[int, str]]:
    """Where the stems stand, those at the end first, and only some of each."""
    for stem in stems:
        at = text.rfind(stem, start)
        for _ in range(_LOOKED_AT_MAX):
            if at < 0:
                break
            yield at, stem
            at = text.rfind(stem, start, at)


def _aim(box: Rectangle, side: _Side) -> Aim:
    """The room in which people sign, seen from its words."""
    left, bottom, right, top = box
    if side is _Side.HERE:
        return Aim(box, is_for_stamp=True)
    if side is _Side.BELOW:
        return Aim((left, bottom - _ROOM_PT, max(right, left + _WIDTH_PT), bottom))
    if side is _Side.ABOVE:
        return Aim((left, bottom, max(right, left + _WIDTH_PT), top + _ROOM_PT))
    return Aim((left, bottom - _ROOM_PT / 2, max(right, left + _WIDTH_PT), top + _ROOM_PT / 2))
