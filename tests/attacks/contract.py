"""A contract that is signed after it was stamped: sums, places to sign on, prepared fields, an empty page."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import pikepdf
import pypdfium2
from fpdf import FPDF
from PIL import Image, ImageChops
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.pdf.profiles import Profile
from tests.attacks.bases import GENUINE, Bases
from tests.attacks.looks import Place
from tests.verification.making import NOW

_MM = 72 / 25.4
_TOP = 841.89
SIZE = 12.0


class Spot(NamedTuple):
    """The end of a piece of text, on its base line, in points from the lower left corner of the page."""

    x: float
    y: float


SUM = "Harga: Rp 10.000"
_DOTTED, _RULED, _NAMES = 200.0, 200.0, 212.0
"""Heights in millimetres from the top."""
PLACES: dict[str, Place] = {"Saksi": (250, 230, 380, 290), "Notaris": (140, 600, 240, 640)}
"""The second one is close behind a line of text."""


def contract(*, fields: bool = True) -> bytes:
    """Two pages; the second one has no more than a heading."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(NOW)
    pdf.add_page()
    pdf.set_font("helvetica", size=SIZE)
    pdf.text(20, 30, "PERJANJIAN SEWA")
    pdf.text(20, 45, SUM)
    pdf.text(20, 52, "Kedua pihak sepakat seperti tertulis di bawah ini.")
    pdf.text(20, 80, "Catatan:")
    pdf.text(20, 180, "Pihak Pertama,")
    pdf.text(20, _DOTTED, "(" + "." * 40 + ")")
    pdf.text(20, _NAMES, "Budi Santoso")
    pdf.text(120, 180, "Pihak Kedua,")
    pdf.line(120, _RULED, 180, _RULED)
    pdf.text(120, _NAMES, "Siti Rahma")
    pdf.text(120, 235, "_" * 25)
    pdf.add_page()
    pdf.text(20, 20, "Halaman tanda tangan")
    data = bytes(pdf.output())
    return _with_fields(data) if fields else data


def _with_fields(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    for name, place in PLACES.items():
        append_signature_field(writer, SigFieldSpec(sig_field_name=name, box=place))  # type: ignore[arg-type]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def behind(words: str, down_mm: float) -> Spot:
    """Where a text that begins at the left margin ends."""
    pdf = FPDF(format="A4")
    pdf.set_font("helvetica", size=SIZE)
    return Spot(20 * _MM + pdf.get_string_width(words) * _MM, _TOP - down_mm * _MM)


def from_top(left_mm: float, down_mm: float) -> Spot:
    return Spot(left_mm * _MM, _TOP - down_mm * _MM)


BEHIND_SUM = behind(SUM, 45)
DOTTED, RULED, SCORED = from_top(20, _DOTTED), from_top(120, _RULED), from_top(120, 235)
NAMES = from_top(20, _NAMES), from_top(120, _NAMES)


def sealed(source: bytes) -> Callable[[Bases], bytes]:
    """Stamped in the lower left corner, to be signed."""
    return lambda bases: bases.sealed(source, profile=Profile.SIGN_LATER)[0]


def turned(data: bytes, angle: int) -> bytes:
    """The pages lie on their side: what is written upright in them is read from below."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            page.obj["/Rotate"] = angle
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def scan(data: bytes, shade: int = 0) -> bytes:
    """Each page as a picture, grey and a little noisy. `shade`: how much darker one side is."""
    pages = []
    document = pypdfium2.PdfDocument(data)
    for page in document:
        drawn = page.render(scale=150 / 72).to_pil().convert("L")
        noise = Image.effect_noise(drawn.size, 12).point([min(20, abs(v - 128)) for v in range(256)])
        paper = ImageChops.subtract(drawn.point([30 + v * 215 // 255 for v in range(256)]), noise)
        light = Image.linear_gradient("L").rotate(90).resize(drawn.size)
        light = light.point([value * shade // 255 for value in range(256)])
        pages.append(ImageChops.subtract(paper, light))
    document.close()
    out = FPDF(unit="pt", format=(595.28, 841.89))
    out.set_creation_date(NOW)
    for picture in pages:
        out.add_page()
        picture.save(kept := io.BytesIO(), "JPEG", quality=60)
        out.image(kept, 0, 0, 595.28, 841.89)
    return bytes(out.output())


PREPARED: dict[str, Callable[[Bases], bytes]] = {
    "contract": sealed(contract()),
    "scanned contract": sealed(scan(contract(fields=False))),
    "photographed contract": sealed(scan(contract(fields=False), shade=110)),
    "turned contract": sealed(turned(contract(), 90)),
}
GENUINE.update(PREPARED)
