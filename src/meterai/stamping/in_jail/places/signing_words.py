"""Finds where people sign by the words that stand there, such as "Hormat saya" and "Meterai"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

import pypdfium2

from meterai.pdf.page_box import Rectangle
from meterai.pdf.placeholder_words import is_placeholder
from meterai.stamping.in_jail.places.aims import Aim
from meterai.stamping.in_jail.places.page_text import PageText

_LOOKED_AT_MAX = 6
"""Places of one stem that are looked at, from the end of the page on."""
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
        found = list(_found(PageText(page, text, unit)))
    finally:
        text.close()
    return max(found, key=lambda one: one[:3])[3] if found else None


def _found(text: PageText) -> Iterator[tuple[int, float, float, Aim]]:
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
