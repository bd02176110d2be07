"""The forecast that people in line read: whether they will be done before closing, when, and what to do.
Pure.

"Done" is paid and stamped. The verdict needs `Status.fan` only, so a gate and a browser come to the same one.
The fan's low and middle curves give the spread of the call. `done_after_s` gives the spread of what follows.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.model import QueueState

LATEST_Z: Final = 1.96
"""A promise of 95 % uses 97.5 %. Half of the risk is kept for a wrong prior."""
SOONEST_Z: Final = -1.2816
"""One person in ten is done earlier than the interval says. That hurts nobody."""
GOOD_SIDE: Final = 0.6
"""The fan's spread to the good side, as a part of its spread to the bad side. Outages have no counterpart."""
DONE_SPREAD: Final = 0.5
"""Spread of the logarithm of the time from the call to the stamp (log-normal; 95 of 100 within
`done_after_s`)."""
HOPE: Final = 0.1
"""Below this probability people read: not tonight."""
NEAR_S: Final = 2_700
"""People whose turn is further away than this may go and come back."""
BACK_EARLY_S: Final = 600
"""People are asked to be back this long before their turn can come."""
OLD_AFTER_S: Final = 60
"""A status that is older than this promises no time."""


class Advice(StrEnum):
    """The advice to a person in line. The page has the words."""

    CALLED = "called"
    FREE = "free"  # nobody has to wait now
    WAIT = "wait"  # promised, and soon
    COME_BACK_AT = "come_back_at"  # promised, and not soon
    UNSURE = "unsure"  # it may be done in time, or not
    SERVED = "served"  # being in line at closing is in time, and the time of the stamp is unknown yet
    NOT_TONIGHT = "not_tonight"
    PROBABILITY_ONLY = "probability_only"  # the order is not drawn yet
    LAST_CALL = "last_call"  # unsure, and the last call is over
    HALTED = "halted"
    OUT_OF_STOCK = "out_of_stock"
    STAMPING_STOPPED = "stamping_stopped"  # people are called, but the time of the stamp is unknown
    STALLED = "stalled"  # people are called, but can't come in or can't pay
    CLOSED = "closed"
    CALLED_AND_CLOSED = "called_and_closed"  # was let in and goes on, or was called and did not come
    UNHEARD = "unheard"  # the status is old: the controller, or the store, is down
    UNKNOWN = "unknown"  # no status is published, or the number of calls is unknown


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Times are Unix seconds."""

    advice: Advice
    probability: float | None = None
    """The probability to be done before closing, 0.01 to 0.99.

    None: it is unknown, or being in line counts as in time.
    """
    soonest: int | None = None
    """Nine in ten people are done after this time."""
    latest: int | None = None
    """97.5 in a hundred people are done by this time; None: it lies beyond the fan."""
    done_by: int | None = None
    """The promise, if one is possible: `latest`, when it lies before closing."""
    come_back_at: int | None = None


def verdict_of(
    status: Status,
    ahead: int | None,
    *,
    now: float,
    among: int | None = None,
    is_called: bool = False,
    line_counts: bool = False,
) -> Verdict:
    """The verdict on a place with `ahead` uncalled people before it; None: their number is unknown.

    It says nothing without a fan (nobody has been called yet, or nobody waited a second ago), or with an old
    one.

    - `among`: the order inside the window is not drawn yet, and this many people are in it. Then `ahead`
      counts
      the people of earlier windows.
    - `line_counts`: people who are in line at closing are in time (`Policy.line_counts`).

    About 20 us.
    """
    if status.state is QueueState.CLOSED:
        return Verdict(advice=Advice.CALLED_AND_CLOSED if is_called else Advice.CLOSED)
    deadline = math.inf if line_counts else float(status.closes_at)
    if is_called:
        return _of_called(status, now, deadline)
    if is_old(status, now):
        return Verdict(advice=_held(status) or Advice.UNHEARD)
    if not status.is_stamping:
        return Verdict(advice=_held(status) or Advice.STAMPING_STOPPED)
    if not status.can_buy and status.state is not QueueState.LOTTERY:  # before the opening nobody is called
        return Verdict(advice=_held(status) or Advice.STALLED)
    if ahead is None or not status.fan:
        return Verdict(advice=_held(status) or Advice.UNKNOWN)
    if among is not None:
        chance = None if line_counts else _chance_before_draw(status, ahead, among, deadline)
        return Verdict(advice=_held(status) or Advice.PROBABILITY_ONLY, probability=chance)
    return _of_place(status, ahead, now, deadline)


def is_old(status: Status, now: float) -> bool:
    """Whether a status is too old to describe the present."""
    return now - status.at > OLD_AFTER_S


def done_median_s(done_after_s: float) -> float:
    """The middle time from the call to the stamp, computed from the time that 95 of 100 people need at
    most."""
    return done_after_s * math.exp(-1.6449 * DONE_SPREAD)


def _of_called(status: Status, now: float, deadline: float) -> Verdict:
    """The verdict for a person who is called, as far as we know. Only the time after the call is
    uncertain."""
    middle = done_median_s(status.done_after_s)
    if not (status.is_stamping and status.can_buy):
        return Verdict(advice=Advice.CALLED)
    # While the door is shut nobody can say when it will be done.
    latest = None if _held(status) else int(now + middle * math.exp(LATEST_Z * DONE_SPREAD))
    chance = _phi(math.log(max(deadline - now, 1.0) / middle) / DONE_SPREAD) if now < deadline else 0.0
    return Verdict(
        advice=Advice.CALLED,
        probability=None if deadline == math.inf else _shown(chance),
        soonest=int(now + middle * math.exp(SOONEST_Z * DONE_SPREAD)),
        latest=latest,
        done_by=latest if latest is not None and latest <= deadline else None,
    )


def _of_place(status: Status, ahead: int, now: float, deadline: float) -> Verdict:
    course = forecast_of(status)
    soonest, latest = course.moment(ahead, SOONEST_Z), course.moment(ahead, LATEST_Z)
    chance = None if deadline == math.inf else course.chance(ahead, deadline)
    promised = latest is not None and latest <= deadline
    turn = None if soonest is None else soonest - done_median_s(status.done_after_s)
    held = _held(status)
    is_far = turn is not None and turn - now > NEAR_S
    is_hoped = chance is None or chance >= HOPE
    back = int(turn - BACK_EARLY_S) if turn is not None and is_far and is_hoped else None
    least = _phi(LATEST_Z) if promised else 0.0
    return Verdict(
        advice=held or _advice(status, chance, promised=promised, is_far=is_far),
        probability=None if chance is None else _shown(max(chance, least)),
        soonest=None if soonest is None else int(soonest),
        latest=None if latest is None else int(latest),
        done_by=int(latest) if latest is not None and promised and not held else None,
        come_back_at=back,
    )


def _advice(status: Status, chance: float | None, *, promised: bool, is_far: bool) -> Advice:
    if promised:
        return Advice.COME_BACK_AT if is_far else Advice.WAIT
    if chance is None:
        return Advice.SERVED
    if chance < HOPE:
        return Advice.NOT_TONIGHT
    return Advice.LAST_CALL if status.state is QueueState.LAST_CALL else Advice.UNSURE


def _held(status: Status) -> Advice | None:
    """The verdict while nobody is called. This reason goes before any probability."""
    if status.state is QueueState.HALTED:
        return Advice.HALTED
    return Advice.OUT_OF_STOCK if status.state is QueueState.OUT_OF_STOCK else None


def _chance_before_draw(status: Status, ahead: int, among: int, deadline: float) -> float:
    """The mean over all places that the draw may give."""
    ranks = 12
    course = forecast_of(status)
    places = [ahead + int(among * (rank + 0.5) / ranks) for rank in range(ranks)]
    return _shown(sum(course.chance(place, deadline) for place in places) / ranks)


class EveningForecast(NamedTuple):
    """A status as a forecast of the evening, computed once for all who ask.

    The curves are straight between the horizons of the fan, and continue after the last.
    """

    times: tuple[float, ...]
    """The moment of the status and the horizons, Unix seconds."""
    called: tuple[float, ...]
    """People called by then with 50 %."""
    spread: tuple[float, ...]
    """The spread of that to the bad side, in people."""
    late: float
    """People who are called, but too late to be done by now, when calling continues at its best."""
    done_well: float
    done_badly: float
    """The spread of the time from the call to the stamp, in people, to the good and to the bad side."""

    def chance(self, ahead: int, moment: float) -> float:
        """The probability of being done at a moment (Unix seconds)."""
        return _phi(self.spreads(ahead, moment))

    def spreads(self, ahead: int, moment: float) -> float:
        """The spreads between the moment at which the person is done and this moment; negative: done after
        it."""
        times = self.times
        at = min(max(bisect_left(times, moment), 1), len(times) - 1)
        share = (moment - times[at - 1]) / (times[at] - times[at - 1])
        called = self.called[at - 1] + (self.called[at] - self.called[at - 1]) * share
        spread = self.spread[at - 1] + (self.spread[at] - self.spread[at - 1]) * share
        return self._spreads(called - ahead, spread)

    def _spreads(self, passed: float, spread: float) -> float:
        """The same for a number of people: `passed` until the moment, less those called too late to be done
        by then.

        So an outage delays people who are called as it delays people who wait.
        """
        margin = passed - self.late - 0.5
        if margin > 0:
            return margin / math.hypot(spread, self.done_badly, 0.5)
        return margin / math.hypot(spread * GOOD_SIDE, self.done_well, 0.5)

    def moment(self, ahead: int, wished: float) -> float | None:
        """When the person is done with the probability of `wished` spreads, within 5 s.

        None: beyond the fan.
        """
        for at in range(1, len(self.times)):
            if self._spreads(self.called[at] - ahead, self.spread[at]) >= wished:
                break
        else:
            return None
        before, after = self.times[at - 1], self.times[at]
        while after - before > 5:
            half = (before + after) / 2
            before, after = (before, half) if self.spreads(ahead, half) >= wished else (half, after)
        return after


def forecast_of(status: Status) -> EveningForecast:
    """The forecast of a status."""
    return _course(status.at, tuple(status.fan), status.done_after_s)


@lru_cache(8)  # an event's status gives one forecast until the next status
def _course(at: int, fan: tuple[tuple[int, int, int], ...], done_after_s: float) -> EveningForecast:
    points = [(0, 0, 0), *fan]
    paces = [(after[2] - before[2]) / (after[0] - before[0]) for before, after in pairwise(points)]
    late = done_median_s(done_after_s) * max(0.0, *paces)
    return EveningForecast(
        times=tuple(float(at + seconds) for seconds, _, _ in points),
        called=tuple(float(middle) for _, _, middle in points),
        spread=tuple((middle - low) / LATEST_Z for _, low, middle in points),
        late=late,
        done_well=math.expm1(-LATEST_Z * DONE_SPREAD) / LATEST_Z * late,
        done_badly=math.expm1(LATEST_Z * DONE_SPREAD) / LATEST_Z * late,
    )


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _shown(chance: float) -> float:
    return round(min(0.99, max(0.01, chance)), 2)
