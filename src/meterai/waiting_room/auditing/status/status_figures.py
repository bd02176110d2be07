"""What a status may say at its time: state, rate, forecast and words. Pure."""

from __future__ import annotations

import math
from itertools import pairwise

from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.announcements import AUTOMATIC
from meterai.waiting_room.auditing.checks.states import may_be_in
from meterai.waiting_room.files.published_documents import Announcement, Config, Status
from meterai.waiting_room.rules.model import POLL, QueueState
from meterai.waiting_room.rules.rate_control import CALLS_FACTOR_MAX, GROWTH_MIN, GROWTH_PER_S
from meterai.waiting_room.rules.state_causes import StateCause

_ROUNDING = 1
_STEP_S = 3
"""Two steps may bear the same second, and times are rounded."""
_MOVES = (QueueState.DIRECT, QueueState.OPEN, QueueState.LAST_CALL)
"""States in which people may enter. In other states the rate is 0."""


def may_show(status: Status, rules: Config) -> bool:
    """Whether the schedule allows the state at this time (as `rate_control.state_of` decides)."""
    schedule, at, state, line_counts = rules.schedule, status.at, status.state, rules.policy.line_counts
    if at >= schedule.closes_at and not line_counts:
        return state is QueueState.CLOSED
    if state is QueueState.OFF:
        return True  # an operator may have switched it off
    if state is QueueState.DIRECT and status.waiting != 0:
        return False
    return may_be_in(state, schedule, at, line_counts=line_counts)


def rates_at(
    status: Status, *, cap: int, floor: int, least: float, logged: tuple[int, int] | None
) -> tuple[int, int]:
    """The least and the greatest rate that the status may show.

    - `cap`, `floor`: the greatest cap of the last seconds, and the least floor.
    - `least`: to which the rate can have shrunk since the log stated it.
    - `logged`: (time, rate) of the last entry that states one. The rate of the same step is nearly the same.
    """
    if status.state not in _MOVES:
        return 0, 0
    most = float(cap)
    if logged is not None and logged[1] > 0 and abs(status.at - logged[0]) <= _ROUNDING:
        most = min(most, logged[1] + _STEP_S * max(GROWTH_MIN, GROWTH_PER_S * logged[1]) + _ROUNDING)
    return max(0, math.floor(max(floor, min(least, most))) - _ROUNDING), math.ceil(most)


def exceeds_rules(status: Status, cap: int) -> bool:
    """Whether the forecast shows more calls than the cap allows, or runs back."""
    calls_max = max(1, cap) * CALLS_FACTOR_MAX
    is_over = any(
        low > middle or middle > calls_max * seconds / 60 + _ROUNDING for seconds, low, middle in status.fan
    )
    return is_over or any(
        after[0] <= before[0] or after[1] < before[1] or after[2] < before[2]
        for before, after in pairwise(status.fan)
    )


def hides_trouble(status: Status, cause: StateCause | None) -> bool:
    """Whether people read that they can buy while they can't, or that they can't while nothing holds them."""
    if status.state not in (QueueState.OPEN, QueueState.LAST_CALL):
        return False
    return cause is (StateCause.CANNOT_BUY if status.can_buy else StateCause.CALLING)


def looks_seldom(status: Status) -> bool:
    """Whether pages would look less often than the rules of the gate say."""
    return not 0 < status.poll[0] <= status.poll[1] <= POLL[1]


def is_automatic(words: Announcement) -> bool:
    """Whether the controller says these words by itself."""
    own = (
        Announcement(*(translate(sentence, language) for language in ("id", "en"))) for sentence in AUTOMATIC
    )
    return words == Announcement() or words in own
