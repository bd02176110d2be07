"""Puts a stamp into the structure tree of a tagged PDF, so that it is read aloud like the rest of the page.

A widget belongs to a structure element of type Form, found through the parent tree (ISO 32000-1 clauses
14.7.4.3, 14.7.4.4 and 14.8.4.5; ISO 14289-1 clause 7.18.4). Files without tags are left alone, and so are
files that carry signatures: a change of their tree is not among the changes that signatures allow.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

_KIDS_MAX = 5_000
"""A list of children that is longer is not written anew for one stamp."""


def tag_widget(
    writer: Any, widget: generic.IndirectObject, page: generic.IndirectObject, *, text: str
) -> None:
    """Makes the widget a Form element at the end of the document; `text` is what is read aloud."""
    root_reference = _raw(writer.root, "/StructTreeRoot")
    tree = _at(writer.root, "/StructTreeRoot")
    if not isinstance(tree, generic.DictionaryObject) or not isinstance(
        root_reference, generic.IndirectObject
    ):
        return
    parents = _at(tree, "/ParentTree")
    if not isinstance(parents, generic.DictionaryObject):
        return
    key = _next_key(tree, parents)
    holder_reference = _document_element(tree) or root_reference
    holder = holder_reference.get_object()
    if key is None or _is_long(_at(holder, "/K")) or _is_long(_at(parents, "/Nums")):
        return
    element = writer.add_object(_element(widget, page, holder_reference, text))
    _append_kid(writer, holder, element)
    _register(writer, parents, key, element)
    tree["/ParentTreeNextKey"] = generic.NumberObject(key + 1)
    writer.update_container(tree)
    widget.get_object()["/StructParent"] = generic.NumberObject(key)
    _read_in_order(writer, page)


def _read_in_order(writer: Any, page: generic.IndirectObject) -> None:
    """The tabulator key follows the structure (ISO 14289-1 clause 7.18.3), unless the page says otherwise."""
    found = page.get_object()
    if "/Tabs" not in found:
        found["/Tabs"] = pdf_name("/S")
        writer.mark_update(page)


def _at(holder: Any, key: str) -> Any:
    """The value, looked up where the entry is a reference."""
    return holder[key] if key in holder else None  # noqa: SIM401 (get gives a reference)


def _raw(holder: generic.DictionaryObject, key: str) -> Any:
    return holder.raw_get(key) if key in holder else None


def _is_long(value: Any) -> bool:
    return isinstance(value, generic.ArrayObject) and len(value) > _KIDS_MAX


def _next_key(tree: generic.DictionaryObject, parents: generic.DictionaryObject) -> int | None:
    """The next free key of the parent tree; None for a tree that can't be extended by its rules."""
    highest = _highest_key(parents)
    stated = _at(tree, "/ParentTreeNextKey")
    if highest is None:
        return None
    return max(highest + 1, int(stated)) if isinstance(stated, int) else highest + 1


def _highest_key(node: Any) -> int | None:
    """The last key of a number tree (clause 7.9.7); -1 for an empty one, None for a broken one."""
    for _ in range(50):
        if not isinstance(node, generic.DictionaryObject):
            return None
        numbers, kids = _at(node, "/Nums"), _at(node, "/Kids")
        if isinstance(numbers, generic.ArrayObject):
            key = numbers[-2] if len(numbers) > 1 else -1
            return key if isinstance(key, int) and len(numbers) % 2 == 0 else None
        if not isinstance(kids, generic.ArrayObject) or not len(kids):
            return -1 if kids is None else None
        node = kids[-1]
    return None


def _document_element(tree: generic.DictionaryObject) -> generic.IndirectObject | None:
    """The element that holds all others, if there is one."""
    kids = _raw(tree, "/K")
    inner = kids.get_object() if isinstance(kids, generic.IndirectObject) else kids
    if isinstance(inner, generic.ArrayObject):
        kids = inner.raw_get(0) if len(inner) == 1 else None
    if not isinstance(kids, generic.IndirectObject):
        return None
    found = kids.get_object()
    is_element = isinstance(found, generic.DictionaryObject) and "/S" in found
    return kids if is_element else None


def _element(
    widget: generic.IndirectObject, page: generic.IndirectObject, parent: generic.IndirectObject, text: str
) -> generic.DictionaryObject:
    content = {pdf_name("/Type"): pdf_name("/OBJR"), pdf_name("/Obj"): widget, pdf_name("/Pg"): page}
    return generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name("/Form"),
            pdf_name("/P"): parent,
            pdf_name("/Pg"): page,
            pdf_name("/Lang"): generic.TextStringObject("id-ID"),
            pdf_name("/Alt"): generic.TextStringObject(text),
            pdf_name("/K"): generic.DictionaryObject(content),
        }
    )


def _append_kid(writer: Any, holder: generic.DictionaryObject, element: generic.IndirectObject) -> None:
    kids = _at(holder, "/K")
    if isinstance(kids, generic.ArrayObject):
        kids.append(element)
        writer.update_container(kids)
        return
    before = [] if kids is None else [holder.raw_get("/K")]
    holder["/K"] = generic.ArrayObject([*before, element])
    writer.update_container(holder)


def _register(
    writer: Any, parents: generic.DictionaryObject, key: int, element: generic.IndirectObject
) -> None:
    """Enters the element into the parent tree: keys only grow, so it comes last."""
    entry = generic.ArrayObject([generic.NumberObject(key), element])
    kids = _at(parents, "/Kids")
    if isinstance(kids, generic.ArrayObject):
        limits = generic.ArrayObject([generic.NumberObject(key), generic.NumberObject(key)])
        leaf = generic.DictionaryObject({pdf_name("/Nums"): entry, pdf_name("/Limits"): limits})
        kids.append(writer.add_object(leaf))
        writer.update_container(kids)
        return
    numbers = _at(parents, "/Nums")
    if isinstance(numbers, generic.ArrayObject):
        numbers.extend(entry)
        writer.update_container(numbers)
    else:
        parents["/Nums"] = entry
        writer.update_container(parents)
