"""An object that an increment writes again keeps its values."""

from __future__ import annotations

import io

import pikepdf
import pytest

from meterai.pdf.opening.doubts import has_guessed
from meterai.stamping.in_jail.increment import IncrementWriter
from tests.pdf import samples

READ = [b"0.0000001", b"-0.00000012", b"/A#0Ab", b"<fffe4c0061000000>", b"<efbbbfc3a9>", b"/#e4b", b"/#c3#a4"]
"""Tiny numbers, names with a control character or letters of Latin-1 and UTF-8, texts in other encodings."""


@pytest.mark.parametrize("found", READ, ids=bytes.decode)
def test_what_was_found_in_a_page_is_there_when_the_page_is_written_once_more(found: bytes) -> None:
    """pyHanko would write 1E-7, /A#Ab, other bytes for the text, and /#C3#A4 for the name in Latin-1."""
    page = b"<< /VP [ << /Name %s /%s 1 >> ] >>" % (found, found.strip(b"/<>"))
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.pages[0].obj["/PieceInfo"] = pikepdf.Object.parse(page)
        pdf.save(stream := io.BytesIO())
    writer = IncrementWriter(stream)
    reference, _ = writer.find_page_for_modification(0)
    writer.mark_update(reference)
    writer.write_in_place()
    with pikepdf.open(stream) as pdf:
        assert pdf.pages[0].obj["/PieceInfo"].unparse() == pikepdf.Object.parse(page).unparse()
        assert not has_guessed(pdf)
