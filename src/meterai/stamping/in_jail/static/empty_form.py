"""Turns what a page draws into a form that draws nothing, wherever it is drawn. Runs in the jail."""

from __future__ import annotations

from typing import Any

import pikepdf


def empty(drawn: Any) -> None:
    """Empties a picture or form (a stream) in its place."""
    drawn.write(b"")
    for key in list(drawn.keys()):
        if key != "/Length":
            del drawn[key]
    drawn["/Type"], drawn["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
    drawn["/BBox"] = pikepdf.Array([0, 0, 0, 0])
