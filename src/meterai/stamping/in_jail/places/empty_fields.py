"""Empty signature fields that others will sign: kept when the rest of the form is flattened.

Runs in the jail. A new field is made with the old one's name and place, and nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pikepdf

from meterai.pdf.limits import PLACES_TO_SIGN_MAX
from meterai.pdf.opening.structure import OpenedDocument
from meterai.pdf.signed.signature_fields import place_to_sign

_PRINTED = 0b100
"""The annotation flag Print (ISO 32000-1 clause 12.5.3)."""


@dataclass(frozen=True)
class EmptyField:
    """A visible field that waits for a signature."""

    page: Any
    widget: Any
    name: str
    rectangle: list[Any]


def find_empty_fields(document: OpenedDocument) -> list[EmptyField]:
    """Finds the fields in the order of the pages: each name once, and no field of a stamp."""
    found: dict[str, EmptyField] = {}
    for walked in document.pages:
        annotations = walked.page.get("/Annots")
        for item in annotations if isinstance(annotations, pikepdf.Array) else ():
            if name := place_to_sign(item):
                found.setdefault(name, EmptyField(walked.page, item, name, list(item["/Rect"])))
    return list(found.values())[:PLACES_TO_SIGN_MAX]


def restore_fields(pdf: pikepdf.Pdf, fields: list[EmptyField]) -> None:
    """Puts the fields into a new form."""
    if not fields:
        return
    made = pikepdf.Array()
    for field in fields:
        widget = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T=pikepdf.String(field.name),
                F=_PRINTED,
                Rect=pikepdf.Array(field.rectangle),
                P=field.page,
            )
        )
        if "/Annots" not in field.page:
            field.page["/Annots"] = pikepdf.Array()
        field.page["/Annots"].append(widget)
        made.append(widget)
    pdf.Root["/AcroForm"] = pdf.make_indirect(pikepdf.Dictionary(Fields=made))
