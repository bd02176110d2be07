"""Each limit on a file's weight by itself, lowered so that the files are small."""

from __future__ import annotations

import zlib

import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.limits import DEFAULT_LIMITS, Limits
from meterai.pdf.opening import weight
from meterai.pdf.opening.structure import open_document
from meterai.pdf.opening.weight import check_weight
from tests.hostile.raw import document, drawing, flate, stream

FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]"


def too_heavy(data: bytes, limits: Limits) -> str:
    """What is too heavy about a file; empty when nothing is."""
    try:
        check_weight(open_document(data, DEFAULT_LIMITS), limits)
    except Refusal as refusal:
        return str(refusal.facts["what"])
    return ""


def run_lengths(unpacked_bytes: int) -> bytes:
    return b"\x81\x00" * (unpacked_bytes // 128) + b"\x80"


def lzw(codes: int) -> bytes:
    """A run of zeros, each code one byte longer than the one before (ISO 32000-1 clause 7.4.4)."""
    bits = "".join(f"{code:09b}" for code in (256, 0, *range(258, 258 + codes), 257))
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


ZEROS = bytes(20_000)
TWICE = zlib.compress(zlib.compress(ZEROS))
UNPACKED = {
    "one plain stream": ([stream(bytes(6_000))], False),
    "two plain streams together": ([stream(bytes(6_000))] * 2, True),
    "one packed stream": ([flate(bytes(6_000))], False),
    "two packed streams together": ([flate(bytes(6_000))] * 2, True),
    "one that is packed as well as can be": ([flate(ZEROS)], True),
    "packed, in a list": ([stream(zlib.compress(ZEROS), b"/Filter [/FlateDecode]")], True),
    "packed twice": ([stream(TWICE, b"/Filter [/FlateDecode /FlateDecode]")], True),
    "packed, the filter's name in short": ([stream(zlib.compress(ZEROS), b"/Filter [/Fl]")], True),
    "packed by run lengths": ([stream(run_lengths(20_000), b"/Filter /RunLengthDecode")], True),
    "packed by run lengths, in short": ([stream(run_lengths(20_000), b"/Filter /RL")], True),
    "packed and packed by run lengths": (
        [stream(zlib.compress(run_lengths(20_000)), b"/Filter [/FlateDecode /RunLengthDecode]")],
        True,
    ),
    "packed and written in letters": (
        [stream(zlib.compress(ZEROS).hex().encode() + b">", b"/Filter [/ASCIIHexDecode /FlateDecode]")],
        True,
    ),
    "packed by LZW": ([stream(lzw(200), b"/Filter /LZWDecode")], True),
    "packed by LZW, in short": ([stream(lzw(200), b"/Filter /LZW")], True),
    "a photograph's bytes as they are": ([stream(bytes(6_000), b"/Filter /DCTDecode")], False),
}


@pytest.mark.parametrize("name", UNPACKED)
def test_streams_together_unpack_to_no_more_than_allowed(name: str) -> None:
    streams, heavy = UNPACKED[name]
    limits = Limits(unpacked_bytes_max=10_000)
    assert too_heavy(document(*streams), limits) == ("unpacked" if heavy else "")


def test_what_may_just_be_too_much_is_unpacked_and_no_further_than_allowed() -> None:
    zeros = bytes(1_000_000)
    assert too_heavy(document(flate(zeros)), Limits(unpacked_bytes_max=700_000)) == "unpacked"
    assert too_heavy(document(flate(zeros)), Limits(unpacked_bytes_max=1_000_000)) == ""
    assert weight._inflated_bytes(zlib.compress(zeros), 1, 1000) == 1001


PICTURES = {
    "grey": (b"/Width 100 /Height 100 /BitsPerComponent 8 /ColorSpace /DeviceGray", False),
    "grey, a line more": (b"/Width 100 /Height 101 /BitsPerComponent 8 /ColorSpace /DeviceGray", True),
    "grey of 16 bits": (b"/Width 80 /Height 80 /BitsPerComponent 16 /ColorSpace /DeviceGray", True),
    "in three colours": (b"/Width 55 /Height 55 /BitsPerComponent 8 /ColorSpace /DeviceRGB", False),
    "in four colours": (b"/Width 55 /Height 55 /BitsPerComponent 8 /ColorSpace /DeviceCMYK", True),
    "in colours of a profile": (
        b"/Width 60 /Height 60 /BitsPerComponent 8 /ColorSpace [/ICCBased 3 0 R]",
        True,
    ),
    "from a palette": (
        b"/Width 60 /Height 60 /BitsPerComponent 8 /ColorSpace [/Indexed /DeviceRGB 0 <000000>]",
        False,
    ),
    "that says nothing of its bits": (b"/Width 110 /Height 110 /ColorSpace /DeviceGray", True),
    "a mask of one bit": (b"/Width 200 /Height 200 /ImageMask true", False),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_unpacks_to_no_more_than_allowed(name: str) -> None:
    entries, heavy = PICTURES[name]
    data = document(stream(b"", b"/Type /XObject /Subtype /Image " + entries))
    assert too_heavy(data, Limits(picture_bytes_max=10_000)) == ("picture" if heavy else "")


def chain(forms: int) -> bytes:
    """Each form draws the next one."""
    links = [
        stream(b"/X Do", FORM + b" /Resources << /XObject << /X %d 0 R >> >>" % (number + 6))
        for number in range(forms - 1)
    ]
    return drawing(b"/X Do", b"/XObject << /X 5 0 R >>", *links, stream(b"", FORM))


def inherited(times: int) -> bytes:
    """The page's resources are in the page tree."""
    tree = b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /XObject << /X 5 0 R >> >> >>"
    return document(stream(b"/X Do " * times), stream(b"", FORM), page=b"/Contents 4 0 R", pages=tree)


def in_parts(times: int) -> bytes:
    """The name is in one part of the content, the operator in the next one."""
    return document(
        stream(b"/X"),
        stream(b"Do"),
        stream(b"", FORM),
        page=b"/Contents [%s] /Resources << /XObject << /X 6 0 R >> >>" % (b"4 0 R 5 0 R " * times),
    )


def in_each_other(outer: int, inner: int) -> bytes:
    resources = b" /Resources << /XObject << /Y 6 0 R >> >>"
    return drawing(
        b"/X Do " * outer,
        b"/XObject << /X 5 0 R >>",
        stream(b"/Y Do " * inner, FORM + resources),
        stream(b"", FORM),
    )


DRAWINGS = {
    "ten times": (drawing(b"/X Do " * 10, b"/XObject << /X 5 0 R >>", stream(b"", FORM)), False),
    "eleven times": (drawing(b"/X Do " * 11, b"/XObject << /X 5 0 R >>", stream(b"", FORM)), True),
    "by a name of other characters": (
        drawing(b"/a-b_1.+ Do " * 11, b"/XObject << /a-b_1.+ 5 0 R >>", stream(b"", FORM)),
        True,
    ),
    "a picture, which is drawn as often as you like": (
        drawing(b"/X Do " * 11, b"/XObject << /X 5 0 R >>", stream(b"", b"/Subtype /Image")),
        False,
    ),
    "twice, each drawing four": (in_each_other(2, 4), False),
    "three times, each drawing four": (in_each_other(3, 4), True),
    "by itself": (
        drawing(
            b"/X Do",
            b"/XObject << /X 5 0 R >>",
            stream(b"/X Do", FORM + b" /Resources << /XObject << /X 5 0 R >> >>"),
        ),
        True,
    ),
    "with resources of the page tree": (inherited(11), True),
    "by content in parts": (in_parts(11), True),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWINGS)
def test_forms_are_drawn_no_more_often_than_allowed(name: str) -> None:
    data, heavy = DRAWINGS[name]
    assert too_heavy(data, Limits(drawings_max=10)) == ("drawings" if heavy else "")


def test_forms_are_drawn_in_each_other_to_a_certain_depth() -> None:
    assert too_heavy(chain(30), DEFAULT_LIMITS) == ""
    assert too_heavy(chain(60), DEFAULT_LIMITS) == "drawings"
    assert too_heavy(chain(30), Limits(nesting_max=20)) == "drawings"


def test_a_file_has_no_more_objects_than_allowed() -> None:
    data = document(*[b"0"] * 7)
    assert too_heavy(data, Limits(objects_max=10)) == ""
    assert too_heavy(data, Limits(objects_max=9)) == "objects"
