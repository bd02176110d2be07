"""The quick writer writes what pyHanko writes."""

from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

from meterai.stamping import increment, serialising
from meterai.stamping.placement import Placement
from meterai.stamping.preparation import prepare_seal
from meterai.stamping.requests import SealRequest

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
