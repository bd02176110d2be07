"""The words of the waiting room: schedule, lanes, frontier, states. Pure; times are whole Unix seconds."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

U_MAX = 2**64
"""Places within a window are integers from 0 to below this."""
LOOKS_AFTER = 0.25
"""A wait page looks again after this part of the time until the turn (docs/decisions/0023).

The script `gate/static/wait.js` has the same figure.
"""
POLL = (2, 60)
"""The least and greatest number of seconds between two looks."""


class Lane(IntEnum):
    """The parallel queue in which a person stands.

    A claim takes it from the signed order, never from a ticket.
    """

    NEW = 0
    RETURNER = 1  # was called, did not come in time, comes now
    IN_FLIGHT = 2  # has an order that is paid or being stamped: never waits


class QueueState(StrEnum):
    """The present state of an event's queue."""

    OFF = "off"  # everybody enters without a pass
    DIRECT = "direct"  # nobody waits: enter at once
    LOTTERY = "lottery"  # before the opening: everybody who joins now is equal
    OPEN = "open"
    LAST_CALL = "last_call"  # people who join now read that the end may come first
    HALTED = "halted"  # an operator, or trouble on the site, holds everybody
    OUT_OF_STOCK = "out_of_stock"
    CLOSED = "closed"

    @property
    def has_line(self) -> bool:
        """Whether people wait for others before them. Nobody can enter before the opening or after the
        closing."""
        return self in (QueueState.OPEN, QueueState.LAST_CALL, QueueState.HALTED, QueueState.OUT_OF_STOCK)

    @property
    def is_held(self) -> bool:
        """Whether the line is held: nobody can enter, not even people who are called."""
        return self in (QueueState.HALTED, QueueState.OUT_OF_STOCK)

    @property
    def stands_still(self) -> bool:
        """Whether nobody waits and no window passes. A ticket that is made nevertheless belongs to the
        next window."""
        return self in (QueueState.OFF, QueueState.DIRECT)


class Frontier(msgspec.Struct, frozen=True, order=True):
    """The border of the called people: their (window, place) is smaller. Integers, never floats."""

    window: int
    x: int

    def calls(self, window: int, place: int) -> bool:
        """Whether the holder of this place is called."""
        return (window, place) < (self.window, self.x)


NOBODY = Frontier(0, 0)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The times of an event's queue.

    `joins_from` < `opens_at`: everybody who joins in between is in one window, the lottery. If the two are
    equal there is no lottery, as when the queue is switched on in the middle of a sale.
    """

    joins_from: int
    opens_at: int
    closes_at: int
    last_call_at: int | None = None
    window_s: int = 10
    first_window: int = 1
    """The number of the window that begins at `opens_at`. It grows when time is cut again, such as after a
    time without waiting people."""

    def __post_init__(self) -> None:
        last_call = self.last_call_at if self.last_call_at is not None else self.closes_at
        if not self.joins_from <= self.opens_at < self.closes_at or not last_call <= self.closes_at:
            raise ValueError("a queue opens, calls for the last time, and closes, in this order")
        if self.first_window < 1:
            raise ValueError("the first window after the opening is 1 or later")
        if self.window_s < 1:
            raise ValueError("a window is at least one second long")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The promises of an event to people who wait. Signed; each version stands in the public log."""

    line_counts: bool = False
    """Being in line at closing time counts as having applied in time (the agency's decision)."""
    returners_percent: int = 15
    """The share of the admissions for people who were called and come late."""
    claim_minutes: int = 10
    """How long a call is valid. Later its holder uses the returners' lane."""
    rate_floor: int = 60
    """The least admissions a minute while the site answers at all."""
    rate_cap: int = 6000
    """The greatest admissions a minute."""
