"""When people come: the deadline law, the day's course, a last call, an extension, the rush after an outage.

The law: the rate at which people come is proportional to 1/(time left + tau). It grows to the last second. Of
4 million people in 22 days with tau = 6 h, 36 % come on the last day, 41 a second in the last minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.planner.season import DAY, HOUR, Behaviour, Ending, Outage, Policy, Season

STEP_S: Final = 60.0
"""Everything is counted by the minute."""

type Series = NDArray[np.float64]


def step_edges(seconds: float) -> Series:
    """Where the minutes of `seconds` begin and end."""
    return np.arange(0.0, seconds + STEP_S / 2, STEP_S)


def law_left(left_s: Series, tau_s: float, whole_s: float) -> Series:
    """Share of the people who come with at least `left_s` left, of a season of `whole_s` seconds.

    The integral of 1/(s + tau) from `left_s` to `whole_s`, over the same from 0.
    """
    inside = np.clip(left_s, 0.0, whole_s)
    share: Series = np.log((whole_s + tau_s) / (inside + tau_s)) / np.log((whole_s + tau_s) / tau_s)
    return share


def day_weights(edges: Series, opens_at_hour: float, closes_s: float, curve: Sequence[float]) -> Series:
    """The day's course at the middle of each step, flattened to 1 over the last day before closing."""
    middle = (edges[:-1] + edges[1:]) / 2
    hours = (middle / HOUR + opens_at_hour) % 24
    level = np.asarray(curve) / np.mean(curve)
    course = np.interp(hours, np.arange(25) + 0.5, np.append(level, level[0]), period=24)
    calm = np.clip((closes_s - middle) / DAY, 0.0, 1.0)
    weights: Series = 1 + (course - 1) * calm
    return weights


def expected(season: Season, behaviour: Behaviour, policy: Policy, edges: Series) -> Series:
    """How many people are expected in each step. Sums to the season's applicants, less those who come after
    the last call (they are turned away: `too_late`)."""
    closes_s = season.seconds
    aware = _by(season, behaviour, closes_s, edges)
    if policy.ending is not Ending.LAST_CALL or policy.last_call_hours <= 0:
        return aware
    ends_s = closes_s - policy.last_call_hours * HOUR
    early = _by(season, behaviour, ends_s, edges)
    unaware = behaviour.unaware_of_last_call
    return np.where(edges[1:] <= ends_s + 1e-6, early * (1 - unaware) + aware * unaware, 0.0)


def _by(season: Season, behaviour: Behaviour, closes_s: float, edges: Series) -> Series:
    """Everybody comes before `closes_s`: the law over each day, the day's course within it."""
    shares = np.diff(law_left(closes_s - edges, season.tau_hours * HOUR, closes_s))
    shaped = shares * day_weights(edges, season.opens_at_hour, closes_s, behaviour.day_curve)
    day = ((closes_s - edges[1:]) // DAY).astype(np.int64)
    day -= day.min()
    before, after = np.bincount(day, shares), np.bincount(day, shaped)
    factor = np.divide(before, after, out=np.ones_like(before), where=after > 0)
    return season.applicants * shaped * factor[day]


def re_aimed(rates: Series, edges: Series, *, at_s: float, closes_s: float, tau_s: float) -> Series:
    """The people still to come at `at_s` learn of a later closing time, and act by it."""
    to_come = rates[edges[:-1] >= at_s].sum()
    later = np.diff(law_left(closes_s - edges, tau_s, closes_s - at_s))
    return np.where(edges[:-1] >= at_s, to_come * later, rates)


def with_rush(
    rates: Series, edges: Series, outages: Sequence[Outage], behaviour: Behaviour, *, until_s: float
) -> Series:
    """After an outage some of those still to come hurry, more after a longer one; all come by `until_s`."""
    rates = rates.copy()
    for outage in outages:
        lost_hours = (outage.ends_s - outage.begins_s) * (1 - outage.share) / HOUR
        felt = (lost_hours - behaviour.panic_from_hours) / (
            behaviour.panic_full_hours - behaviour.panic_from_hours
        )
        share = behaviour.panic_share * min(1.0, max(0.0, felt))
        first = int(np.searchsorted(edges, outage.ends_s))
        last = int(np.searchsorted(edges, until_s - STEP_S / 2))
        if first >= last or share <= 0:
            continue
        to_come = rates[first:last].sum()
        ebb = np.exp(-(edges[first : last + 1] - edges[first]) / (behaviour.panic_hours * HOUR))
        soon = -np.diff(ebb) / (1 - ebb[-1])
        rates[first:last] = rates[first:last] * (1 - share) + to_come * share * soon
    return rates


def draw(rates: Series, generator: np.random.Generator) -> Series:
    """One course of the season: as many people as expected in all, each at a minute of their own."""
    total = rates.sum()
    if total <= 0:
        return np.zeros_like(rates)
    return generator.multinomial(round(total), rates / total).astype(np.float64)
