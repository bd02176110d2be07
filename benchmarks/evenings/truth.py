"""What really happens on a simulated evening: who comes when, what the site bears, when it is down.

Nothing here comes from the model that `waiting_room.fan` believes in: outages last log-normally, with a
typical length of the evening's own; the site's limit jumps, swings and flickers; operators change their mind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

STEP_S = 2
OUTAGES_PER_HOUR = 0.25
"""What `waiting_room.fan.Prior` takes for granted; the factor of a run makes the prior wrong."""
OUTAGE_MINUTES = 7.0


@dataclass(frozen=True, slots=True)
class Truth:
    """An evening. Lists have one value for each step of `STEP_S` seconds from the opening to the closing."""

    hours: float
    arrivals: Floats
    """People who join in each step."""
    lottery: int
    """People who joined before the opening."""
    bears: Floats
    """People a minute that the site can serve; 0 when it is down."""
    is_silent: NDArray[np.bool_]
    """The site does not answer at all; else, when it is down, its gateway is in trouble."""
    cap: Floats
    """The operator's cap, people a minute."""
    halted: NDArray[np.bool_]
    show_share: float
    done_median_s: float
    done_spread: float

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.bears)


def evening(random: np.random.Generator, *, outage_factor: float, hours: tuple[float, float]) -> Truth:
    """An evening at random. `outage_factor`: how many times more often outages come than the prior says."""
    length = random.uniform(*hours)
    steps = int(length * 3600 / STEP_S)
    usual = math.exp(random.uniform(math.log(300), math.log(6_000)))
    down, silent = _outages(random, steps, length, outage_factor)
    bears = usual * _limits(random, steps) * np.where(down, np.where(silent, 0.0, 0.15), 1.0)
    people = usual * 60 * length * random.uniform(0.7, 1.7)
    lottery = int(people * random.choice([0.0, random.uniform(0.05, 0.35)]))
    cap, halted = _operator(random, steps, usual)
    return Truth(
        hours=length,
        arrivals=random.poisson(_deadline_law(random, steps, people - lottery)).astype(np.float64),
        lottery=lottery,
        bears=bears,
        is_silent=silent,
        cap=cap,
        halted=halted,
        show_share=random.uniform(0.7, 0.98),
        done_median_s=random.uniform(240, 540),
        done_spread=random.uniform(0.4, 0.6),
    )


def _deadline_law(random: np.random.Generator, steps: int, people: float) -> Floats:
    """People by step: as 1 / (time left + tau), tau between an hour (stress) and six (design)."""
    tau = math.exp(random.uniform(0, math.log(6))) * 3600 / STEP_S
    law = 1 / (np.arange(steps, 0, -1) + tau)
    expected: Floats = people * law / law.sum()
    return expected


def _outages(
    random: np.random.Generator, steps: int, hours: float, factor: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(down, of that: silent). How often and how long differ from evening to evening."""
    down, silent = np.zeros(steps, np.bool_), np.zeros(steps, np.bool_)
    often = random.gamma(1.0, OUTAGES_PER_HOUR) * factor
    typical = OUTAGE_MINUTES * math.exp(random.normal(-0.08, 0.4))
    for _ in range(random.poisson(often * hours)):
        start = int(random.uniform(0, steps))
        minutes = typical * math.exp(random.normal(-0.405, 0.9))  # mean: typical
        end = start + max(1, int(minutes * 60 / STEP_S))
        down[start:end] = True
        if random.random() < 0.7:
            silent[start:end] = True
    return down, silent


def _limits(random: np.random.Generator, steps: int) -> Floats:
    """The site's limit around 1: lasting jumps, a slow swing, and flicker from half minute to half minute."""
    at = np.arange(steps)
    level = np.ones(steps)
    for _ in range(random.poisson(steps * STEP_S / 3600 * 0.4)):
        level[int(random.uniform(0, steps)) :] *= math.exp(random.normal(0, 0.12))
    swing = 1 + random.uniform(0, 0.08) * np.sin(
        2 * math.pi * (at * STEP_S / 3600 / random.uniform(0.7, 4) + random.random())
    )
    flicker = np.repeat(np.exp(random.normal(0, 0.06, steps * STEP_S // 30 + 1)), 30 // STEP_S)[:steps]
    limits: Floats = level * swing * flicker
    return limits


def _operator(random: np.random.Generator, steps: int, usual: float) -> tuple[Floats, NDArray[np.bool_]]:
    """A cap that may be changed once, and a halt of some minutes on one evening in ten."""
    cap = np.full(steps, usual * random.uniform(1.1, 2.5))
    if random.random() < 0.15:
        cap[int(random.uniform(0, steps)) :] = usual * random.uniform(0.75, 1.2)
    halted = np.zeros(steps, np.bool_)
    if random.random() < 0.1:
        start = int(random.uniform(0, steps))
        halted[start : start + int(random.uniform(60, 300) / STEP_S)] = True
    return cap, halted
