"""Whatever can't be read is the third verdict: never a pass, never an exception."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.verification.model import SEAL_HOLDS, Verdict
from tests.verification.making import Stamper, assemble, letter


def _page(extra: bytes = b"") -> list[bytes]:
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] " + extra + b" >>",
    ]


def _encrypted(user: str) -> bytes:
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def _packed(stream: bytes) -> bytes:
    packed = zlib.compress(stream, 9)
    return b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)


def _object_stream_bomb() -> bytes:
    packed = zlib.compress(b"4 0 " + b" " * 200_000_000, 9)
    return b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(packed),
        packed,
    )


def _kids_loop() -> list[bytes]:
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
    ]


UNREADABLE = {
    "empty": (b"", "pdf.empty"),
    "text": (b"Saya bukan PDF", "pdf.not_pdf"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "pdf.not_pdf"),
    "header alone": (b"%PDF-1.7\n", "pdf.broken"),
    "encrypted for the reader": (_encrypted("rahasia"), "pdf.encrypted"),
    "encrypted for the owner": (_encrypted(""), "pdf.encrypted"),
    "too large": (b"%PDF-1.7\n" + b"0" * CHECKED_BYTES_MAX, "pdf.too_large"),
    "no pages": (
        assemble([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]),
        "pdf.no_pages",
    ),
    "no catalog": (assemble([b"null"]), "pdf.broken"),
    "pages in a loop": (assemble(_kids_loop()), "pdf.broken"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_the_third_verdict_with_its_reason(stamper: Stamper, name: str) -> None:
    data, reason = UNREADABLE[name]
    judgement = stamper.judge(data)
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert judgement.reasons == (reason,)


WITHOUT_A_STAMP = {
    "page twice": assemble([_page()[0], b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>", _page()[2]]),
    "wrong startxref": letter().replace(b"startxref\n", b"startxref\n9"),
}


@pytest.mark.parametrize("name", WITHOUT_A_STAMP)
def test_what_only_strict_readers_refuse_carries_no_stamp(stamper: Stamper, name: str) -> None:
    judgement = stamper.judge(WITHOUT_A_STAMP[name])
    assert (judgement.verdict, judgement.reasons) == (Verdict.NO_STAMP, ("stamp.none",))


def test_a_page_count_of_two_thousand_millions_is_not_believed(stamper: Stamper) -> None:
    pages = _page()
    pages[1] = b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>"
    judgement = stamper.judge(assemble(pages))
    assert judgement.pages == 1
    assert judgement.reasons == ("stamp.none",)


BOMBS_AND_LOOPS: dict[str, Callable[[], list[bytes]]] = {
    "nesting": lambda: [*_page(), b"[" * 20_000 + b"]" * 20_000],
    "nested box": lambda: [
        *_page()[:2],
        b"<< /Type /Page /MediaBox " + b"[" * 5000 + b"]" * 5000 + b">>",
    ],
    "field loop": lambda: [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        *_page()[1:],
        b"<< /T (a) /Kids [4 0 R] >>",
    ],
    "nested fields": lambda: [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields " + b"[" * 3000 + b"]" * 3000 + b" >> >>",
        *_page()[1:],
    ],
    "compression": lambda: [*_page(b"/Contents 4 0 R"), _packed(b" " * 100_000_000)],
    "object stream": lambda: [*_page(), _object_stream_bomb()],
    "field is its value": lambda: [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        *_page()[1:],
        b"<< /FT /Sig /T (Emet) /V 4 0 R >>",
    ],
    "annotations no list": lambda: [*_page(b"/Annots 3 0 R")],
    "odd page": lambda: [*_page(b"/Rotate (x) /CropBox [1 2]")],
}
"""The objects of a file, by name; made by the test, for each process of the suite reads this."""


@pytest.mark.parametrize("name", BOMBS_AND_LOOPS)
def test_bombs_and_loops_end_in_a_verdict_that_is_no_pass(stamper: Stamper, name: str) -> None:
    data = assemble(BOMBS_AND_LOOPS[name]())
    assert stamper.judge(data).verdict not in SEAL_HOLDS


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_random_bytes_behind_a_header_never_raise(stamper: Stamper, tail: bytes) -> None:
    assert stamper.judge(b"%PDF-1.7\n" + tail).verdict not in SEAL_HOLDS
