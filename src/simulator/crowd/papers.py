"""Documents that applicants bring: letters of one page, as large as asked for."""

from __future__ import annotations

import io
import os

from fpdf import FPDF
from PIL import Image

_WORDS = (
    "Yang bertanda tangan di bawah ini menyatakan dengan sesungguhnya bahwa seluruh data dan dokumen yang "
    "disampaikan dalam pendaftaran seleksi ini adalah benar. Apabila di kemudian hari ternyata tidak benar, "
    "saya bersedia menerima akibatnya sesuai ketentuan yang berlaku."
)


def make_letter(title: str, name: str, *, size_bytes: int = 100_000) -> bytes:
    """A PDF 1.7 letter of one A4 page with a signature block, filled up with a scan to about `size_bytes`."""
    pdf = FPDF(format="A4")
    pdf.set_creator("simulator")
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 15)
    pdf.cell(0, 12, title, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=11)
    pdf.ln(6)
    for _ in range(3):
        pdf.multi_cell(0, 6, _WORDS)
        pdf.ln(3)
    pdf.text(130, 225, "Jakarta, hari ini")
    pdf.text(130, 260, name)
    filling = size_bytes - 3_000
    if filling > 0:
        pdf.image(io.BytesIO(_scan(filling)), x=20, y=140, w=60)
    pdf.pdf_version = "1.7"
    return bytes(pdf.output())


def _scan(size_bytes: int) -> bytes:
    """A grey JPEG of noise: what can't be packed further, like a scan. Its size is near `size_bytes`."""
    side = max(8, round((size_bytes / 0.52) ** 0.5))
    picture = Image.frombytes("L", (side, side), os.urandom(side * side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def paper_of(paper: bytes, number: int) -> bytes:
    """Everybody's own file: nothing of one person's document is made ready by another's."""
    return paper.replace(b"(simulator)", b"(sim%06d)" % (number % 1_000_000), 1)
