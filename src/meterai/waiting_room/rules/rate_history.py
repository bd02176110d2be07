"""The controller's memory of an evening, for its forecast: how quickly people were called, and the outages.

Pure; in people, minutes and Unix seconds. Only minutes with waiting people show what the site bears. When
nobody waits, the rate stands at its cap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import msgspec

MINUTES_MAX = 120
"""Older minutes say little about the next hours."""
DOWN_SHARE, UP_SHARE = 0.2, 0.5
"""Parts of the usual rate. An outage begins below the first one and ends at the second one."""
OUTAGE_MIN_S = 20.0
"""A shorter dip is normal: it is how the controller finds the limit."""
OUTAGE_MAX_S = 5_400.0
"""After this long the low rate is the usual one, because an operator wanted it."""


class RateHistory(msgspec.Struct, frozen=True, kw_only=True):
    """An evening so far."""

    minutes: tuple[int, ...] = ()
    """The people called in each minute, the newest last. Outages are left out."""
    up_s: float = 0.0
    """How long people were called."""
    outages: int = 0
    """Outages that are over."""
    outage_s: float = 0.0
    """The total duration of these outages."""
    down_since: float | None = None
    """When calling stopped, or nearly stopped."""
    minute_people: float = 0.0
    minute_s: float = 0.0

    def outage_lasts_s(self, now: float) -> float:
        """How long the present outage has lasted; 0: there is none, or it may be a few seconds of braking."""
        lasted = 0.0 if self.down_since is None else now - self.down_since
        return lasted if lasted >= OUTAGE_MIN_S else 0.0

    @property
    def usual(self) -> float | None:
        """People a minute, of the last quarter of an hour; None: not known yet."""
        return float(median(self.minutes[-15:])) if self.minutes else None


def observed(
    past: RateHistory, calls: float, *, is_contended: bool, now: float, elapsed_s: float
) -> RateHistory:
    """The memory after one more step of the controller, in which `calls` people a minute were called.

    `is_contended`: people waited. Without waiting people a step teaches nothing, and an outage does not
    count.
    """
    if not is_contended:
        return msgspec.structs.replace(past, down_since=None, minute_people=0.0, minute_s=0.0)
    past = _with_outage(past, calls, now)
    if past.down_since is not None:
        return msgspec.structs.replace(past, minute_people=0.0, minute_s=0.0)
    people, seconds = past.minute_people + calls * elapsed_s / 60, past.minute_s + elapsed_s
    past = msgspec.structs.replace(past, up_s=past.up_s + elapsed_s, minute_people=people, minute_s=seconds)
    if seconds < 60:
        return past
    minutes = (*past.minutes, round(people * 60 / seconds))[-MINUTES_MAX:]
    return msgspec.structs.replace(past, minutes=minutes, minute_people=0.0, minute_s=0.0)


def _with_outage(past: RateHistory, calls: float, now: float) -> RateHistory:
    usual = past.usual
    if past.down_since is None:
        is_down = calls <= 0 if usual is None else calls < usual * DOWN_SHARE
        return msgspec.structs.replace(past, down_since=now) if is_down else past
    lasted = now - past.down_since
    if calls > 0 and (usual is None or calls >= usual * UP_SHARE):
        if lasted < OUTAGE_MIN_S:
            return msgspec.structs.replace(past, down_since=None)
        return msgspec.structs.replace(
            past, down_since=None, outages=past.outages + 1, outage_s=past.outage_s + lasted
        )
    if calls > 0 and lasted >= OUTAGE_MAX_S:
        return msgspec.structs.replace(
            past, down_since=None, outages=past.outages + 1, outage_s=past.outage_s + lasted, minutes=()
        )
    return past


_DONE_AFTER_GUESS_S = 900.0


def done_after_of(lasted: Sequence[float]) -> int:
    """`Status.done_after_s`: the time from the claim to the stamp that 95 of the last 100 people needed at
    most.

    `lasted`: seconds of the last people who finished (a few hundred). With less than twenty of them a guess
    counts too.
    """
    known = sorted([*lasted, *[_DONE_AFTER_GUESS_S] * max(0, 2 - len(lasted) // 10)])
    return round(known[min(len(known) - 1, math.ceil(len(known) * 0.95))])
