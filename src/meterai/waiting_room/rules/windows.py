"""Time cut into windows. People who joined in one window are equal, and windows are served in order.

The window before the first one (0) is the lottery before the opening, if there is one. After the opening,
windows are `window_s` long. The last call and the closing also end a window when they fall inside it.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from meterai.waiting_room.rules.model import Schedule

LOGGED_LATE_S = 300
"""Seconds after the start of joining. A service that starts may log changed rules this late."""


class Window(msgspec.Struct, frozen=True):
    """A stretch of time, its end not included. Unix seconds."""

    number: int
    starts_at: int
    ends_at: int


def number_at(schedule: Schedule, unix: float) -> int | None:
    """The window at this moment; None before joining is possible, and after the closing."""
    if not schedule.joins_from <= unix < schedule.closes_at:
        return None
    if unix < schedule.opens_at:
        return schedule.first_window - 1
    moment = int(unix)
    past_cuts = sum(1 for cut in _cuts(schedule) if cut <= moment)
    return schedule.first_window + (moment - schedule.opens_at) // schedule.window_s + past_cuts


@lru_cache(256)  # every page asks for the windows in which people stand now
def window_of(schedule: Schedule, number: int) -> Window:
    """A window by its number. Raises: ValueError when the queue has no such window."""
    if number == schedule.first_window - 1 and schedule.joins_from < schedule.opens_at:
        return Window(number, schedule.joins_from, schedule.opens_at)
    start = _start(schedule, number)
    if start is None or start >= schedule.closes_at:
        raise ValueError(f"no window {number}")
    end = _start(schedule, number + 1)
    return Window(number, start, min(end or schedule.closes_at, schedule.closes_at))


def end_of(schedule: Schedule, number: int) -> int:
    """The latest end of a window.

    A window from before time was cut again ended at the cut. If the closing was moved forward, a window
    behind it ends at the closing.
    """
    if number < first_number(schedule):
        return schedule.opens_at
    return window_of(schedule, number).ends_at if number <= last_number(schedule) else schedule.closes_at


def last_number(schedule: Schedule) -> int:
    """The number of the last window."""
    number = number_at(schedule, schedule.closes_at - 1)
    assert number is not None
    return number


def first_number(schedule: Schedule) -> int:
    """The number of the first window: the lottery's, if there is one."""
    lottery = lottery_of(schedule)
    return schedule.first_window if lottery is None else lottery


def lottery_of(schedule: Schedule) -> int | None:
    """The number of the lottery's window; None: there is none."""
    return schedule.first_window - 1 if schedule.joins_from < schedule.opens_at else None


def fixed_of(schedule: Schedule) -> tuple[int, ...]:
    """The parts of a schedule that do not change once people can join, unless time is cut again."""
    return schedule.joins_from, schedule.opens_at, schedule.window_s, schedule.first_window


def _cuts(schedule: Schedule) -> tuple[int, ...]:
    """Borders that are not on the grid."""
    wanted = {schedule.last_call_at, schedule.closes_at} - {None}
    opens_at = schedule.opens_at
    return tuple(
        sorted(cut for cut in wanted if cut and cut > opens_at and (cut - opens_at) % schedule.window_s)
    )


def _start(schedule: Schedule, number: int) -> int | None:
    """Where a window begins: on the grid, shifted by the cuts before it, or at a cut."""
    place = number - schedule.first_window
    if place < 0:
        return None
    for past in range(len(_cuts(schedule)) + 1):
        start = schedule.opens_at + (place - past) * schedule.window_s
        if sum(1 for cut in _cuts(schedule) if cut <= start) == past and start >= schedule.opens_at:
            return start
    for past, cut in enumerate(_cuts(schedule), 1):
        if (cut - schedule.opens_at) // schedule.window_s + past == place:
            return cut
    return None
