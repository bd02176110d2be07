"""Makes small real PDFs for the tests of stamping."""

from __future__ import annotations

import io

import pikepdf


def make_letter(text: str = "Surat pernyataan", pages: int = 1) -> bytes:
    """A letter on A4 with some lines of text. Another text gives other bytes."""
    pdf = pikepdf.new()
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595.28, 841.89))
        page.Resources = pikepdf.Dictionary(
            Font=pikepdf.Dictionary(
                F1=pikepdf.Dictionary(
                    Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
                )
            )
        )
        lines = "".join(
            f"BT /F1 12 Tf 72 {760 - 18 * n} Td ({text} {number + 1}.{n}) Tj ET\n" for n in range(20)
        )
        page.Contents = pdf.make_stream(lines.encode())
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()
