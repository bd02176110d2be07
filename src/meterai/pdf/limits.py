"""What a file may ask of us. Beyond a limit it is refused by name, before any money moves."""

from __future__ import annotations

import msgspec

CHECKED_BYTES_MAX = 12 << 20
"""More than an upload may have: stamps and archive data make a file larger."""
PLACES_TO_SIGN_MAX = 40
"""So many empty signature fields stay when others will sign; who has more is told."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one document. The official limit on size is 800-900 kB; ours is more generous."""

    file_bytes_max: int = 10 << 20
    pages_max: int = 200
    objects_max: int = 20_000
    nesting_max: int = 100
    """Depth of the page tree, of forms drawn inside forms, and of arrays and dictionaries in each other."""
    drawings_max: int = 100_000
    """How often forms are drawn on one page, those drawn by other forms included."""
    unpacked_bytes_max: int = 100 << 20
    """All streams but pictures, unpacked, together."""
    picture_bytes_max: int = 150 << 20
    """One picture, unpacked: an A4 page at 600 dpi in colour has 105 MB."""
    page_points_min: float = 36.0
    """The side of the smallest stamp. One page must have room for it."""
    page_units_max: float = 14_400.0
    """Readers show no larger pages (ISO 32000-1 annex C); `UserUnit` makes the units of a poster larger."""
    user_unit_max: float = 75.0

    def is_large_enough(self, width_pt: float, height_pt: float) -> bool:
        """Whether a page can carry a stamp."""
        return min(width_pt, height_pt) >= self.page_points_min


DEFAULT_LIMITS = Limits()
