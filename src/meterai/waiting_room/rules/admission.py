"""The admission: how many people who are called may enter now, and whether a ticket is good. Pure.

People come in waves, and some come an hour after their call. Levels are people, rates people a minute, times
Unix seconds.
"""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.rules.model import Frontier, Lane, Schedule
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.rules.windows import first_number, number_at

DEPTH_S = 3.0
"""How many seconds of the rate may enter at once after a lull."""
DEPTH_MIN = 2.0
"""People: less than one would let nobody in at a low rate."""

LATE_S = 2
"""How much later than its window's end a ticket may have been made: half a second, and the time that a join
takes (`gate/joining/ticket_issuer.py`)."""


class AdmissionBuckets(msgspec.Struct, frozen=True):
    """Two token buckets that share one rate. Returners have a part; what one lane leaves the other may
    use."""

    new: float
    returner: float
    filled_at: float

    def filled(self, rate: float, returners_percent: int, now: float) -> AdmissionBuckets:
        """The buckets at `now`, with what has flowed in since they were last filled. Time never runs back."""
        flow = rate / 60 * max(0.0, now - self.filled_at)
        share = returners_percent / 100
        returner, over = _poured(self.returner, flow * share, _depth(rate, share))
        new, over = _poured(self.new, flow * (1 - share) + over, _depth(rate, 1 - share))
        returner, _ = _poured(returner, over, _depth(rate, share))
        return AdmissionBuckets(new, returner, max(now, self.filled_at))

    def entered(self, lane: Lane) -> AdmissionBuckets | None:
        """The buckets after one more person; None: no place is left. People with an order in flight never
        wait."""
        if lane is Lane.IN_FLIGHT:
            return self
        if lane is Lane.RETURNER:
            return None if self.returner < 1 else msgspec.structs.replace(self, returner=self.returner - 1)
        return None if self.new < 1 else msgspec.structs.replace(self, new=self.new - 1)


def wait_s(rate: float, returners_percent: int, lane: Lane, *, knocking: int) -> int:
    """When to knock again at a full admission at which `knocking` people stand: after 2 to 30 s."""
    share = returners_percent / 100 if lane is Lane.RETURNER else 1 - returners_percent / 100
    return 30 if rate * share <= 0 else max(2, min(30, round(60 * max(1, knocking) / (rate * share)) + 1))


def check_ticket(schedule: Schedule, ticket: Ticket) -> None:
    """Refuses a ticket for a window that was over when the ticket was made.

    Ask it only of tickets that stand in no list: lists are published before their seeds, so their tickets
    are good. A gate closes a window a little after its end, so a ticket may be that much younger. Tickets
    from before a cut of time (`Schedule.first_window`), and from the window that was open then, pass: the
    clock may have been ahead.

    Raises: Refusal FORBIDDEN `ticket.backdated`.
    """
    is_cut = schedule.first_window > 1 or ticket.joined_at < schedule.joins_from
    if ticket.window < first_number(schedule) or (is_cut and ticket.window <= schedule.first_window):
        return
    joined_in = number_at(schedule, ticket.joined_at - LATE_S)
    if joined_in is None:  # in the first seconds of all
        joined_in = number_at(schedule, ticket.joined_at)
    if joined_in is None or ticket.window < joined_in:
        raise Refusal(Kind.FORBIDDEN, "ticket.backdated")


def lane_of(new: Frontier, late: Frontier, window: int, place: int) -> Lane | None:
    """The lane of a person who is called; None: not called yet.

    `new`: the frontier. `late`: where it stood when the calls were made that lapse now.
    """
    if late.calls(window, place):
        return Lane.RETURNER
    return Lane.NEW if new.calls(window, place) else None


def _poured(level: float, flow: float, depth: float) -> tuple[float, float]:
    """(new level, what did not fit). A level above the depth, after a fall of the rate, is cut."""
    full = min(level + flow, depth)
    return full, max(0.0, level + flow - depth) if level <= depth else flow


def _depth(rate: float, share: float) -> float:
    """The depth of a lane's bucket. A lane without a share has room for what the other leaves."""
    return 0.0 if rate <= 0 else max(DEPTH_MIN, rate * share / 60 * DEPTH_S)
