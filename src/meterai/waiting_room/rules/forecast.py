"""The number of people called by a time: low and middle values over simulated futures of the evening.

A rate with its spread would promise too much, because outages break promises and nobody foresees them.
Each future draws how often outages come and how long they last. The evening so far corrects the prior
(Gamma-Poisson and Gamma-exponential, in closed form). Between outages the rate wanders as much as so far.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from meterai.waiting_room.rules.rate_history import RateHistory

type Floats = NDArray[np.float64]

LOW: Final = 0.025
"""The quantile behind promises: 97.5 % of the futures call more people."""
PATHS: Final = 2_000
HORIZONS: Final = 10
HORIZON_MAX_S: Final = 86_400.0
_GRID: Final = 48
_OUTAGES_MAX: Final = 32
"""The greatest number of outages in one future. It allows for a hundred hours with a prior of one in four."""
_BLOCK: Final = 5
"""Minutes. Means over this time show how the rate wanders without the noise of single minutes."""


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """The beliefs before an evening has shown anything, and their weight.

    No operator has published figures of outages of minutes. The outages of 2024 lasted hours and days; with
    those, nothing could be promised. So this is a guess, to be replaced by an operator's own evenings. It
    assumes one outage in four hours, seven minutes long on average, and one in twenty longer than 25 minutes.
    """

    outages_per_hour: float = 0.25
    weight_hours: float = 4.0
    """The guess of how often outages come counts as much as this many hours of observation."""
    outage_minutes: float = 7.0
    weight_outages: float = 2.5
    """The guess of how long outages last counts as much as this many outages (above 1).

    The tail is that of a Pareto (Lomax) distribution with this exponent.
    """
    wander: float = 0.012
    """The relative step of the rate in a minute, as in a random walk."""
    weight_minutes: float = 40.0
    start_spread: float = 0.5
    """The error of the first minute's rate (of its logarithm)."""


def fan_of(
    past: RateHistory,
    calls: float,
    *,
    calls_max: float,
    horizons: tuple[int, ...],
    now: float,
    seed: int,
    opens_in_s: float = 0.0,
    sure_max: float = math.inf,
    prior: Prior | None = None,
    paths: int = PATHS,
) -> list[tuple[int, int, int]]:
    """`Status.fan`: (seconds from now, people called by then with 97.5 %, with 50 % probability).

    - `calls`: people a minute by which the frontier will move, for an evening that has shown none yet
      (`controller.expected_calls`). If it is 0 then, there is no fan.
    - `calls_max`: the operator's cap, raised by the expected no-shows.
    - `horizons`: seconds, ascending, as `horizons_to` returns them.
    - `opens_in_s`: nobody is called before that.
    - `sure_max`: the number of people for whom there are stamps. People behind them get no sure time, because
      nobody knows when more stamps are issued.

    Keep one seed through an evening: then the times that people read move only when something happened. Costs
    about 6 ms of CPU.
    """
    if not horizons or (calls <= 0 and not past.minutes):
        return []
    prior = prior or Prior()
    random = np.random.default_rng(seed)
    minutes = np.maximum(np.asarray(horizons, np.float64) - opens_in_s, 1.0) / 60
    down = _down_minutes(past, prior, minutes, now, random, paths)
    people = _called(past, calls, calls_max, prior, minutes, down, random, paths)
    people.partition((int(paths * LOW), paths // 2), axis=0)
    people[:, np.asarray(horizons) <= opens_in_s] = 0
    low, middle = np.minimum(people[int(paths * LOW)], sure_max), people[paths // 2]
    return [(s, int(a), int(b)) for s, a, b in zip(horizons, low, middle, strict=True)]


def horizons_to(
    now: float, closes_at: float, *, waiting: int, calls: float, opens_in_s: float = 0.0
) -> tuple[int, ...]:
    """The horizons worth computing: up to the closing, and at most three times what the line needs.

    When being in line counts, give a late time as `closes_at` (two days). Early horizons are closer together,
    because people read those times to the minute.
    """
    left = closes_at - now
    needed = max(3_600.0, 3 * waiting * 60 / calls) if calls > 0 else 12 * 3_600.0
    end = min(left, opens_in_s + needed, HORIZON_MAX_S)
    if end < 2:
        return ()
    found = {max(1, round(end * (n / HORIZONS) ** 1.7)) for n in range(1, HORIZONS + 1)}
    return tuple(sorted(found))


def _down_minutes(
    past: RateHistory, prior: Prior, minutes: Floats, now: float, random: np.random.Generator, paths: int
) -> Floats:
    """The minutes lost to outages until each horizon; a row for each future."""
    lasts_s = past.outage_lasts_s(now)
    is_down, since = lasts_s > 0, lasts_s / 60
    hours = prior.weight_hours + past.up_s / 3600
    seen = past.outages + is_down
    often = random.gamma(prior.outages_per_hour * prior.weight_hours + seen, 1 / (60 * hours), paths)
    lost = (prior.weight_outages - 1) * prior.outage_minutes + past.outage_s / 60 + since
    ending = random.gamma(prior.weight_outages + past.outages, 1 / lost, paths)
    last = minutes[-1]
    expected = float(np.mean(often)) * last
    count = min(_OUTAGES_MAX, math.ceil(expected + 4 * math.sqrt(expected) + 3))
    lasts = random.standard_exponential((paths, count))
    ups = random.standard_exponential((paths, count))
    lasts[:, 0], ups[:, 0] = -np.log(_even(random, paths)), -np.log(_even(random, paths))
    lasts /= ending[:, None]
    ups /= np.maximum(often, 1e-9)[:, None]
    if is_down:
        ups[:, 0] = (
            0.0  # The first outage is in progress. It is exponential, so the rest of it is like a new one.
        )
    ends = np.cumsum(ups + lasts, axis=1)
    starts = ends - lasts
    down = np.empty((paths, len(minutes)))
    for column, minute in enumerate(minutes):
        down[:, column] = np.clip(minute - starts, 0.0, lasts).sum(axis=1)
    return down


def _even(random: np.random.Generator, paths: int) -> Floats:
    """Numbers between 0 and 1, one in each of as many equal parts.

    So the most important outage is spread evenly over the futures, and fewer futures are needed.
    """
    return (random.permutation(paths) + random.uniform(0.001, 1.0, paths)) / paths


def _called(
    past: RateHistory,
    calls: float,
    calls_max: float,
    prior: Prior,
    minutes: Floats,
    down: Floats,
    random: np.random.Generator,
    paths: int,
) -> Floats:
    """The people called by each horizon: the path of the rate, over the minutes that are not lost."""
    last = minutes[-1]
    grid = last * (np.arange(_GRID + 1) / _GRID) ** 2
    level, spread = _level(past, calls, calls_max, prior)
    steps = random.standard_normal((paths, _GRID)) * (_wander(past, prior) * np.sqrt(np.diff(grid)))
    logs = np.cumsum(steps, axis=1)
    logs += random.standard_normal((paths, 1)) * spread
    rates = level * np.exp(logs)
    np.minimum(rates, calls_max, out=rates)
    sums = np.zeros((paths, _GRID + 1))
    np.cumsum(rates * np.diff(grid), axis=1, out=sums[:, 1:])
    at = np.sqrt(np.maximum(minutes - down, 0.0) / last) * _GRID
    cell = np.minimum(at.astype(np.intp), _GRID - 1)
    rows = np.arange(paths)[:, None]
    inside = (np.maximum(minutes - down, 0.0) - grid[cell]) / np.diff(grid)[cell]
    before: Floats = sums[rows, cell]
    after: Floats = sums[rows, cell + 1]
    called: Floats = before + (after - before) * inside
    return called


def _level(past: RateHistory, calls: float, calls_max: float, prior: Prior) -> tuple[float, float]:
    """(people a minute now, the error of that, as a spread of its logarithm)."""
    known = np.asarray(past.minutes[-10:], np.float64)
    if not len(known):
        return max(1.0, min(calls, calls_max)), prior.start_spread
    weights = 0.5 ** (np.arange(len(known))[::-1] / 4)
    level = max(1.0, float(np.average(known, weights=weights)))
    noise = float(np.std(known)) / level / math.sqrt(len(known))
    return min(level, calls_max), math.hypot(noise, prior.start_spread / (1 + len(past.minutes)))


def _wander(past: RateHistory, prior: Prior) -> float:
    """The step of a minute: from the differences between means of five minutes, and the prior."""
    whole = len(past.minutes) // _BLOCK * _BLOCK
    weight, total = prior.weight_minutes, prior.weight_minutes * prior.wander**2
    if whole >= 2 * _BLOCK:
        recent = np.asarray(past.minutes[-whole:], np.float64).reshape(-1, _BLOCK).mean(axis=1)
        moves = np.diff(np.log(np.maximum(recent, 1.0)))
        total += float(np.sum(moves**2))
        weight += len(moves) * _BLOCK
    return math.sqrt(total / weight)
