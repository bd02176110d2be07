"""Finds signatures and signature fields in a file."""

from __future__ import annotations

from typing import Any

import pikepdf

from meterai.pdf.requests import SignatureKind

_FIELDS_MAX = 5000
_HIDDEN = 0b100010
"""The annotation flags Hidden and NoView (ISO 32000-1 clause 12.5.3)."""


def find_signatures(pdf: pikepdf.Pdf) -> SignatureKind:
    """Looks for signatures in the permissions dictionary and in every form field.

    Usage rights (clause 12.8.2.3) do not count: they only tell one maker's reader which functions to offer.
    """
    permissions = pdf.Root.get("/Perms")
    if isinstance(permissions, pikepdf.Dictionary) and "/DocMDP" in permissions:
        return SignatureKind.CERTIFIED
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return SignatureKind.NONE
    return SignatureKind.SIGNED if _any_filled(form.get("/Fields")) else SignatureKind.NONE


def empty_signature_name(widget: Any) -> str:
    """The name of the field if a widget is a signature field without a signature; else empty.

    Names of nested fields are joined by an underscore: a field's own name may not contain a full stop (clause
    12.7.3.2).
    """
    if not isinstance(widget, pikepdf.Dictionary) or widget.get("/Subtype") != "/Widget":
        return ""
    names: list[str] = []
    kind: Any = None
    node: Any = widget
    for _ in range(20):
        if "/V" in node:
            return ""
        kind = kind if kind is not None else node.get("/FT")
        if isinstance(own := node.get("/T"), pikepdf.String):
            names.insert(0, str(own))
        node = node.get("/Parent")
        if not isinstance(node, pikepdf.Dictionary):
            break
    return "_".join(names).replace(".", "_") if kind == "/Sig" else ""


def place_to_sign(widget: Any) -> str:
    """The name of the field if people see it and it belongs to no stamp; else empty."""
    name = empty_signature_name(widget)
    if not name or name.startswith("Emet"):
        return ""
    rectangle, flags = widget.get("/Rect"), widget.get("/F", 0)
    if not isinstance(rectangle, pikepdf.Array) or len(rectangle) != 4:
        return ""
    return name if isinstance(flags, int) and not flags & _HIDDEN else ""


def usage_rights(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """Lists the signature dictionaries of usage rights, which rewriting removes."""
    permissions = pdf.Root.get("/Perms")
    if not isinstance(permissions, pikepdf.Dictionary):
        return []
    return [permissions[key] for key in ("/UR3", "/UR") if key in permissions]


def is_signature(value: Any) -> bool:
    """Whether an object is a signature dictionary (clause 12.8.1): it has a byte range and contents."""
    return isinstance(value, pikepdf.Dictionary) and "/ByteRange" in value and "/Contents" in value


def _any_filled(fields: Any) -> bool:
    stack = [fields]
    seen: set[tuple[int, int]] = set()
    while stack and len(seen) < _FIELDS_MAX:
        node = stack.pop()
        if not isinstance(node, pikepdf.Object):
            continue
        if node.is_indirect:
            if node.objgen in seen:
                continue
            seen.add(node.objgen)
        if isinstance(node, pikepdf.Array):
            stack += list(node)
        elif isinstance(node, pikepdf.Dictionary):
            if is_signature(node.get("/V")):
                return True
            stack.append(node.get("/Kids"))
    return False
