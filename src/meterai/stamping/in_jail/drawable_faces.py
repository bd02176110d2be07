"""Gives fields and comments what qpdf needs to draw them as PDFium does. Runs in the jail.

qpdf leaves out an appearance without a box, and one whose state is no name: a ticked box loses its tick (ISO
32000-2 clauses 8.10.2 and 12.5.5). PDFium, which drew what the person saw, is not so strict.
"""

from __future__ import annotations

from typing import Any

import pikepdf

_REACH = 20_000.0
"""Larger than any page: an appearance without a box is not clipped."""
_NO_ROTATE = 0b10000
"""The annotation flag NoRotate (clause 12.5.3): the place turns about its corner, so it must stay."""


def make_drawable(item: Any) -> None:
    """Gives the appearance of an annotation a box if it has none, and its state the type of a name."""
    faces, state = item.get("/AP"), item.get("/AS")
    if isinstance(state, pikepdf.String) and str(state):
        item["/AS"] = state = pikepdf.Name("/" + str(state))
    normal = faces.get("/N") if isinstance(faces, pikepdf.Dictionary) else None
    if isinstance(normal, pikepdf.Dictionary) and isinstance(state, pikepdf.Name):
        normal = normal.get(state)
    if isinstance(normal, pikepdf.Stream):
        _give_box(item, normal)


def _give_box(item: Any, face: Any) -> None:
    box = face.get("/BBox")
    if isinstance(box, pikepdf.Array):
        if len(box) == 4 and not all(_is_number(side) for side in box):
            face["/BBox"] = pikepdf.Array([side if _is_number(side) else 0 for side in box])
    else:
        _open_box(item, face)


def _open_box(item: Any, face: Any) -> None:
    """Gives the appearance a box that clips nothing, and the annotation a place that keeps its size.

    The origin of what it draws lies in the lower left corner of the place.
    """
    place, turn = item.get("/Rect"), item.get("/F", 0)
    if not _is_rectangle(place) or (isinstance(turn, int) and turn & _NO_ROTATE):
        return
    face["/BBox"] = pikepdf.Array([-_REACH, -_REACH, _REACH, _REACH])
    matrix = face.get("/Matrix")
    a, b, c, d = [float(side) for side in matrix][:4] if _is_matrix(matrix) else (1.0, 0.0, 0.0, 1.0)
    across, up = _REACH * (abs(a) + abs(c)), _REACH * (abs(b) + abs(d))
    left, bottom = (min(float(place[side]), float(place[side + 2])) for side in (0, 1))
    item["/Rect"] = pikepdf.Array([left - across, bottom - up, left + across, bottom + up])


def _is_rectangle(value: Any) -> bool:
    return isinstance(value, pikepdf.Array) and len(value) == 4 and all(_is_number(side) for side in value)


def _is_matrix(value: Any) -> bool:
    return isinstance(value, pikepdf.Array) and len(value) == 6 and all(_is_number(side) for side in value)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, pikepdf.String | bool)
