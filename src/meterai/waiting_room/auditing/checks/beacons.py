"""Public beacons whose rounds have known dates: a round must be later than the list it is mixed with."""

from __future__ import annotations

from meterai.waiting_room.rules.beacon_rounds import round_for


def is_later(source: str, beacon: str, closed_at: int) -> bool:
    """Whether `round:hex` is the source's first round after this moment, so that nobody chose among later
    ones.

    False also when the dates of the source's rounds are unknown. Only the source itself can confirm that it
    published this value.
    """
    number, _, value = beacon.partition(":")
    due = round_for(source, closed_at)
    return due is not None and number == str(due) and bool(value)
