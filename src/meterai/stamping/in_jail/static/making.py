"""Makes a document look on paper, at each zoom and after each click as on the screen. Runs in the jail.

What depends on the view (`pdf/view_dependent.py`) is removed, and layers become part of their pages or are
gone. If PDFium then draws a page in another way, readers differ on what the document shows: it is refused.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf

from meterai.pdf.opening.structure import OpenedDocument, refuse
from meterai.pdf.view_dependent import POSTSCRIPT, TRANSFERS, Found, Trait, find_view_dependent
from meterai.stamping.in_jail.static.empty_form import empty
from meterai.stamping.in_jail.static.fixing_layers import fix_layers
from meterai.stamping.in_jail.static.same_pages import same_pages


def make_static(document: OpenedDocument, data: bytes, password: str = "") -> bytes:
    """Makes the opened document static. Returns the file that shows what its pages show now.

    That is `data`, from which it was opened, unless what PDFium draws depended on the view.

    Comments in a hidden layer keep their entry for layers: flattening drops them.

    Raises: Refusal INVALID `pdf.not_static`.
    """
    found = find_view_dependent(document.pdf)
    for entry in found:
        if entry.trait is not Trait.LAYERS:
            _remove(entry)
    layered = any(entry.trait is Trait.LAYERS for entry in found)
    if layered:
        fix_layers(document, found)
    if not layered and not any(entry.key in TRANSFERS for entry in found):
        return data
    static = _written(document.pdf)
    if not same_pages(data, password, static):
        raise refuse("pdf.not_static")
    return static


def _remove(entry: Found) -> None:
    if entry.key == POSTSCRIPT:
        empty(entry.holder)
    elif entry.key in entry.holder:
        del entry.holder[entry.key]


def _written(pdf: pikepdf.Pdf) -> bytes:
    out: Any = io.BytesIO()
    pdf.save(out, static_id=True, fix_metadata_version=False, compress_streams=False)
    return bytes(out.getvalue())
