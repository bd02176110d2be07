"""Makes links and comments that stay look on paper as on the screen. Runs in the jail.

ISO 32000-2 clauses 12.5.3 (flags) and 12.5.4 (frames).
"""

from __future__ import annotations

from typing import Any

import pikepdf

_UNSEEN = 0b10 | 0b10_0000
"""The flags Hidden and NoView: the screen does not show it, and paper or a click may."""
_PRINT = 0b100
_TOGGLE = 0b1_0000_0000
"""The flag ToggleNoView: it looks another way under the mouse."""
_BORDER_MAX = 3.0
"""Width of a link's frame, in points. Not every reader draws it, and a wide one covers what is there."""


def is_seen(annotation: Any) -> bool:
    """Whether the screen shows an annotation."""
    return not _flags(annotation) & _UNSEEN


def settle(annotation: Any) -> None:
    """Makes a comment print if the screen shows it, and a link's frame narrow."""
    flags = _flags(annotation) & ~_TOGGLE
    if annotation.get("/Subtype") == "/Link":
        _narrow(annotation)
    else:
        flags |= _PRINT
    if flags != annotation.get("/F", 0):
        annotation["/F"] = flags


def drawn_apart(link: Any) -> pikepdf.Dictionary:
    """The drawing of a link as a comment, which can become part of the page. The link stays, without it."""
    drawn = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=link.get("/Rect"), AP=link["/AP"]
    )
    for key in ("/F", "/AS"):
        if key in link:
            drawn[key] = link[key]
    del link["/AP"]
    return drawn


def _flags(annotation: Any) -> int:
    flags = annotation.get("/F", 0)
    return int(flags) if isinstance(flags, int) else 0


def _narrow(link: Any) -> None:
    border, style = link.get("/Border"), link.get("/BS")
    widths = [border[2]] if isinstance(border, pikepdf.Array) and len(border) > 2 else []
    widths += [style["/W"]] if isinstance(style, pikepdf.Dictionary) and "/W" in style else []
    if any(not _is_narrow(width) for width in widths):
        link["/Border"] = pikepdf.Array([0, 0, 0])
        if "/BS" in link:
            del link["/BS"]


def _is_narrow(width: Any) -> bool:
    try:
        return 0 <= float(width) <= _BORDER_MAX
    except (TypeError, ValueError):
        return False
