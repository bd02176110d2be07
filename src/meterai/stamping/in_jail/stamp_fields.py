"""Makes the empty signature fields of a document's stamps while it is rewritten. Runs in the jail.

Each seal then fills one of them, and changes nothing else that can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

from meterai.pdf.page_box import Rectangle
from meterai.stamping.in_jail.structure_tags import tag_widget

FLAGS = 0b10000100  # locked, printed (ISO 32000-1 clause 12.5.3)
_SIGNATURES_EXIST_APPEND_ONLY = 0b11  # clause 12.7.2


@dataclass(frozen=True)
class StampField:
    """A signature field to be made, in the page's own coordinates."""

    name: str
    page: Any
    """The page's object (pikepdf)."""
    rectangle: Rectangle
    rotation: int
    lock: bool
    """Whether its seal locks every field and the document."""
    text: str
    """Alternative text of the stamp, for screen readers."""


def add_stamp_fields(pdf: pikepdf.Pdf, fields: Sequence[StampField]) -> None:
    """Makes each field with its widget, after the fields that the form has."""
    if not fields:
        return
    root = pdf.Root
    if "/AcroForm" not in root:
        root["/AcroForm"] = pdf.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array()))
    form = root["/AcroForm"]
    form["/SigFlags"] = _SIGNATURES_EXIST_APPEND_ONLY
    for field in fields:
        widget = pdf.make_indirect(_widget(pdf, field))
        form["/Fields"].append(widget)
        if "/Annots" not in field.page:
            field.page["/Annots"] = pikepdf.Array()
        field.page["/Annots"].append(widget)
        tag_widget(pdf, widget, field.page, text=field.text)


def _widget(pdf: pikepdf.Pdf, field: StampField) -> pikepdf.Dictionary:
    """Makes field and widget as one dictionary (clause 12.5.6.19)."""
    name = pikepdf.Name
    widget = pikepdf.Dictionary(
        Type=name.Annot,
        Subtype=name.Widget,
        FT=name.Sig,
        T=field.name,
        TU=field.text,
        F=FLAGS,
        Rect=pikepdf.Array([round(corner, 4) for corner in field.rectangle]),
        P=field.page,
    )
    if field.rotation:
        widget["/MK"] = pikepdf.Dictionary(R=field.rotation)
    if field.lock:  # all fields, and with them the document (clause 12.7.4.5, table 233; ISO 32000-2)
        lock = pikepdf.Dictionary(Type=name.SigFieldLock, Action=name.All, P=1)
        widget["/Lock"] = pdf.make_indirect(lock)
    return widget
