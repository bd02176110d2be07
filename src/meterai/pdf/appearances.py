"""Gives form fields and written comments the appearance that a reader would draw. Runs in the jail.

A file may leave the drawing of its fields to the reader: `NeedAppearances`, or a widget without `/AP` (ISO
32000-1 clause 12.7.2). Before such fields become page content, PDFium draws them, as it does in browsers and
for the page image that the customer saw. The drawing by qpdf knows neither borders nor lists.

Written comments (FreeText) are drawn too. PDFium draws those without `/AP` in the fonts of the file's form,
which is removed later.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c

from meterai.pdf.opening.by_pdfium import opened

_FIELD, _WRITTEN = "/Widget", "/FreeText"


def complete_appearances(pdf: pikepdf.Pdf, pages: list[Any], data: bytes, password: str = "") -> None:
    """Gives fields and comments on `pages` of `pdf`, parsed from `data`, PDFium's appearances."""
    form: Any = pdf.Root.get("/AcroForm")
    has_form = isinstance(form, pikepdf.Dictionary)
    all_anew = has_form and bool(form.get("/NeedAppearances"))
    written = {number for number, page in enumerate(pages) if _lacks_appearances(page, _WRITTEN)}
    wanting = [
        number
        for number, page in enumerate(pages)
        if all_anew or number in written or (has_form and _lacks_appearances(page, _FIELD))
    ]
    if not wanting:
        return
    try:
        drawn = pikepdf.open(io.BytesIO(_draw(data, password, wanting, written)), suppress_warnings=True)
        for number in wanting:
            for kind in (_FIELD, _WRITTEN):
                found, looks = _of_kind(pages[number], kind), _of_kind(drawn.pages[number].obj, kind)
                _copy_appearances(drawn, looks, pdf, found, all_anew=all_anew and kind == _FIELD)
    except (pypdfium2.PdfiumError, pikepdf.PikepdfError, IndexError):
        pdf.generate_appearance_streams()
    if all_anew:
        del form["/NeedAppearances"]


def _of_kind(page: Any, kind: str) -> list[Any]:
    annotations = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return []
    return [
        item for item in annotations if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == kind
    ]


def _lacks_appearances(page: Any, kind: str) -> bool:
    return any(not _has_face(item) for item in _of_kind(page, kind))


def _has_face(item: Any) -> bool:
    """Whether there is an appearance under `/AP`: readers ignore an empty entry."""
    faces = item.get("/AP")
    return isinstance(faces, pikepdf.Dictionary) and isinstance(
        faces.get("/N"), pikepdf.Stream | pikepdf.Dictionary
    )


def _draw(data: bytes, password: str, pages: list[int], written: set[int]) -> bytes:
    """Returns the file as PDFium writes it after loading the pages, which makes it draw their fields.

    PDFium draws comments with their page, so pages in `written` are drawn, on a single dot.
    """
    with opened(data, password) as document:
        for number in pages:
            page = document[number]
            if number in written:
                dot = pypdfium2.PdfBitmap.new_native(1, 1, pdfium_c.FPDFBitmap_BGRx)
                pdfium_c.FPDF_RenderPageBitmap(dot, page, 0, 0, 1, 1, 0, pdfium_c.FPDF_ANNOT)
            page.close()
        out = io.BytesIO()
        document.save(out, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        return out.getvalue()


def _copy_appearances(
    source: pikepdf.Pdf, looks: list[Any], target: pikepdf.Pdf, found: list[Any], *, all_anew: bool
) -> None:
    if len(found) != len(looks):
        raise IndexError("another number of fields")
    for item, drawing in zip(found, looks, strict=True):
        if _has_face(item) and not all_anew:
            continue
        if isinstance(drawing.get("/AP"), pikepdf.Dictionary):
            item["/AP"] = target.copy_foreign(source.make_indirect(drawing["/AP"]))
        if "/AS" in drawing:
            item["/AS"] = drawing["/AS"]
