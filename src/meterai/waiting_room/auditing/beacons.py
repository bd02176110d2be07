"""Public beacons whose rounds can be dated: a round must be later than what it is mixed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Genesis (Unix seconds) and period of drand's networks, from their published chain information.
KNOWN: Final[Mapping[str, tuple[int, int]]] = {
    "drand-default": (1_595_431_050, 30),
    "drand-quicknet": (1_692_803_367, 3),
}


def is_later(source: str, beacon: str, closed_at: int) -> bool:
    """Whether `round:hex` of a source came after this moment. False also when its rounds can't be dated.

    That the value is the one that the source published can be asked of the source alone.
    """
    number, _, value = beacon.partition(":")
    if source not in KNOWN or not number.isdigit() or not value:
        return False
    genesis, period = KNOWN[source]
    return genesis + (int(number) - 1) * period >= closed_at
