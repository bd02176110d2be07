"""What people in line read: will it be done before closing, between when and when, and what to do. Pure.

"Done" is paid and stamped. From `Status.fan` alone, so that a gate and a browser come to the same answer: the
fan's low and middle curves give the spread of the call, `done_after_s` the spread of what follows it.
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
"""A promise called 95 % stands on 97.5 %: half of what may go wrong is kept for a wrong prior."""
SOONEST_Z: Final = -1.2816
"""One in ten is done sooner than the interval says; that hurts nobody."""
GOOD_SIDE: Final = 0.6
"""How far the fan spreads to the good side, of its spread to the bad: outages have no counterpart."""
DONE_SPREAD: Final = 0.5
"""Spread of the logarithm of the time from the call to the stamp (log-normal; 95 of 100 within
`done_after_s`)."""
HOPE: Final = 0.1
"""Below this probability people are told: not tonight."""
NEAR_S: Final = 2_700
"""People whose turn is further away than this may go and come back."""
BACK_EARLY_S: Final = 600
"""People are asked back this long before the turn can come."""
OLD_AFTER_S: Final = 60
"""A status that is older than this promises nobody a moment."""


class Advice(StrEnum):
    """What to do. The words are the page's."""

    CALLED = "called"
    FREE = "free"  # nobody has to wait now
    WAIT = "wait"  # promised, and soon
    COME_BACK_AT = "come_back_at"  # promised, and not soon
    UNSURE = "unsure"  # it may be done in time, or not
    SERVED = "served"  # being in line at closing is in time, and nobody can say yet when it will be done
    NOT_TONIGHT = "not_tonight"
    PROBABILITY_ONLY = "probability_only"  # the order is not drawn yet
    LAST_CALL = "last_call"  # unsure, and the last call is over
    HALTED = "halted"
    OUT_OF_STOCK = "out_of_stock"
    STAMPING_STOPPED = "stamping_stopped"  # people are called, and nobody can say when stamps are made
    STALLED = "stalled"  # people are called, and can't come in or can't pay
    CLOSED = "closed"
    CALLED_AND_CLOSED = "called_and_closed"  # was let in and goes on, or was called and did not come
    UNHEARD = "unheard"  # what is known is old: the controller, or the store, is away
    UNKNOWN = "unknown"  # nothing has been published yet, or nobody can say how many will be called


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Times are Unix seconds."""

    advice: Advice
    probability: float | None = None
    """Of being done before closing, 0.01 to 0.99; None: nothing is known, or being in line is in time."""
    soonest: int | None = None
    """Done not before this, nine times in ten."""
    latest: int | None = None
    """Done by this, 97.5 times in a hundred; None: beyond what the fan shows."""
    done_by: int | None = None
    """The promise, if one can be made: `latest`, when it lies before closing."""
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
    """The verdict on a place with `ahead` people before it that are not called yet; None: not known.

    Without a fan (nobody has been called yet, or nobody waited a second ago) nothing is said, nor from an old
    one.

    `among`: the order inside the window is not drawn yet, and so many people are in it; `ahead` are those of
    earlier windows then. `line_counts`: who is in line at closing is in time (`Policy.line_counts`).
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
    """Whether a status is too old to say anything about now."""
    return now - status.at > OLD_AFTER_S


def done_median_s(done_after_s: float) -> float:
    """The middle time from the call to the stamp, from the time that suffices 95 of 100 people."""
    return done_after_s * math.exp(-1.6449 * DONE_SPREAD)


def _of_called(status: Status, now: float, deadline: float) -> Verdict:
    """Called now, as far as anybody knows: only what follows the call is open."""
    middle = done_median_s(status.done_after_s)
    if not (status.is_stamping and status.can_buy):
        return Verdict(advice=Advice.CALLED)
    # While the door is shut nobody can say by when it will be done.
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
    """Nobody is called at all, for a reason that comes before any probability."""
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
    """What a status says of the evening, computed once for everybody who asks.

    Curves are straight between the horizons of the fan, and go on after the last.
    """

    times: tuple[float, ...]
    """The moment of the status and the horizons, Unix seconds."""
    called: tuple[float, ...]
    """People called by then with 50 %."""
    spread: tuple[float, ...]
    """Of that: people a spread to the bad side."""
    late: float
    """Called, but too late to be done by now: people, when calling goes on as it does at its best."""
    done_well: float
    done_badly: float
    """What a spread of the time from the call to the stamp is worth in people, to the good and bad side."""

    def chance(self, ahead: int, moment: float) -> float:
        """The probability of being done at a moment (Unix seconds)."""
        return _phi(self.spreads(ahead, moment))

    def spreads(self, ahead: int, moment: float) -> float:
        """By how many spreads the person is done before the moment; negative: after it."""
        times = self.times
        at = min(max(bisect_left(times, moment), 1), len(times) - 1)
        share = (moment - times[at - 1]) / (times[at] - times[at - 1])
        called = self.called[at - 1] + (self.called[at] - self.called[at - 1]) * share
        spread = self.spread[at - 1] + (self.spread[at] - self.spread[at - 1]) * share
        return self._spreads(called - ahead, spread)

    def _spreads(self, passed: float, spread: float) -> float:
        """Counted in people: `passed` until the moment, less those called too late to be done by then.

        So an outage delays who is called already as it delays who waits.
        """
        margin = passed - self.late - 0.5
        if margin > 0:
            return margin / math.hypot(spread, self.done_badly, 0.5)
        return margin / math.hypot(spread * GOOD_SIDE, self.done_well, 0.5)

    def moment(self, ahead: int, wished: float) -> float | None:
        """When the person is done with the probability that belongs to `wished` spreads, within 5 s.

        None: beyond what the fan shows.
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
    """What a status says of the evening."""
    return _course(status.at, tuple(status.fan), status.done_after_s)


@lru_cache(8)  # an event tells the same of everybody until its next status
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
