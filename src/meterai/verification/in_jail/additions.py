"""Checks that a revision after a stamp adds only what archive data and further signatures need.

pyHanko compares the revisions and allows further signature fields, archive data and new metadata by their
kind. This module examines what such a field holds and what else changes in the entries that pyHanko does not
compare: a field may run a script, or show itself only on paper.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from meterai.verification.in_jail.document import Document, Unreadable
from meterai.verification.in_jail.metadata import says_the_same
from meterai.verification.in_jail.overwritten import only_known_objects_changed

_PLAIN_FIELD = frozenset(
    {
        "/Type", "/Subtype", "/FT", "/T", "/TU", "/TM", "/Ff", "/F", "/Rect", "/P", "/V", "/AP", "/Lock",
        "/SV", "/MK", "/DA", "/DR", "/Q", "/Border", "/BS", "/NM", "/M", "/StructParent", "/DV", "/AS", "/H",
        "/C",
    }
)  # fmt: skip
"""Keys of a widget without actions, layers and parts (ISO 32000-2, 12.5.2, 12.5.6.19, 12.7.4, 12.7.5.5)."""
_PLAIN_FLAGS = 4 | 64 | 128 | 512
"""Print, read only, locked. Other flags let a widget differ between screen, paper and zoom (12.5.3)."""
_NO_ROTATE = 16
"""Has no effect on a page that is not turned; Poppler always writes it (12.5.3)."""
_STATES = frozenset({"/N", "/R", "/D"})
_PARTS_MAX = 2000
_BY_NAME = {
    "BDC": "/Properties", "Do": "/XObject", "SCN": "/Pattern", "Tf": "/Font", "gs": "/ExtGState",
    "scn": "/Pattern",
}  # fmt: skip
"""Operators that use a resource that can belong to a layer, and the position of its name."""
_NOWHERE = (0, 0, 0, 0)
ROOT_EXCEPT = frozenset({"/AcroForm", "/DSS", "/Metadata", "/Extensions", "/Version"})
_FORM_EXCEPT = frozenset({"/Fields", "/SigFlags", "/DR", "/DA", "/Q"})
_FACES = ("/DR", "/DA", "/Q")
_EXTENSION = frozenset({"/Type", "/BaseVersion", "/ExtensionLevel", "/URL", "/ExtensionRevision"})


def only_plain_additions(document: Document, revision: int, own: frozenset[str]) -> bool:
    """Compares the document with an earlier revision. Fields named `own` hold stamps of ours.

    Raises: Unreadable `pdf.ambiguous` if readers may understand a field's place differently, or its face
    where there are layers; any parser's exception.
    """
    reader = document.reader
    before = reader.get_historical_resolver(revision)
    return (
        _fields_are_plain(document, before, own)
        and all(_keeps_its_order(before, reader, page.reference) for page in document.pages)
        and _same_but(before.root, reader.root, ROOT_EXCEPT)
        and _extensions_are_plain(before.root, reader.root)
        and _form_is_alike(before.root, reader.root)
        and only_known_objects_changed(document, revision)
        and says_the_same(before, reader)
    )


def _fields_are_plain(document: Document, before: Any, own: frozenset[str]) -> bool:
    """Whether each new or newly filled signature field is signed, plain, and on at most one page."""
    reader = document.reader
    turned = {item for page in document.pages if page.box.rotation for item in page.annotations}
    known = {
        field.reference: value is not None
        for _, value, field in enumerate_sig_fields(before)
        if _is_reference(field)
    }
    for name, value, field in enumerate_sig_fields(reader):
        if not _is_reference(field):
            return False
        was_filled = known.get(field.reference)
        if was_filled is None and value is None:
            return False
        changed = was_filled is None or (value is not None and not was_filled)
        if not changed or name in own:
            continue
        if not _has_clear_place(field.get_object()):
            raise Unreadable("pdf.ambiguous")
        key = field.idnum, field.generation
        if sum(key in page.annotations for page in document.pages) > 1:
            return False  # elsewhere it may lie over content, and without a face readers draw their own
        if key in turned and _stays_upright(field.get_object()):
            raise Unreadable("pdf.ambiguous")
        layered = "/OCProperties" in reader.root
        if not _is_plain(field.get_object(), _PLAIN_FLAGS | _NO_ROTATE, layered=layered):
            return False
    return True


def _stays_upright(field: Any) -> bool:
    """Whether a field's face does not turn with its page (12.5.3). Readers place it differently."""
    return not _is_nowhere(field) and bool(int(_entry(field, "/F", 0)) & _NO_ROTATE)


def _is_nowhere(field: Any) -> bool:
    left, bottom, right, top = _entry(field, "/Rect", _NOWHERE)
    return bool(left == right or bottom == top)


def _has_clear_place(field: Any) -> bool:
    """Whether the place, if there is one, consists of four numbers. Of five numbers some readers take the
    first four, and others see no place."""
    if "/Rect" not in field:
        return True
    place = field["/Rect"]
    numbers = [item.get_object() for item in list.__iter__(place)] if isinstance(place, list) else []
    return len(numbers) == len(_NOWHERE) and all(
        isinstance(number, generic.NumberObject | generic.FloatObject) for number in numbers
    )


def _keeps_its_order(before: Any, reader: Any, page: tuple[int, int]) -> bool:
    """Whether the page's annotations begin with the earlier ones, in their order.

    Of two annotations that overlap the later one is visible. A comparison of screens would not show which of
    them is printed alone.
    """
    old, new = (
        _annotations(holder.get_object(generic.Reference(*page, reader))) for holder in (before, reader)
    )
    return old == new[: len(old)]


def _annotations(page: Any) -> list[bytes]:
    """The annotations as written, references as references."""
    found = _entry(page, "/Annots", None)
    return [_written(item) for item in list.__iter__(found)] if isinstance(found, list) else []


def _entry(holder: Any, key: str, default: Any) -> Any:
    """The raw value of an entry, where pyHanko's `get` would follow a reference. A null counts as no
    entry."""
    try:
        return holder[key]
    except KeyError:
        return default


def _is_reference(value: Any) -> bool:
    return isinstance(value, generic.IndirectObject)


def _is_plain(field: Any, flags: int, *, layered: bool) -> bool:
    """Whether everybody sees the same of a field. It may have these flags, or any if it has no place.

    `layered`: the document has layers. The field must be a widget: a note has one size at every zoom and is
    never
    turned, whatever its flags say. Not every reader shows a printer's mark or a pop-up (ISO 32000-2,
    12.5.6.4,
    12.5.6.14, 14.11.3).
    """
    return (
        set(field) <= _PLAIN_FIELD
        and _entry(field, "/Subtype", "/Widget") == "/Widget"
        and (_is_nowhere(field) or not int(_entry(field, "/F", 0)) & ~flags)
        and ("/DV" not in field or _text(field, "/DV") == _text(field, "/V"))
        and isinstance(_entry(field, "/AS", None), generic.NameObject | None)
        and isinstance(_entry(field, "/H", None), generic.NameObject | None)
        and isinstance(_entry(field, "/C", None), generic.ArrayObject | None)
        and _face_is_plain(_entry(field, "/AP", generic.DictionaryObject()), layered=layered)
    )


def _face_is_plain(faces: Any, *, layered: bool) -> bool:
    """Whether there is at most one face, under the mouse too, and none of its content belongs to a layer.

    A state, which chooses between faces, then chooses nothing.
    """
    if not all(key in _STATES and _text(faces, key) == _text(faces, "/N") for key in faces):
        return False
    face = _entry(faces, "/N", None)
    return face is None or (isinstance(face, generic.StreamObject) and not _has_layers(face, layered=layered))


def _has_layers(face: Any, *, layered: bool) -> bool:
    """Whether a face, or anything that it uses, belongs to a layer (8.11.3).

    It may belong to one by an entry of its own. In a document with layers it may also belong to one by names
    in its content, or by names that its resources lack. Raises: Unreadable `pdf.too_complex`,
    `pdf.ambiguous`.
    """
    waiting, seen = [face], set()
    while waiting:
        item = waiting.pop()
        if _is_reference(item):
            if item.reference in seen:
                continue
            seen.add(item.reference)
            if len(seen) > _PARTS_MAX:
                raise Unreadable("pdf.too_complex")
            item = item.get_object()
        if isinstance(item, generic.DictionaryObject):
            if "/OC" in item or (layered and ("/Properties" in item or _borrows(item, face))):
                return True
            waiting += dict.values(item)
        elif isinstance(item, generic.ArrayObject):
            waiting += list.__iter__(item)
    return False


def _borrows(item: Any, face: Any) -> bool:
    """Whether an object draws with a name that its own resources lack. Many readers then look in the
    page's resources, which are older."""
    resources = _entry(item, "/Resources", {})
    drawn = list(_entry(item, "/CharProcs", {}).values())
    if item is face or "/BBox" in item or _entry(item, "/Subtype", None) == "/Form":
        drawn.append(item)
    return any(
        _entry(_entry(resources, kind, {}), name, None) is None
        for part in drawn
        for kind, name in _names_in(part.get_object())
    )


def _names_in(part: Any) -> Iterator[tuple[str, str]]:
    """The resources that the content of a stream uses, as (kind, name)."""
    pdf = pikepdf.new()  # what is in it ends with it
    content = pdf.make_stream(part.data)
    for instruction in pikepdf.parse_content_stream(content, " ".join([*_BY_NAME, "EI"])):
        operator = str(instruction.operator)
        match [operator, *instruction.operands]:
            case (
                ["Do" | "gs", pikepdf.Name() as name]
                | ["Tf", pikepdf.Name() as name, _]
                | ["BDC", _, pikepdf.Name() as name]
                | ["SCN" | "scn", *_, pikepdf.Name() as name]
            ):
                yield _BY_NAME[operator], str(name)
            case ["BDC", _, pikepdf.Dictionary()] | ["SCN" | "scn", _, *_]:
                pass
            case _:  # nor do readers agree where a picture inside the content ends
                raise Unreadable("pdf.ambiguous")


def _same_but(old: Any, new: Any, exempt: frozenset[str]) -> bool:
    keys = (set(old) | set(new)) - exempt
    return all(_text(old, key) == _text(new, key) for key in keys)


def _text(holder: Any, key: str) -> bytes | None:
    """A value as it is written, references as references; None if it is missing or null."""
    if key not in holder or isinstance(holder.raw_get(key).get_object(), generic.NullObject):
        return None
    return _written(holder.raw_get(key))


def _written(value: Any) -> bytes:
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()


def _extensions(root: Any) -> Any:
    """The entry for extensions; empty if it is missing or null."""
    found = root.raw_get("/Extensions").get_object() if "/Extensions" in root else None
    return found or generic.DictionaryObject()


def _extensions_are_plain(old_root: Any, new_root: Any) -> bool:
    """Whether the entry for extensions is unchanged, or holds only names and numbers of extensions (7.12)."""
    old, new = _extensions(old_root), _extensions(new_root)
    if _written(old) == _written(new):
        return True
    if not isinstance(new, generic.DictionaryObject):
        return False
    for key, raw in new.items():
        if key == "/Type" or (isinstance(old, dict) and _text(old, key) == _text(new, key)):
            continue
        value = raw.get_object()
        listed = value if isinstance(value, generic.ArrayObject) else [value]
        if not all(set(item.get_object()) <= _EXTENSION for item in listed):
            return False
    return True


def _form_is_alike(old_root: Any, new_root: Any) -> bool:
    """Whether the form's own entries are unchanged. They decide how readers draw fields that are no
    signatures."""
    old, new = _entry(old_root, "/AcroForm", {}), _entry(new_root, "/AcroForm", {})
    others = any(_entry(f.get_object(), "/FT", None) != "/Sig" for f in _entry(new, "/Fields", []))
    return _same_but(old, new, _FORM_EXCEPT) and (
        not others or all(_text(old, key) == _text(new, key) for key in _FACES)
    )
