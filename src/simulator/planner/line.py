"""The line as a fluid: joins in, people called at the site's rate, first come first served.

Each lane of the arrays is a course of its own: another capacity, other outages, other joins. The steps follow
each other in time, the lanes lie side by side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.planner.arrivals import STEP_S, Series
from simulator.planner.season import HOUR, Behaviour

_NOBODY = 1e-6
"""People; what rounding leaves of them."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in each lane. Arrays are (steps + 1, lanes) where cumulative, (steps, lanes) else."""

    joined: Series
    """People who have joined, cumulative."""
    called: Series
    """People called so far, cumulative."""
    began: Series
    """People who came in, in each step; returners included."""
    returning: Series
    """People who were called, were absent, and will come or have come back and wait for the door."""
    gave_up: Series
    """People called who never come, cumulative."""

    def in_line(self) -> Series:
        """People waiting to be called at each edge; some of them have left without saying so."""
        return self.joined - self.called

    def part(self, first: int, last: int) -> Course:
        """Some of the lanes."""
        parts = (self.joined, self.called, self.began, self.returning, self.gave_up)
        return Course(*(whole[:, first:last] for whole in parts))

    def waits(self, lane: int, edges: Series) -> Series:
        """How long those wait who join at each edge, in seconds; infinite: not called within the run."""
        return waits_of(self.joined[:, lane], self.called[:, lane], edges)


def run(joins: Series, capacity: Series, behaviour: Behaviour, returners_share: float) -> Course:
    """Runs every lane. `joins`: people per step; `capacity`: journeys per second in each step; both
    (steps, lanes), or (steps, 1) for all lanes alike. Journeys walked twice take capacity twice."""
    steps, lanes = np.broadcast_shapes(joins.shape, capacity.shape)
    joined = np.zeros((steps + 1, lanes))
    np.cumsum(np.broadcast_to(joins, (steps, lanes)), axis=0, out=joined[1:])
    budget = np.broadcast_to(capacity * STEP_S / (1 + behaviour.tries_again), (steps, lanes))
    called, began = np.zeros((steps + 1, lanes)), np.zeros((steps, lanes))
    returning, gave_up = np.zeros((steps + 1, lanes)), np.zeros((steps + 1, lanes))
    back_now = 1 - math.exp(-STEP_S / (behaviour.back_hours * HOUR))
    patience_steps = behaviour.patience_hours * HOUR / STEP_S
    present_after = (1 - behaviour.absent) * np.exp(np.arange(steps) / -patience_steps)
    quiet = _Quiet(joins, budget, behaviour, back_now)
    frontier = np.zeros(lanes, dtype=np.int64)  # the step in which the next one to be called has joined
    every = np.arange(lanes)
    ends = joined[1]  # of the frontier's step: how many have joined
    at_door, away = np.zeros(lanes), np.zeros(lanes)
    step = 0
    while step < steps:
        here = called[step]
        waiting = joined[step] - here + at_door
        if waiting.max() < _NOBODY and (until := quiet.until(step, away)) > step:
            part, edges = slice(step, until), slice(step + 1, until + 1)
            course = quiet.away(step, until, away)
            called[edges] = joined[edges]
            began[part] = quiet.shows[part] + course[:-1] * back_now
            returning[edges] = course[1:]
            gave_up[edges] = gave_up[step] + np.cumsum(quiet.lost[part], axis=0)
            at_door[:] = 0
            away, step = course[-1], until
            frontier[:] = step - 1
            ends = joined[step]
            continue
        while np.count_nonzero(passed := (ends <= here) & (frontier < step)):
            frontier += passed
            ends = joined[frontier + 1, every]
        present = present_after[step - frontier]
        back = away * back_now
        at_door += back
        kept = np.minimum(at_door, budget[step] * returners_share)
        calls = np.minimum((budget[step] - kept) / present, joined[step + 1] - here)
        shows = calls * present
        more = np.minimum(at_door - kept, budget[step] - kept - shows)
        absent = calls - shows
        at_door -= kept + more
        away = away + absent * behaviour.comes_back - back
        called[step + 1] = here + calls
        began[step] = shows + kept + more
        returning[step + 1] = away + at_door
        gave_up[step + 1] = gave_up[step] + absent * (1 - behaviour.comes_back)
        step += 1
    return Course(joined, called, began, returning, gave_up)


class _Quiet:
    """Steps in which nobody waits in any lane: whoever joins or comes back is let in at once.

    Then who is away depends on who has joined and on nothing else: a stretch is known at its beginning.
    """

    def __init__(self, joins: Series, budget: Series, behaviour: Behaviour, back_now: float) -> None:
        self._stays_away = 1 - back_now
        self.shows = joins * (1 - behaviour.absent)
        absent = joins - self.shows
        self.lost = absent * (1 - behaviour.comes_back)
        self._away: Series = np.zeros((len(joins) + 1, joins.shape[1]))
        """People who would be away at each edge, if all steps until then had been like this one."""
        for step, more in enumerate(absent * behaviour.comes_back):
            np.multiply(self._away[step], self._stays_away, out=self._away[step + 1])
            self._away[step + 1] += more
        left = budget - self.shows - self._away[:-1] * back_now
        self._bears = left.min(axis=1) / back_now
        """In each step: how many more might be away."""

    def until(self, step: int, away: Series) -> int:
        """The first step from here on that may be none of these. `away`: people of each lane."""
        more = max(0.0, float((away - self._away[step]).max()))
        for first in range(step, len(self._bears), 1000):
            busy = np.flatnonzero(self._bears[first : first + 1000] < more)
            if len(busy):
                return first + int(busy[0])
        return len(self._bears)

    def away(self, step: int, until: int, away: Series) -> Series:
        """People who are away at each edge of a stretch, the first and the last included."""
        fades = self._stays_away ** np.arange(until - step + 1)
        found: Series = self._away[step : until + 1] + fades[:, None] * (away - self._away[step])
        return found


def waits_of(joined: Series, called: Series, edges: Series) -> Series:
    """How long those wait who join at each edge: until the frontier passes their place.

    The last of those who joined by an edge is meant, at the mean of its minute.
    """
    place = np.searchsorted(called, joined - 1e-6)
    known = np.minimum(place, len(edges) - 1)
    first = np.maximum(known - 1, 0)
    rise = called[known] - called[first]
    part = np.divide(joined - called[first], rise, out=np.ones_like(rise), where=rise > 0)
    at = edges[first] + np.clip(part, 0, 1) * (edges[known] - edges[first])
    return np.where(place >= len(edges), np.inf, np.maximum(at - edges, 0.0))
