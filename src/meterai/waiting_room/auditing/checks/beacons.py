"""Public beacons whose rounds can be dated: a round must be later than what it is mixed with."""

from __future__ import annotations

from meterai.waiting_room.rules.beacon_rounds import round_for


def is_later(source: str, beacon: str, closed_at: int) -> bool:
    """Whether `round:hex` is the source's first round after this moment: nobody chose among later ones.

    False also when its rounds can't be dated. That the value is the one that the source published can be
    asked of the source alone.
    """
    number, _, value = beacon.partition(":")
    due = round_for(source, closed_at)
    return due is not None and number == str(due) and bool(value)
