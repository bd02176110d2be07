"""Judges a stamped file as a stranger would: renderer, 2-D code reader, pyHanko, pdfsig and qpdf.

Nothing of the product judges its own work here. Everything runs on files that the ladder let through, so
it may parse outside the jail; `tests.corpus.run` still puts it into processes that may die.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pikepdf
import pypdfium2
import zxingcpp
from asn1crypto import pem, x509
from PIL import Image, ImageChops, ImageFilter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from meterai.stamping.placement import Placement

_PAGES_COMPARED_MAX = 12
_SIDE_PX = 640
"""Longest side of the pictures that are compared: about 55 dpi on A4, where a lost line of text shows."""
_CODE_DPI = 220
_DIFFERENT = 48
"""Grey levels from which a dot counts as different."""
_CHANGED_SHARE_MAX = 0.0006
"""Of a page's dots: a lost word on A4 has more."""
_AIR_PX = 3


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to the judges."""

    before: bytes
    after: bytes
    placement: Placement
    width_pt: float
    height_pt: float
    """Of the stamped page, as seen."""
    code: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the judges say; an empty string says that all is well."""

    code: str
    page: str
    pyhanko: str
    pdfsig: str
    qpdf: str

    @property
    def faults(self) -> list[str]:
        named = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return [f"{name}: {text}" for name, text in named if text]


def judge(stamped: Stamped, root_certificate: Path) -> Verdict:
    """All five verdicts on one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stamped.pdf"
        path.write_bytes(stamped.after)
        return Verdict(
            code=_read_code(stamped),
            page=_compare_pages(stamped, Path(folder)),
            pyhanko=_ask_pyhanko(stamped.after, root_certificate),
            pdfsig=_ask_pdfsig(path),
            qpdf=_ask_qpdf(path),
        )


def _read_code(stamped: Stamped) -> str:
    """Reads the 2-D code from the place where the stamp must be, rendered as a reader shows it."""
    document = pypdfium2.PdfDocument(stamped.after)
    document.init_forms()
    page = document[stamped.placement.page - 1]
    across = page.get_width() / stamped.width_pt  # PDFium knows no UserUnit
    left, bottom, right, top = (value * across for value in stamped.placement.rectangle)
    width, height = page.get_size()
    crop = (max(0.0, left), max(0.0, bottom), max(0.0, width - right), max(0.0, height - top))
    picture = page.render(scale=_CODE_DPI / 72 / across, crop=crop).to_pil()
    found = zxingcpp.read_barcode(picture.convert("L"))
    document.close()
    if found is None:
        return "not readable"
    return "" if found.text == stamped.code else "another code"


def _compare_pages(stamped: Stamped, folder: Path) -> str:
    """Every page looks as before, but for the stamp.

    Readers differ on damaged forms and the like. A page counts as damaged if PDFium says so and poppler,
    asked about that page only, agrees.
    """
    after = pypdfium2.PdfDocument(stamped.after)
    before = _open(stamped.before, pages=len(after))
    try:
        before.init_forms()
        after.init_forms()
        if len(before) != len(after):
            return f"{len(before)} pages became {len(after)}"
        for number in _pages_to_compare(len(after), stamped.placement.page):
            pictures = (_render(before[number - 1]), _render(after[number - 1]))
            fault = _fault(*pictures, number, stamped)
            if fault and _fault(*_by_poppler(stamped, folder, number), number, stamped):
                return fault
    finally:
        before.close()
        after.close()
    return ""


def _open(data: bytes, *, pages: int) -> pypdfium2.PdfDocument:
    """A file that PDFium can't read or show, or whose `/Count` it believes, as qpdf mends it."""
    with suppress(pypdfium2.PdfiumError, IndexError):
        document = pypdfium2.PdfDocument(data)
        sizes = (document[number].get_size() for number in range(min(pages, _PAGES_COMPARED_MAX)))
        if len(document) == pages and all(min(size) > 0 for size in sizes):
            return document
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        for page in pdf.pages:
            if "/CropBox" in page.obj and not _overlap(page.cropbox, page.mediabox):
                del page.obj["/CropBox"]
        pdf.save(out)
    return pypdfium2.PdfDocument(out.getvalue())


def _overlap(first: Any, second: Any) -> bool:
    (a, b, c, d), (e, f, g, h) = ([float(number) for number in box] for box in (first, second))
    return max(min(a, c), min(e, g)) < min(max(a, c), max(e, g)) and max(min(b, d), min(f, h)) < min(
        max(b, d), max(f, h)
    )


def _pages_to_compare(pages: int, stamped_page: int) -> list[int]:
    return sorted({*range(1, min(pages, _PAGES_COMPARED_MAX) + 1), stamped_page})


def _render(page: pypdfium2.PdfPage) -> Image.Image:
    picture: Image.Image = page.render(scale=_SIDE_PX / max(page.get_size())).to_pil()
    return picture.convert("RGB")


def _by_poppler(stamped: Stamped, folder: Path, number: int) -> list[Image.Image]:
    pictures = []
    for name, data in (("before", stamped.before), ("after", stamped.after)):
        (folder / f"{name}.pdf").write_bytes(data)
        command = ["pdftoppm", "-cropbox", "-singlefile", "-scale-to", str(_SIDE_PX), "-f", str(number)]
        _run(*command, str(folder / f"{name}.pdf"), str(folder / name))
        try:
            pictures.append(Image.open(folder / f"{name}.ppm"))
        except OSError:
            pictures.append(Image.new("RGB", (1, 1 + len(pictures))))
    return pictures


def _fault(before: Image.Image, after: Image.Image, number: int, stamped: Stamped) -> str:
    if before.size != after.size:
        return f"page {number} was {before.size}, is {after.size}"
    share = _changed_share(before, after, stamped if number == stamped.placement.page else None)
    return f"page {number}: {share:.2%} changed" if share > _CHANGED_SHARE_MAX else ""


def _changed_share(before: Image.Image, after: Image.Image, stamped: Stamped | None) -> float:
    smooth = ImageFilter.BoxBlur(1)  # letters may move by a part of a dot
    difference = ImageChops.difference(before.filter(smooth), after.filter(smooth))
    red, green, blue = difference.split()
    grey = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    if stamped is not None:
        grey.paste(0, _stamp_box(stamped, grey))
    changed = sum(grey.histogram()[_DIFFERENT:])
    return changed / (grey.width * grey.height)


def _stamp_box(stamped: Stamped, picture: Image.Image) -> tuple[int, int, int, int]:
    across, along = picture.width / stamped.width_pt, picture.height / stamped.height_pt
    left, bottom, right, top = stamped.placement.rectangle
    return (
        int(left * across) - _AIR_PX,
        int(picture.height - top * along) - _AIR_PX,
        int(right * across) + _AIR_PX + 1,
        int(picture.height - bottom * along) + _AIR_PX + 1,
    )


@lru_cache(maxsize=2)
def _context(root_certificate: Path) -> ValidationContext:
    root = x509.Certificate.load(pem.unarmor(root_certificate.read_bytes())[2])
    return ValidationContext(trust_roots=[root], allow_fetching=False, revocation_mode="soft-fail")


def _ask_pyhanko(data: bytes, root_certificate: Path) -> str:
    """The last signature, which is ours, is valid, trusted, time-stamped and covers the whole file."""
    try:
        signatures = PdfFileReader(io.BytesIO(data)).embedded_signatures
        if not signatures:
            return "no signature"
        context = _context(root_certificate)
        status = asyncio.run(async_validate_pdf_signature(signatures[-1], context, context))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if not status.bottom_line:
        return "not valid: " + status.summary()
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return f"covers {status.coverage.name}"
    return ""


def _ask_pdfsig(path: Path) -> str:
    """Our signature is valid and covers the document. What pdfsig can't say of strangers' is their matter."""
    done = _run("pdfsig", "-nocert", str(path))
    told = done.stdout.split("Signature #")[1:]
    ours = [text for text in told if "Signature Field Name: Emet" in text]
    if not ours:
        return f"status {done.returncode}: {done.stderr[:200]}"
    if "Signature Validation: Signature is Valid." not in ours[-1]:
        return " ".join(line.strip() for line in ours[-1].splitlines() if "Validation" in line)
    return "" if "Total document signed" in ours[-1] else "does not cover the document"


def _ask_qpdf(path: Path) -> str:
    done = _run("qpdf", "--check", str(path))
    return "" if done.returncode == 0 else f"status {done.returncode}: {done.stderr[:300]}"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
