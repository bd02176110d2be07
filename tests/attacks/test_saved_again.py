"""Stamped files that another program saved again, and files without a stamp that strict readers refuse."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from meterai.verification.model import Judgement, Verdict
from tests.attacks.bases import SUM, Bases
from tests.attacks.signing import signed_by_somebody
from tests.verification.making import letter


def by_qpdf(**options: object) -> Callable[[bytes], bytes]:
    def save(data: bytes) -> bytes:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            out = io.BytesIO()
            pdf.save(out, **options)  # type: ignore[arg-type]
        return out.getvalue()

    return save


def by_pdfium(data: bytes) -> bytes:
    document, out = pypdfium2.PdfDocument(data), io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def by_pyhanko(data: bytes) -> bytes:
    out = io.BytesIO()
    copy_into_new_writer(PdfFileReader(io.BytesIO(data))).write(out)
    return out.getvalue()


def by_mutool(*options: str) -> Callable[[bytes], bytes]:
    def save(data: bytes) -> bytes:
        program = shutil.which("mutool")
        if program is None:
            pytest.skip("mutool is not installed")
        before, after = Path("before.pdf"), Path("after.pdf")
        before.write_bytes(data)
        subprocess.run([program, "clean", *options, str(before), str(after)], check=True, capture_output=True)
        return after.read_bytes()

    return save


def without_value(data: bytes) -> bytes:
    """As programs save that keep the form and drop the signature."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            del field["/V"]
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def without_form(data: bytes) -> bytes:
    """As programs save that keep the picture's annotation alone."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.Root["/AcroForm"]
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def badly(data: bytes) -> bytes:
    """Saved again with a table that strict readers refuse."""
    return by_qpdf(static_id=True)(data).replace(b"0000000000 65535 f", b"0000000000 65536 f")


SAVED: dict[str, Callable[[bytes], bytes]] = {
    "qpdf": by_qpdf(),
    "qpdf, object streams": by_qpdf(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "qpdf, for the web": by_qpdf(linearize=True),
    "qpdf, to be read": by_qpdf(qdf=True),
    "qpdf, strings as they come": by_qpdf(normalize_content=True, compress_streams=False),
    "qpdf, another version": by_qpdf(force_version="2.0"),
    "pdfium": by_pdfium,
    "pyhanko": by_pyhanko,
    "mutool": by_mutool(),
    "mutool, collected": by_mutool("-gggg"),
    "mutool, unpacked": by_mutool("-d"),
    "without the signature": without_value,
    "without the form": without_form,
    "badly": badly,
}
BASES = ("final", "two", "to be signed", "signed before", "signed afterwards")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", SAVED)
def test_a_stamped_file_that_was_saved_again_is_no_forgery_by_name(
    bases: Bases, name: str, base: str
) -> None:
    judgement = bases.judge(SAVED[name](bases[base]))
    assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, "stamp.saved_again")
    assert "signature.byte_range" not in judgement.reasons
    assert all(stamp.page is None and stamp.box is None for stamp in judgement.stamps)


def test_a_signed_file_without_a_stamp_that_was_saved_again(bases: Bases) -> None:
    judgement = bases.judge(by_qpdf()(signed_by_somebody(letter(SUM))))
    assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, "signature.saved_again")


def table_of_65536(data: bytes) -> bytes:
    return data.replace(b"0000000000 65535 f", b"0000000000 65536 f")


REFUSED: dict[str, Callable[[], bytes]] = {
    "free entry 65536": lambda: table_of_65536(letter(SUM)),
    "free entry of another generation": lambda: letter(SUM).replace(b"65535 f", b"00000 f"),
    "first entry in use": lambda: letter(SUM).replace(b"0000000000 65535 f", b"0000000009 00000 n"),
    "wrong startxref": lambda: letter(SUM).replace(b"startxref\n", b"startxref\n9"),
    "wrong size": lambda: letter(SUM).replace(b"/Size ", b"/Size 9"),
    "words in front": lambda: b"HTTP/1.1 200 OK\r\n\r\n" + letter(SUM),
    "byte order mark in front": lambda: b"\xef\xbb\xbf" + letter(SUM),
    "line ends of another system": lambda: letter(SUM).replace(b"\nendobj\n", b"\nendobj\r\n"),
    "without endobj": lambda: letter(SUM).replace(b"endobj", b"      ", 2),
    "something behind the end": lambda: letter(SUM) + b"<!-- sent by a web server -->",
    "zeros behind the end": lambda: letter(SUM) + bytes(100),
    "without startxref": lambda: letter(SUM).replace(b"startxref", b"         "),
    "length of a stream wrong": lambda: letter(SUM).replace(b"/Length ", b"/Length 9"),
    "many pages": lambda: letter(SUM, pages=401),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_a_stamp_says_so_also_when_strict_readers_refuse_it(bases: Bases, name: str) -> None:
    judgement: Judgement = bases.judge(REFUSED[name]())
    assert (judgement.verdict, judgement.reasons) == (Verdict.NO_STAMP, ("stamp.none",))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "damage",
    [
        table_of_65536,
        lambda data: data.replace(b"startxref\n", b"startxref\n9"),
        lambda data: b"HTTP/1.1 200 OK\r\n\r\n" + data,
        lambda data: data.replace(b"endobj", b"      ", 1),
        lambda data: data[: len(data) * 9 // 10],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"/ByteRange", b"/BiteRange"),
    ],
    ids=["entry", "startxref", "in front", "endobj", "end lost", "half lost", "byte range lost"],
)
def test_with_a_trace_of_a_stamp_a_damaged_file_is_never_without_one(
    bases: Bases, base: str, damage: Callable[[bytes], bytes]
) -> None:
    judgement = bases.judge(damage(bases[base]))
    assert judgement.verdict in (Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK), judgement.reasons
