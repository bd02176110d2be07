"""The quick writer writes what pyHanko writes."""

from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from meterai.pdf.opening.structure import has_guessed
from meterai.stamping.in_jail import increment, serialising
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import SealRequest
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

OBJECTS = [
    generic.NullObject(),
    generic.BooleanObject(True),
    generic.NumberObject(-12),
    generic.FloatObject("0.10"),
    pdf_name("/Plain"),
    pdf_name("/With space#and(Ä)/slash"),
    generic.TextStringObject("Surat (pernyataan) \\ Müller"),
    generic.TextStringObject("印紙"),
    generic.ByteStringObject(b"\x00\xff("),
    generic.ArrayObject([generic.NumberObject(1), generic.ArrayObject([pdf_name("/A")])]),
    generic.DictionaryObject({pdf_name("/K"): generic.DictionaryObject({pdf_name("/L"): pdf_name("/M")})}),
    generic.StreamObject({pdf_name("/Type"): pdf_name("/XObject")}, encoded_data=b"q Q"),
]


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_each_kind_is_written_as_pyhanko_writes_it(value: generic.PdfObject) -> None:
    quick, slow = io.BytesIO(), io.BytesIO()
    serialising.write(value, quick)
    value.write_to_stream(slow, None)
    assert quick.getvalue() == slow.getvalue()


def test_a_utf_8_string_keeps_its_encoding() -> None:
    value = generic.TextStringObject("印紙")
    value.force_output_encoding = generic.TextStringEncoding.UTF8
    quick, slow = io.BytesIO(), io.BytesIO()
    serialising.write(value, quick)
    value.write_to_stream(slow, None)
    assert quick.getvalue() == slow.getvalue()


READ = [b"0.0000001", b"-0.00000012", b"/A#0Ab", b"<fffe4c0061000000>", b"<efbbbfc3a9>", b"/#e4b", b"/#c3#a4"]
"""Tiny numbers, names with a control character or letters of Latin-1 and UTF-8, texts in other encodings."""


@pytest.mark.parametrize("found", READ, ids=bytes.decode)
def test_what_was_found_in_a_page_is_there_when_the_page_is_written_once_more(found: bytes) -> None:
    """pyHanko would write 1E-7, /A#Ab, other bytes for the text, and /#C3#A4 for the name in Latin-1."""
    page = b"<< /VP [ << /Name %s /%s 1 >> ] >>" % (found, found.strip(b"/<>"))
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.pages[0].obj["/PieceInfo"] = pikepdf.Object.parse(page)
        pdf.save(stream := io.BytesIO())
    writer = increment.IncrementWriter(stream)
    reference, _ = writer.find_page_for_modification(0)
    writer.mark_update(reference)
    writer.write_in_place()
    with pikepdf.open(stream) as pdf:
        assert pdf.pages[0].obj["/PieceInfo"].unparse() == pikepdf.Object.parse(page).unparse()
        assert not has_guessed(pdf)


@pytest.mark.parametrize("stamps", [1, 2])
def test_a_whole_revision_is_the_same(
    stamps: int, bench: SealingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [Placement(page=1, x=50, y=60), Placement(page=1, x=300, y=60)][:stamps]
    request = SealRequest(
        data=samples.letter(),
        stamps=[bench.stamp(place, name=str(number)) for number, place in enumerate(places)],
        signing_time=datetime(2026, 8, 17, tzinfo=UTC),
    )
    quick = prepare_seal(request)
    plain: Any = IncrementalPdfFileWriter._write_objects
    monkeypatch.setattr(increment.IncrementWriter, "_write_objects", plain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quick == prepare_seal(request)
