"""The last rung of the ladder: what qpdf can't mend, PDFium perhaps can. Runs in the jail."""

from __future__ import annotations

import io

import pypdfium2


def rewrite_by_pdfium(data: bytes, password: str = "") -> bytes | None:
    """The file as PDFium reads and writes it, without encryption; None when it can't read it either."""
    try:
        document = pypdfium2.PdfDocument(data, password=password or None)
    except pypdfium2.PdfiumError:
        return None
    try:
        out = io.BytesIO()
        document.save(out, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
        return out.getvalue()
    except pypdfium2.PdfiumError:
        return None
    finally:
        document.close()
