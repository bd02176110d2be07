"""Time cut into windows: everybody who joined in one of them is equal, and they are served in order.

Window 0 is the lottery before the opening, if there is one. From the opening on windows are `window_s` long,
cut also where the last call and the closing fall between two borders.
"""

from __future__ import annotations

import msgspec

from meterai.waiting_room.model import Schedule


class Window(msgspec.Struct, frozen=True):
    """A stretch of time, its end not included. Unix seconds."""

    number: int
    starts_at: int
    ends_at: int


def number_at(schedule: Schedule, unix: float) -> int | None:
    """The window in which this moment lies; None before joining is possible, and from the closing on."""
    if not schedule.joins_from <= unix < schedule.closes_at:
        return None
    if unix < schedule.opens_at:
        return 0
    moment = int(unix)
    past_cuts = sum(1 for cut in _cuts(schedule) if cut <= moment)
    return 1 + (moment - schedule.opens_at) // schedule.window_s + past_cuts


def window_at(schedule: Schedule, unix: float) -> Window | None:
    """The window of a moment, with its borders; None as `number_at`."""
    number = number_at(schedule, unix)
    return None if number is None else window_of(schedule, number)


def window_of(schedule: Schedule, number: int) -> Window:
    """A window by its number. Raises: ValueError when the queue has no such window."""
    if number == 0 and schedule.joins_from < schedule.opens_at:
        return Window(0, schedule.joins_from, schedule.opens_at)
    start = _start(schedule, number)
    if start is None or start >= schedule.closes_at:
        raise ValueError(f"no window {number}")
    end = _start(schedule, number + 1)
    return Window(number, start, min(end or schedule.closes_at, schedule.closes_at))


def last_number(schedule: Schedule) -> int:
    """The number of the last window."""
    number = number_at(schedule, schedule.closes_at - 1)
    assert number is not None
    return number


def first_number(schedule: Schedule) -> int:
    """The number of the first window: 0 with a lottery, 1 without."""
    return 0 if schedule.joins_from < schedule.opens_at else 1


def _cuts(schedule: Schedule) -> tuple[int, ...]:
    """Borders that don't fall on the grid."""
    wanted = {schedule.last_call_at, schedule.closes_at} - {None}
    return tuple(sorted(cut for cut in wanted if cut and (cut - schedule.opens_at) % schedule.window_s))


def _start(schedule: Schedule, number: int) -> int | None:
    """Where window `number` (from 1) begins: on the grid, moved by the cuts before it, or at a cut."""
    if number < 1:
        return None
    for past in range(len(_cuts(schedule)) + 1):
        start = schedule.opens_at + (number - 1 - past) * schedule.window_s
        if sum(1 for cut in _cuts(schedule) if cut <= start) == past and start >= schedule.opens_at:
            return start
    for past, cut in enumerate(_cuts(schedule), 1):
        if 1 + (cut - schedule.opens_at) // schedule.window_s + past == number:
            return cut
    return None
