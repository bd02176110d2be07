"""Form fields as a reader draws them. Runs in the jail.

A file may leave the drawing of its fields to the reader: `NeedAppearances`, or a widget without `/AP` (ISO
32000-1 clause 12.7.2). Before such fields become page content, PDFium draws them, as it does in browsers and
for the page that the customer looked at. qpdf's own drawing knows neither borders nor lists.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2


def complete_appearances(pdf: pikepdf.Pdf, pages: list[Any], data: bytes, password: str = "") -> None:
    """Gives the fields on `pages` of `pdf`, which was parsed from `data`, the appearances PDFium makes."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return
    all_anew = bool(form.get("/NeedAppearances"))
    wanting = [number for number, page in enumerate(pages) if all_anew or _lacks_appearances(page)]
    if not wanting:
        return
    try:
        drawn = pikepdf.open(io.BytesIO(_draw(data, password, wanting)), suppress_warnings=True)
        for number in wanting:
            _copy_appearances(drawn, drawn.pages[number].obj, pdf, pages[number], all_anew=all_anew)
    except (pypdfium2.PdfiumError, pikepdf.PikepdfError, IndexError):
        pdf.generate_appearance_streams()
    if all_anew:
        del form["/NeedAppearances"]


def _widgets(page: Any) -> list[Any]:
    annotations = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return []
    return [
        item
        for item in annotations
        if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Widget"
    ]


def _lacks_appearances(page: Any) -> bool:
    return any("/AP" not in widget for widget in _widgets(page))


def _draw(data: bytes, password: str, pages: list[int]) -> bytes:
    """The file as PDFium writes it after it loaded the pages, which is when it draws their fields."""
    document = pypdfium2.PdfDocument(data, password=password or None)
    try:
        document.init_forms()
        for number in pages:
            document[number].close()
        out = io.BytesIO()
        document.save(out, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
        return out.getvalue()
    finally:
        document.close()


def _copy_appearances(
    source: pikepdf.Pdf, drawn: Any, target: pikepdf.Pdf, page: Any, *, all_anew: bool
) -> None:
    widgets, drawings = _widgets(page), _widgets(drawn)
    if len(widgets) != len(drawings):
        raise IndexError("another number of fields")
    for widget, drawing in zip(widgets, drawings, strict=True):
        if "/AP" in widget and not all_anew:
            continue
        if isinstance(drawing.get("/AP"), pikepdf.Dictionary):
            widget["/AP"] = target.copy_foreign(source.make_indirect(drawing["/AP"]))
        if "/AS" in drawing:
            widget["/AS"] = pikepdf.Name(str(drawing["/AS"]))
