"""The share of purchases for no event while people wait in line: how many may begin, and from where.

Stamp capacity and money are the same for all. If the shop stayed wide open, people would use it to get round
every line (docs/decisions/0013-the-general-shop-while-people-wait.md).
"""

from __future__ import annotations

from typing import Final

DEPTH_S: Final = 10.0
"""How many seconds of the share may begin at once after a quiet time."""
DEPTH_MIN: Final = 2.0
HALVED_IN_S: Final = 60.0
"""In this time half of a network's places are forgotten."""


def depth_of(per_minute: float) -> float:
    """How many purchases may begin at once when the share is full."""
    return max(DEPTH_MIN, per_minute / 60 * DEPTH_S)


def level_needed(per_minute: float, had: float) -> float:
    """How full the share must be for one more place of a network that `had` this number lately.

    One place must be there for a network that had none. The more it had, the nearer to full: it leaves
    places to others, and gets all that nobody else takes. The share is always full enough in the end.
    """
    depth = depth_of(per_minute)
    return depth - (depth - 1) / (1 + max(0.0, had))
