"""The admission: how many called people may enter now, and whether a ticket is valid. Pure.

People come in waves, and some come an hour after their call. Levels are in people, rates in people a minute,
times in Unix seconds.
"""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.rules.model import Frontier, Lane, Schedule
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.rules.windows import first_number, number_at

DEPTH_S = 3.0
"""How many seconds of the rate may enter at once after a quiet time."""
DEPTH_MIN = 2.0
"""People. With less than one, nobody could enter at a low rate."""

TRY_AGAIN_S = 2
"""The earliest time to try again."""
KNOCKED_LATELY_S = 60
"""For this long after a person found the admission full, nobody new is called in their place."""

LATE_S = 2
"""Seconds after its window's end at which a ticket may still have been made: half a second, plus the
duration of a join (`gate/joining/ticket_issuer.py`)."""


class AdmissionBuckets(msgspec.Struct, frozen=True):
    """Two token buckets that share one rate. Returners have a part of it. Each lane may use what the other
    leaves."""

    new: float
    returner: float
    filled_at: float

    def filled(self, rate: float, returners_percent: int, now: float) -> AdmissionBuckets:
        """The buckets at `now`, with what has flowed in since they were last filled. Time never runs
        backwards."""
        flow = rate / 60 * max(0.0, now - self.filled_at)
        share = returners_percent / 100
        returner, over = _poured(self.returner, flow * share, _depth(rate, share))
        new, over = _poured(self.new, flow * (1 - share) + over, _depth(rate, 1 - share))
        returner, _ = _poured(returner, over, _depth(rate, share))
        return AdmissionBuckets(new, returner, max(now, self.filled_at))

    def entered(self, lane: Lane) -> AdmissionBuckets | None:
        """The buckets after one more person; None: no place is left. People with an order in progress
        never wait."""
        if lane is Lane.IN_FLIGHT:
            return self
        if lane is Lane.RETURNER:
            return None if self.returner < 1 else msgspec.structs.replace(self, returner=self.returner - 1)
        return None if self.new < 1 else msgspec.structs.replace(self, new=self.new - 1)


def wait_s(rate: float, returners_percent: int, lane: Lane, *, knocking: int) -> int:
    """When to try again at a full admission with `knocking` people before it: after 2 to 30 s."""
    share = returners_percent / 100 if lane is Lane.RETURNER else 1 - returners_percent / 100
    if rate * share <= 0:
        return 30
    return max(TRY_AGAIN_S, min(30, round(60 * max(1, knocking) / (rate * share)) + 1))


def check_ticket(schedule: Schedule, ticket: Ticket) -> None:
    """Refuses a ticket for a window that was over when the ticket was made.

    Call it only for tickets that stand in no list. Lists are published before their seeds, so tickets in them
    are good. A gate closes a window a little late, so a ticket may be made that much later.

    Two kinds of tickets pass because the clock may have been ahead: those from before a cut of time
    (`Schedule.first_window`), and those of the window that was open then.

    Raises: Refusal FORBIDDEN `ticket.backdated`.
    """
    is_cut = schedule.first_window > 1 or ticket.joined_at < schedule.joins_from
    if ticket.window < first_number(schedule) or (is_cut and ticket.window <= schedule.first_window):
        return
    joined_in = number_at(schedule, ticket.joined_at - LATE_S)
    if joined_in is None:  # in the very first seconds
        joined_in = number_at(schedule, ticket.joined_at)
    if joined_in is None or ticket.window < joined_in:
        raise Refusal(Kind.FORBIDDEN, "ticket.backdated")


def lane_of(new: Frontier, late: Frontier, window: int, place: int) -> Lane | None:
    """The lane of a person who is called; None: not called yet.

    `new`: the frontier. `late`: where the frontier stood at the calls that lapse now.
    """
    if late.calls(window, place):
        return Lane.RETURNER
    return Lane.NEW if new.calls(window, place) else None


def _poured(level: float, flow: float, depth: float) -> tuple[float, float]:
    """(new level, the overflow). A level that exceeds the depth after a fall of the rate is cut."""
    full = min(level + flow, depth)
    return full, max(0.0, level + flow - depth) if level <= depth else flow


def _depth(rate: float, share: float) -> float:
    """The depth of a lane's bucket. A lane without a share has room for what the other lane leaves."""
    return 0.0 if rate <= 0 else max(DEPTH_MIN, rate * share / 60 * DEPTH_S)
