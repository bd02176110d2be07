"""The empty signature fields of a document's stamps. Runs in the jail.

All are made before the first seal. Each seal then fills one of them, and changes nothing else that can be
seen.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from meterai.pdf.page_box import Rectangle
from meterai.pdf.signed.revision_views import drop_null_fields

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


def add_stamp_field(
    writer: IncrementalPdfFileWriter, field: StampField
) -> tuple[generic.IndirectObject, generic.IndirectObject]:
    """Makes the field with its widget, after the fields that the form has. Returns widget and page."""
    number, generation = field.page.objgen
    page = generic.IndirectObject(number, generation, writer)
    widget = writer.add_object(_widget(writer, field, page))
    fields = _fields_of(writer)
    fields.append(widget)
    writer.update_container(fields)
    writer.register_annotation(page, widget)
    return widget, page


def _fields_of(writer: IncrementalPdfFileWriter) -> generic.ArrayObject:
    """The form's list of fields. Makes list and form if there are none."""
    root = writer.root
    if "/AcroForm" not in root:
        # @signpdf, the usual signer in JavaScript, finds the form by its type, as the first entry
        form = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/AcroForm")})
        root[pdf_name("/AcroForm")] = writer.add_object(form)
        writer.update_root()
    form = root["/AcroForm"]
    drop_null_fields(root)
    if "/Fields" not in form:
        form[pdf_name("/Fields")] = generic.ArrayObject()
    form[pdf_name("/SigFlags")] = generic.NumberObject(_SIGNATURES_EXIST_APPEND_ONLY)
    form.pop("/NeedAppearances", None)
    writer.update_container(form)
    fields: generic.ArrayObject = form["/Fields"]
    return fields


def _widget(
    writer: IncrementalPdfFileWriter, field: StampField, page: generic.IndirectObject
) -> generic.DictionaryObject:
    """Makes field and widget as one dictionary (clause 12.5.6.19)."""
    corners = [generic.FloatObject(round(corner, 4)) for corner in field.rectangle]
    widget = _dictionary(
        {
            "/Type": pdf_name("/Annot"),
            "/Subtype": pdf_name("/Widget"),
            "/FT": pdf_name("/Sig"),
            "/T": generic.pdf_string(field.name),
            "/TU": generic.pdf_string(field.text),
            "/F": generic.NumberObject(FLAGS),
            "/Rect": generic.ArrayObject(corners),
            "/P": page,
        }
    )
    if field.rotation:
        widget[pdf_name("/MK")] = _dictionary({"/R": generic.NumberObject(field.rotation)})
    if field.lock:  # all fields, and with them the document (clause 12.7.4.5, table 233; ISO 32000-2)
        lock = {
            "/Type": pdf_name("/SigFieldLock"),
            "/Action": pdf_name("/All"),
            "/P": generic.NumberObject(1),
        }
        widget[pdf_name("/Lock")] = writer.add_object(_dictionary(lock))
    return widget


def _dictionary(entries: dict[str, Any]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})
