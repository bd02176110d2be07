"""Sealed files that a program saved again, or turned into something else."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from tests.attacks import edges
from tests.changes.kind import GONE, HARMLESS, REFUSED, Kind, Make, Start, kinds

_STREAMS = pikepdf.ObjectStreamMode


def by_qpdf(change: Callable[[pikepdf.Pdf], None] = lambda _: None, **options: object) -> Make:
    def make(start: Start) -> bytes:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            change(pdf)
            out = io.BytesIO()
            pdf.save(out, **options)  # type: ignore[arg-type]
        return out.getvalue()

    return make


def by_pdfium(flags: int) -> Make:
    def make(start: Start) -> bytes:
        document = pypdfium2.PdfDocument(start.data)
        try:
            out = io.BytesIO()
            document.save(out, flags=flags)
        finally:
            document.close()
        return out.getvalue()

    return make


def by_pyhanko(start: Start) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(start.data)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_command(*words: str) -> Make:
    """A program of the system; IN and OUT stand for the files."""

    def make(start: Start) -> bytes | None:
        if shutil.which(words[0]) is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            source, result = Path(folder) / "in.pdf", Path(folder) / "out.pdf"
            source.write_bytes(start.data)
            named = {"IN": str(source), "OUT": str(result)}
            subprocess.run([named.get(word, word) for word in words], check=True, capture_output=True)
            return result.read_bytes()

    return make


def _author(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Author"] = "Lain"


def _blank_page(pdf: pikepdf.Pdf) -> None:
    pdf.add_blank_page(page_size=(595, 842))


def _no_annotations(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.obj["/Annots"] = pikepdf.Array()


def _attached(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["lain.txt"] = b"Rp99.000.000"


def on(maker: Callable[[object, bytes], bytes]) -> Make:
    return lambda start: maker(start.bases, start.data)


_FLAGS = pypdfium2.raw
KINDS: list[Kind] = [
    *kinds(
        "saved again",
        {
            "by qpdf": by_qpdf(),
            "by qpdf, linearised": by_qpdf(linearize=True),
            "by qpdf, in object streams": by_qpdf(object_stream_mode=_STREAMS.generate),
            "by qpdf, without object streams": by_qpdf(object_stream_mode=_STREAMS.disable),
            "by qpdf, unpacked": by_qpdf(
                compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized
            ),
            "by qpdf, to be read": by_qpdf(qdf=True),
            "by qpdf, contents normalised": by_qpdf(normalize_content=True),
            "by qpdf, as 1.4": by_qpdf(force_version="1.4"),
            "by qpdf, locked": by_qpdf(encryption=pikepdf.Encryption(user="", owner="x")),
            "with another author": by_qpdf(_author),
            "with a page more": by_qpdf(_blank_page),
            "with a file": by_qpdf(_attached),
            "by PDFium": by_pdfium(_FLAGS.FPDF_NO_INCREMENTAL),
            "by pyHanko": by_pyhanko,
            "by the command of qpdf": by_command("qpdf", "IN", "OUT"),
        },
        right=REFUSED,
    ),
    *kinds("saved again", {"by PDFium, as a revision": by_pdfium(_FLAGS.FPDF_INCREMENTAL)}, right=HARMLESS),
    *kinds(
        "made into another file",
        {
            "by PDFium, without security": by_pdfium(_FLAGS.FPDF_REMOVE_SECURITY),
            "without annotations": by_qpdf(_no_annotations),
            "drawn anew by Cairo": by_command("pdftocairo", "-pdf", "IN", "OUT"),
            "united by Poppler": by_command("pdfunite", "IN", "IN", "OUT"),
            "pages split": by_command("qpdf", "--empty", "--pages", "IN", "1", "--", "OUT"),
            "printed to a file": on(edges.flattened),
            "scanned": on(edges.scanned),
            "pasted": on(edges.picture_pasted),
            "its pages copied": on(edges.page_copied),
            "its drawing copied": on(edges.face_copied),
            "as an attachment": on(edges.attached),
            "the field emptied": on(edges.empty_field),
            "in an archive": on(edges.archive_in_front),
        },
        right=GONE,
    ),
]
