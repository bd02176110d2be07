"""How many people may buy without a place in line: those who had a form before the line began. Pure."""

from __future__ import annotations

import math
from typing import Final

INSIDE_S: Final = 30 * 60
"""How long people who entered freely may go on once others have to wait."""
COUNTED_AGAIN_S: Final = 15
"""Seconds after a line began. A site learns of it within a second, and reports its last forms then."""
PROBE_EVERY_S: Final = 60
"""Seconds between two orders of the status page's probe, which needs no place."""
_SPARE_MIN, _SPARE_SHARE = 5, 0.02
"""A site process that is killed has not reported the forms of its last second."""


def inside_bound(forms: int) -> int:
    """How many purchases may go on without a place, after this number of forms was given in `INSIDE_S`."""
    return forms + max(_SPARE_MIN, math.ceil(forms * _SPARE_SHARE))
