"""The quick reader reads what pyHanko reads, or leaves it to pyHanko."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.in_jail.quick_reading import QuickReader, is_readable, parse
from simulator.crowd.papers import make_letter
from tests.pdf import samples
from tests.pdf.tagged_files import tagged


def described(value: Any) -> Any:
    """Kinds, values and owners of an object and of what is in it."""
    owner = value.container_ref and (value.container_ref.idnum, value.container_ref.generation)
    if isinstance(value, generic.DictionaryObject):
        entries: Any = [(type(key), str(key), described(dict.__getitem__(value, key))) for key in value]
    elif isinstance(value, generic.ArrayObject):
        entries = [described(item) for item in list.__iter__(value)]
    else:
        entries = "null" if isinstance(value, generic.NullObject) else repr(value)
    return type(value), owner, entries


@pytest.mark.parametrize(
    "make",
    [
        samples.letter,
        samples.two_pages,
        lambda: tagged("several at the top"),
        lambda: make_letter("SURAT", "Siti", size_bytes=9000),
    ],
)
def test_objects_of_files_that_we_wrote_are_read_as_pyhanko_reads_them(make: Callable[[], bytes]) -> None:
    data = prepare_document(DocumentRequest(data=make())).data
    quick, slow = QuickReader(io.BytesIO(data)), PdfFileReader(io.BytesIO(data))
    plain = 0
    for number in range(1, int(slow.trailer["/Size"])):
        ref = generic.Reference(number, 0, slow)
        marker = slow.xrefs[ref]
        assert described(quick.get_object(ref)) == described(slow.get_object(ref))
        if isinstance(marker, int):
            plain += parse(data[marker : marker + 8192], ref, quick) is not None
    assert plain >= 3, "catalogue, page tree and page at least"


@pytest.mark.parametrize(
    "text",
    [
        b"<< /A 1 /A 2 >>",
        b"<< /A#20B 1 >>",
        b"<< /A (text) >>",
        b"<< /A <616263> >>",
        b"<< /A 1 % comment\n >>",
        b"<< /A 1 0 Rx >>",
        b"<< /A 1.2.3 >>",
        b"<< /A [ 1-2 ] >>",
        b"<< /A [ 1+2 ] >>",
        b"<< /A [ 1.5-2 ] >>",
        b"<< /A [ null1 ] >>",
        b"<< /A 1 ]",
        b"<< 1 /A >>",
        b"<< /A >>",
        b"<< /A 1 >> stream\n\nendstream",
        b"<< /A nullx >>",
        b"[ 1 2",
        b"[" * 30 + b"]" * 30,
        b"12",
    ],
)
def test_what_is_not_plain_is_left_to_pyhanko(text: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(samples.letter()))
    chunk = b"7 0 obj\n%b\nendobj\n" % text
    assert parse(chunk, generic.Reference(7, 0, reader), reader) is None
    assert parse(
        b"7 0 obj\n<< /A [ 1 -2.50 /B 3 0 R null true ] >>\nendobj\n", generic.Reference(7, 0, reader), reader
    )
    for other in (generic.Reference(8, 0, reader), generic.Reference(7, 1, reader)):
        assert parse(b"7 0 obj\n<< /A 1 >>\nendobj\n", other, reader) is None


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        (b"<< /Type /Catalog /Pages 2 0 R >>", True),
        (b"<< /Lang (id-ID) /Pages 2 0 R >>", True),
        (b"<< /Lang <fffe00> /Names << /A#20B [ 1 -.5 null ] >> >>", True),
        (b"<< /Lang (id-ID /Pages 2 0 R >>", False),
        (b"<< /A#2 1 >>", False),
        (b"<< /A 1 /B >>", False),
    ],
)
def test_a_dictionary_is_readable_when_pyhanko_reads_it(body: bytes, readable: bool) -> None:
    assert is_readable(body) is readable
