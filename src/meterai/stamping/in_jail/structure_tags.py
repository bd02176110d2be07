"""Puts a stamp into the structure tree of a tagged PDF, so that screen readers read it like the page.

A widget belongs to a structure element of type Form, found through the parent tree (ISO 32000-1 clauses
14.7.4.3, 14.7.4.4 and 14.8.4.5; ISO 14289-1 clause 7.18.4). Files without tags are left alone. So are files
that carry signatures, which do not allow changes of the structure tree. Runs in the jail.
"""

from __future__ import annotations

from typing import Any

import pikepdf


def tag_widget(pdf: pikepdf.Pdf, widget: pikepdf.Object, page: pikepdf.Object, *, text: str) -> None:
    """Makes the widget a Form element at the end of the document. `text` is read aloud."""
    tree = pdf.Root.get("/StructTreeRoot")
    if not isinstance(tree, pikepdf.Dictionary) or not tree.is_indirect:
        return
    parents = tree.get("/ParentTree")
    if not isinstance(parents, pikepdf.Dictionary):
        return
    key = _next_key(tree, parents)
    if key is None:
        return
    holder = _document_element(tree) or tree
    element = pdf.make_indirect(_element(widget, page, holder, text))
    _append_kid(holder, element)
    _register(pdf, parents, key, element)
    tree["/ParentTreeNextKey"] = key + 1
    widget["/StructParent"] = key
    if "/Tabs" not in page:  # the tab order follows the structure (ISO 14289-1 clause 7.18.3)
        page["/Tabs"] = pikepdf.Name.S


def _next_key(tree: Any, parents: Any) -> int | None:
    """The next free key of the parent tree; None when the tree is broken and can't be extended."""
    highest = _highest_key(parents)
    stated = tree.get("/ParentTreeNextKey")
    if highest is None:
        return None
    return max(highest + 1, stated) if isinstance(stated, int) else highest + 1


def _highest_key(node: Any) -> int | None:
    """The last key of a number tree (clause 7.9.7); -1 for an empty one, None for a broken one."""
    for _ in range(50):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        numbers, kids = node.get("/Nums"), node.get("/Kids")
        if isinstance(numbers, pikepdf.Array):
            key: Any = numbers[len(numbers) - 2] if len(numbers) > 1 else -1
            return key if isinstance(key, int) and len(numbers) % 2 == 0 else None
        if not isinstance(kids, pikepdf.Array) or not len(kids):
            return -1 if kids is None else None
        node = kids[len(kids) - 1]
    return None


def _document_element(tree: Any) -> Any:
    """The element that holds all others; None if there is none."""
    kids = tree.get("/K")
    if isinstance(kids, pikepdf.Array):
        kids = kids[0] if len(kids) == 1 else None
    is_element = isinstance(kids, pikepdf.Dictionary) and kids.is_indirect and "/S" in kids
    return kids if is_element else None


def _element(
    widget: pikepdf.Object, page: pikepdf.Object, parent: pikepdf.Object, text: str
) -> pikepdf.Dictionary:
    content = pikepdf.Dictionary(Type=pikepdf.Name.OBJR, Obj=widget, Pg=page)
    return pikepdf.Dictionary(
        Type=pikepdf.Name.StructElem,
        S=pikepdf.Name.Form,
        P=parent,
        Pg=page,
        Lang="id-ID",
        Alt=text,
        K=content,
    )


def _append_kid(holder: Any, element: Any) -> None:
    kids = holder.get("/K")
    if isinstance(kids, pikepdf.Array):
        kids.append(element)
    else:
        holder["/K"] = pikepdf.Array([element] if kids is None else [kids, element])


def _register(pdf: pikepdf.Pdf, parents: Any, key: int, element: Any) -> None:
    """Adds the element to the parent tree. Keys only grow, so it comes last."""
    entry = pikepdf.Array([key, element])
    kids, numbers = parents.get("/Kids"), parents.get("/Nums")
    if isinstance(kids, pikepdf.Array):
        leaf = pikepdf.Dictionary(Nums=entry, Limits=pikepdf.Array([key, key]))
        kids.append(pdf.make_indirect(leaf))
    elif isinstance(numbers, pikepdf.Array):
        numbers.extend(entry)
    else:
        parents["/Nums"] = entry
