"""Puts a stamp into the structure tree of a tagged PDF, so that screen readers read it like the page.

A widget belongs to a structure element of type Form, found through the parent tree (ISO 32000-1 clauses
14.7.4.3, 14.7.4.4 and 14.8.4.5; ISO 14289-1 clause 7.18.4). Files without tags are left alone. So are files
that carry signatures, which do not allow changes of the structure tree. Runs in the jail.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


def tag_widget(
    writer: IncrementalPdfFileWriter,
    widget: generic.IndirectObject,
    page: generic.IndirectObject,
    *,
    text: str,
) -> None:
    """Makes the widget a Form element at the end of the document. `text` is read aloud."""
    tree = _entry(writer.root, "/StructTreeRoot")
    if not isinstance(tree, generic.DictionaryObject) or not _is_indirect(writer.root, "/StructTreeRoot"):
        return
    parents = _entry(tree, "/ParentTree")
    key = _next_key(tree, parents) if isinstance(parents, generic.DictionaryObject) else None
    if key is None:
        return
    holder, reference = _document_element(tree) or (tree, writer.root.raw_get("/StructTreeRoot"))
    element = writer.add_object(_element(widget, page, reference, text))
    _append_kid(writer, holder, element)
    _register(writer, parents, key, element)
    tree["/ParentTreeNextKey"] = generic.NumberObject(key + 1)
    writer.update_container(tree)
    widget.get_object()["/StructParent"] = generic.NumberObject(key)
    shown = page.get_object()
    if "/Tabs" not in shown:  # the tab order follows the structure (ISO 14289-1 clause 7.18.3)
        shown["/Tabs"] = pdf_name("/S")
        writer.update_container(shown)


def _entry(holder: generic.DictionaryObject, key: str) -> Any:
    """The value behind a reference, too: pyHanko's `get` returns the reference."""
    try:
        return holder[key]
    except KeyError:
        return None


def _is_indirect(holder: generic.DictionaryObject, key: str) -> bool:
    return isinstance(holder.raw_get(key), generic.IndirectObject)


def _next_key(tree: generic.DictionaryObject, parents: generic.DictionaryObject) -> int | None:
    """The next free key of the parent tree; None when the tree is broken and can't be extended."""
    highest = _highest_key(parents)
    stated = _entry(tree, "/ParentTreeNextKey")
    if highest is None:
        return None
    return max(highest + 1, int(stated)) if isinstance(stated, generic.NumberObject) else highest + 1


def _highest_key(node: Any) -> int | None:
    """The last key of a number tree (clause 7.9.7); -1 for an empty one, None for a broken one."""
    for _ in range(50):
        if not isinstance(node, generic.DictionaryObject):
            return None
        numbers, kids = _entry(node, "/Nums"), _entry(node, "/Kids")
        if isinstance(numbers, generic.ArrayObject):
            key: Any = numbers[-2] if len(numbers) > 1 else generic.NumberObject(-1)
            return int(key) if isinstance(key, generic.NumberObject) and len(numbers) % 2 == 0 else None
        if not isinstance(kids, generic.ArrayObject) or not len(kids):
            return -1 if kids is None else None
        node = kids[-1]
    return None


def _document_element(tree: generic.DictionaryObject) -> tuple[Any, Any] | None:
    """The element that holds all others, and its reference; None if there is none."""
    if "/K" not in tree:
        return None
    reference = tree.raw_get("/K")
    kids = reference.get_object()
    if isinstance(kids, generic.ArrayObject):
        if len(kids) != 1:
            return None
        reference = kids.raw_get(0)
        kids = reference.get_object()
    is_element = isinstance(kids, generic.DictionaryObject) and isinstance(reference, generic.IndirectObject)
    return (kids, reference) if is_element and "/S" in kids else None


def _element(widget: Any, page: Any, parent: Any, text: str) -> generic.DictionaryObject:
    content = {"/Type": pdf_name("/OBJR"), "/Obj": widget, "/Pg": page}
    return _dictionary(
        {
            "/Type": pdf_name("/StructElem"),
            "/S": pdf_name("/Form"),
            "/P": parent,
            "/Pg": page,
            "/Lang": generic.pdf_string("id-ID"),
            "/Alt": generic.pdf_string(text),
            "/K": _dictionary(content),
        }
    )


def _dictionary(entries: dict[str, Any]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def _append_kid(writer: IncrementalPdfFileWriter, holder: Any, element: Any) -> None:
    kids = _entry(holder, "/K")
    if isinstance(kids, generic.ArrayObject):
        kids.append(element)
        writer.update_container(kids)
    else:
        holder["/K"] = generic.ArrayObject([element] if kids is None else [holder.raw_get("/K"), element])
        writer.update_container(holder)


def _register(writer: IncrementalPdfFileWriter, parents: Any, key: int, element: Any) -> None:
    """Adds the element to the parent tree. Keys only grow, so it comes last."""
    entry = generic.ArrayObject([generic.NumberObject(key), element])
    kids, numbers = _entry(parents, "/Kids"), _entry(parents, "/Nums")
    if isinstance(kids, generic.ArrayObject):
        limits = generic.ArrayObject([generic.NumberObject(key)] * 2)
        kids.append(writer.add_object(_dictionary({"/Nums": entry, "/Limits": limits})))
        writer.update_container(kids)
    elif isinstance(numbers, generic.ArrayObject):
        numbers.extend(entry)
        writer.update_container(numbers)
    else:
        parents["/Nums"] = entry
        writer.update_container(parents)
