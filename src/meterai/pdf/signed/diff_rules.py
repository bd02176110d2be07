"""pyHanko's rules for allowed changes, with two exceptions. Runs in the jail.

Unchanged metadata break no signature. pyHanko demands that they are well formed and begin with `x:xmpmeta`.
But that element may be left out (ISO 16684-1), older programs call it `x:xapmeta`, and some write no XML at
all. The next program that signs writes the first two forms again as `x:xmpmeta`.

Annotations that stand in a page's list directly, as FPDF writes them, break no signature either. pyHanko then
allows no new field on any page. Here they must be unchanged.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    FloatObject,
    IndirectObject,
    NullObject,
    NumberObject,
    Reference,
    StreamObject,
)
from pyhanko.pdf_utils.misc import IndirectObjectExpected, PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FieldComparisonContext,
    FormUpdate,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    ReferenceUpdate,
    SigFieldCreationRule,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules_api import RelativeContext

_OUTERMOST = frozenset(
    {"{adobe:ns:meta/}xmpmeta", "{adobe:ns:meta/}xapmeta", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"}
)


class MetadataRule(MetadataUpdateRule):
    """Applies pyHanko's rule to replaced metadata, old forms too. Unchanged metadata need no rule."""

    def __init__(self) -> None:
        super().__init__(check_xml_syntax=False)

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if metadata_untouched(old, new):
            return
        for view in (old, new):
            reference = _own_reference(view.root, "/Metadata")
            if reference is not None:
                _check_metadata(reference.get_object())
        yield from super().apply(old, new)


def _check_metadata(value: Any) -> None:
    """Raises: SuspiciousModification if a stream holds no metadata."""
    if not isinstance(value, StreamObject):
        raise SuspiciousModification("/Metadata is no stream.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        tree = etree.fromstring(value.read_data(DecodePurpose.XMP_METADATA), parser)
    except etree.XMLSyntaxError as error:
        raise SuspiciousModification("Metadata are no XML.") from error
    if tree.tag not in _OUTERMOST or any(True for _ in tree.iter(etree.Entity)):
        raise SuspiciousModification("Metadata are no XMP.")


def metadata_untouched(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """Whether two revisions of a file name the same metadata, and no revision between them rewrote it."""
    reference = _own_reference(old.root, "/Metadata")
    if reference is None or reference != _own_reference(new.root, "/Metadata"):
        return False
    xrefs = old.reader.xrefs
    return bool(
        xrefs.get_historical_ref(reference, old.revision) == xrefs.get_historical_ref(reference, new.revision)
    )


def _own_reference(holder: Any, key: str) -> Any:
    try:
        return holder.get_value_as_reference(key)
    except (KeyError, IndirectObjectExpected):
        return None


class NewFieldRule(SigFieldCreationRule):
    """pyHanko's rule for new signature fields, which are added to the annotations of their pages."""

    def __init__(self, *, allow_new_visible_after_certify: bool = False) -> None:
        super().__init__(
            approve_widget_bindings=False, allow_new_visible_after_certify=allow_new_visible_after_certify
        )

    def apply(self, context: FieldComparisonContext) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        yield from super().apply(context)
        widgets = dict(_new_widgets(context))
        if not widgets:
            return
        before, after = (list(_pages(view.root["/Pages"], ())) for view in (context.old, context.new))
        if [reference for reference, _ in before] != [reference for reference, _ in after]:
            raise SuspiciousModification("Unexpected change to page tree structure.")
        for (reference, old), (_, new) in zip(before, after, strict=True):
            for update in _joined(reference, old, new, widgets, context.old):
                yield _LTA, update


def _new_widgets(context: FieldComparisonContext) -> Iterator[tuple[Reference, str]]:
    """Yields the widgets of new signature fields, with the name of the field."""
    for name, spec in context.field_specs.items():
        reference = spec.new_field_ref
        if spec.field_type != "/Sig" or spec.old_field_ref or reference is None:
            continue
        field: Any = reference.get_object()
        if "/Kids" not in field:
            yield reference, name
            continue
        for kid in list.__iter__(field["/Kids"]):
            if "/T" not in kid.get_object():
                yield kid.reference, name


def _pages(node: Any, above: tuple[Reference, ...]) -> Iterator[tuple[Reference, Any]]:
    """Lists all pages and their parents, in order. Raises: PdfReadError when the page tree is broken."""
    kids = node.raw_get("/Kids").get_object()
    if not isinstance(kids, list):
        raise PdfReadError("Invalid page tree")
    for kid in list.__iter__(kids):
        if not isinstance(kid, IndirectObject) or kid.reference in above:
            raise PdfReadError("Invalid page tree")
        page = kid.get_object()
        yield kid.reference, page
        if page["/Type"] == "/Pages":
            yield from _pages(page, (*above, kid.reference))


def _joined(
    page: Reference, old: Any, new: Any, widgets: dict[Reference, str], before: HistoricalResolver
) -> Iterator[FormUpdate]:
    """Allows a page's list of annotations to grow by new widgets, and by nothing else."""
    if old["/Type"] != "/Page" or new["/Type"] != "/Page" or "/Annots" not in new:
        return
    was, has = _annotations(old), _annotations(new)
    direct, now_direct = ([item for item in items if isinstance(item, bytes)] for items in (was, has))
    known = {item for item in was if isinstance(item, Reference)}
    named = {item for item in has if isinstance(item, Reference)}
    added = named - known
    if direct != now_direct or known - named or added - widgets.keys():
        raise SuspiciousModification("Annotations of a page are others.")
    if not added:
        return
    name = widgets[next(iter(added))] if len(added) == 1 else None
    _compare_pages(old, new)
    unlocked = name is not None
    yield FormUpdate(updated_ref=page, field_name=name, valid_when_locked=unlocked)
    own, earlier = _own_reference(new, "/Annots"), _own_reference(old, "/Annots")
    if own is not None and (own == earlier or before.is_ref_unassignable(own)):
        yield FormUpdate(
            updated_ref=own,
            field_name=name,
            valid_when_locked=unlocked,
            context_checked=RelativeContext(page, RawPdfPath("/Annots")),
        )


def _compare_pages(old: Any, new: Any) -> None:
    """Compares all but the annotations. Poppler rounds numbers to ten decimals when it writes a page again.

    Raises: SuspiciousModification.
    """
    for key in (set(old) | set(new)) - {"/Annots"}:
        if key not in old or key not in new or not is_same(old.raw_get(key), new.raw_get(key)):
            raise SuspiciousModification(f"Values for {key} of a page differ.")


def is_same(old: Any, new: Any) -> bool:
    """Whether two values are equal, numbers to a millionth of a point."""
    if isinstance(old, NumberObject | FloatObject) and isinstance(new, NumberObject | FloatObject):
        return abs(float(old) - float(new)) <= _ROUNDED
    if isinstance(old, ArrayObject) and isinstance(new, ArrayObject):
        pair = list(list.__iter__(old)), list(list.__iter__(new))
        return len(old) == len(new) and all(is_same(a, b) for a, b in zip(*pair, strict=True))
    return bool(old == new)


_ROUNDED = 1e-6


def _annotations(page: Any) -> list[Reference | bytes]:
    """Returns references, and direct annotations as they are written. Raises: SuspiciousModification."""
    found = page.raw_get("/Annots").get_object() if "/Annots" in page else []
    if isinstance(found, NullObject):
        return []
    if not isinstance(found, list):
        raise SuspiciousModification("Not an array object")
    return [
        item.reference if isinstance(item, IndirectObject) else _written(item)
        for item in list.__iter__(found)
    ]


def _written(value: Any) -> bytes:
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()


_LTA = ModificationLevel.LTA_UPDATES
GLOBAL_RULES = [
    CatalogModificationRule(),
    DocInfoRule().as_qualified(_LTA),
    XrefStreamRule().as_qualified(_LTA),
    ObjectStreamRule().as_qualified(_LTA),
    DSSCompareRule().as_qualified(_LTA),
    MetadataRule().as_qualified(_LTA),
]
"""pyHanko's own global rules in their order, with our rule for metadata."""
