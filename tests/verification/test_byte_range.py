"""The shape of a byte range, each condition alone: in whole files another rule often speaks first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from meterai.pdf.signed.byte_range import (
    ByteRange,
    ShapeError,
    check_belongs,
    gap_content,
    read_byte_range,
    without_padding,
)

BEFORE = b"%PDF-1.7\n1 0 obj\n<< /Contents "
GAP = b"<30020500>"
AFTER = b" >>\nendobj\n%%EOF\n"
DATA = BEFORE + GAP + AFTER
START, END, SIZE = len(BEFORE), len(BEFORE + GAP), len(DATA)
SHAPE = ByteRange(gap_start=START, gap_end=END, end=SIZE)
CONTENT = b"\x30\x02\x05\x00"


@pytest.mark.parametrize("last", [b"", b"\n", b"\r", b"\r\n"])
def test_a_byte_range_reaches_from_the_first_byte_to_the_end_of_a_revision(last: bytes) -> None:
    data = DATA.removesuffix(b"\n") + last
    whole = ByteRange(gap_start=START, gap_end=END, end=len(data))
    for behind in (b"", b"later\n%%EOF\n"):
        assert read_byte_range(data + behind, [0, START, END, len(data) - END]) == whole


@pytest.mark.parametrize(
    "numbers",
    [
        None,
        (0, START, END, SIZE - END),
        [0, START, END],
        [0, START, END, SIZE - END, 0],
        [False, START, END, SIZE - END],
        [0, START, END, float(SIZE - END)],
        [1, START, END, SIZE - END],
        [-1, START, END, SIZE - END],
        [0, 0, END, SIZE - END],
        [0, -START, END, SIZE - END],
        [0, START, START, SIZE - START],
        [0, END, START, SIZE - START],
        [0, START, SIZE, 0],
        [0, START, SIZE + 9, -9],
        [0, START, END, SIZE - END + 1],
        [0, START, END, SIZE - END - 2],
    ],
    ids=repr,
)
def test_numbers_that_are_another_shape(numbers: object) -> None:
    with pytest.raises(ShapeError):
        read_byte_range(DATA, numbers)


@pytest.mark.parametrize("last", [b"\n\n", b"\n\r", b" ", b"x", b"\0"])
def test_a_revision_ends_with_one_line(last: bytes) -> None:
    data = DATA.removesuffix(b"\n") + last
    with pytest.raises(ShapeError):
        read_byte_range(data, [0, START, END, len(data) - END])


@pytest.mark.parametrize(
    ("gap", "content"), [(b"<>", b""), (b"<0a>", b"\x0a"), (b"<0A00>", b"\x0a\0"), (b"<12>", b"\x12")]
)
def test_the_gap_is_one_string_of_digits_in_one_case(gap: bytes, content: bytes) -> None:
    inside = ByteRange(gap_start=1, gap_end=1 + len(gap), end=9)
    assert gap_content(b"<" + gap + b">", inside) == content


@pytest.mark.parametrize(
    "gap", [b"0a", b"<0a", b"0a>", b"<a>", b"<0a0>", b"<aA>", b"< 0a>", b"<0a\n>", b"<0g>"]
)
def test_a_gap_that_is_something_else(gap: bytes) -> None:
    with pytest.raises(ShapeError):
        gap_content(gap, ByteRange(gap_start=0, gap_end=len(gap), end=9))


def test_what_follows_the_structure_in_the_gap_are_zeros() -> None:
    assert without_padding(CONTENT, 4) == without_padding(CONTENT + b"\0\0", 4) == CONTENT
    for content, length in ((CONTENT + b"\0\1", 4), (CONTENT, 5)):
        with pytest.raises(ShapeError):
            without_padding(content, length)


def signature(contents: Any = CONTENT, offset: Any = 9, number: int = 1) -> Any:
    """A signature dictionary that was read from an object at `offset`, as the last section has it."""
    reference = generic.Reference(
        number, 0, pdf=SimpleNamespace(xrefs={generic.Reference(number, 0): offset})
    )
    found = generic.DictionaryObject()
    if contents is not None:
        found[pdf_name("/Contents")] = generic.ByteStringObject(contents)
    found.container_ref = reference
    return found


def test_the_gap_belongs_to_the_dictionary_around_it() -> None:
    check_belongs(DATA, signature(), SHAPE, CONTENT)


IN_TRAILER = signature()
IN_TRAILER.container_ref = generic.TrailerReference(SimpleNamespace())
A_NUMBER = signature()
A_NUMBER[pdf_name("/Contents")] = generic.NumberObject(0)


@pytest.mark.parametrize(
    "dictionary",
    [
        signature(None),
        signature(CONTENT + b"\0"),
        A_NUMBER,
        IN_TRAILER,
        signature(offset=None),
        signature(offset=SimpleNamespace(obj_stream_id=1)),
        signature(offset=0),
        signature(offset=START),
        signature(offset=SIZE),
        signature(offset=8),
        signature(number=2),
    ],
    ids=[
        "without contents",
        "with other contents than the gap",
        "whose contents are no text",
        "in the trailer",
        "that is free",
        "in an object stream",
        "at the first byte",
        "in the gap",
        "in a later revision",
        "beside its place",
        "of another number",
    ],
)
def test_a_dictionary_elsewhere_is_another(dictionary: Any) -> None:
    """Its Reason is not what was signed."""
    with pytest.raises(ShapeError):
        check_belongs(DATA, dictionary, SHAPE, CONTENT)


def test_a_gap_behind_the_end_of_the_object_lies_in_another() -> None:
    data = BEFORE + b"<00> >>\nendobj\n2 0 obj\n<< /Contents " + GAP + AFTER
    start = data.index(GAP)
    shape = ByteRange(gap_start=start, gap_end=start + len(GAP), end=len(data))
    with pytest.raises(ShapeError):
        check_belongs(data, signature(), shape, CONTENT)
