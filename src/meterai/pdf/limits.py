"""Limits of uploaded files. A file beyond a limit is refused, with the limit's name, before anybody pays."""

from __future__ import annotations

import msgspec

CHECKED_BYTES_MAX = 12 << 20
"""Limit for checks. Stamps and archive data make a file larger than an upload may be."""
PICTURE_PIXELS_MAX = 66_000_000
"""Limit for pictures whose codes are read. Telephones make pictures of 12, 48, 50 and 64 million dots."""
PLACES_TO_SIGN_MAX = 40
"""Empty signature fields that are kept for later signers. A notice says when there are more."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one document. The official size limit is 800-900 kB; ours is more generous."""

    file_bytes_max: int = 10 << 20
    pages_max: int = 200
    objects_max: int = 20_000
    nesting_max: int = 100
    """Depth of the page tree, of forms drawn inside forms, and of nested arrays and dictionaries."""
    drawings_max: int = 100_000
    """Number of forms drawn on one page, including those drawn by other forms."""
    unpacked_bytes_max: int = 100 << 20
    """Total size of all unpacked streams except pictures."""
    picture_bytes_max: int = 150 << 20
    """Size of one unpacked picture. An A4 page at 600 dpi in colour has 105 MB."""
    page_points_min: float = 36.0
    """Side of the smallest stamp. At least one page must have room for it."""
    page_units_max: float = 14_400.0
    """Largest page that readers show (ISO 32000-1 annex C). `UserUnit` enlarges the units of a poster."""
    user_unit_max: float = 75.0

    def is_large_enough(self, width_pt: float, height_pt: float) -> bool:
        """Whether a page can carry a stamp."""
        return min(width_pt, height_pt) >= self.page_points_min


DEFAULT_LIMITS = Limits()
