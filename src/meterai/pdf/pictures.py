"""Says which pictures Pillow reads as PDF readers do. Runs in the jail."""

from __future__ import annotations

from typing import Any

import pikepdf

from meterai.pdf.opening.structure import name_of

_OTHERWISE = ("/Mask", "/SMaskInData", "/Decode", "/ImageMask", "/Matte")
_COLOURS = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3}


def has_plain_values(picture: Any) -> bool:
    """Whether the values are plain colours: not inverted, no mask. A soft mask does not count."""
    if any(picture.get(key) not in (None, False, 0) for key in _OTHERWISE):
        return False
    found = picture.get("/DecodeParms", {})
    return all(
        item is None or (isinstance(item, pikepdf.Dictionary | dict) and "/ColorTransform" not in item)
        for item in (found if isinstance(found, pikepdf.Array) else [found])
    )


def light_values(space: Any) -> int:
    """Values per dot in a colour space of light: 1 in grey, 3 in red, green and blue.

    0 for others (ISO 32000-1 clause 8.6): Lab, and inks, which readers and libraries invert differently.
    """
    parts: list[Any] = list(space) if isinstance(space, pikepdf.Array) else [space]
    if len(parts) == 2 and parts[0] == "/ICCBased" and isinstance(parts[1], pikepdf.Stream):
        count: Any = parts[1].get("/N")
        return int(count) if count in (1, 3) else 0
    return _COLOURS.get(name_of(parts[0]), 0) if parts else 0
