"""From played evenings to figures: how many promises were kept, given in time, and how narrow they were."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.evenings.people import Person
from benchmarks.evenings.run import EveningRun, Outcome
from benchmarks.evenings.truth import evening

LONG_WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all evenings of a run together; shares from 0 to 1."""

    outage_factor: float
    evenings: int
    people: int
    """Followed, who had to wait at least a minute."""
    promises: int
    kept: float
    kept_error: float
    """Standard error of `kept`; whole evenings are drawn, for promises of one evening break together."""
    kept_worst_evening: float
    had_promise: float
    """Of those who were done before closing, how many had been promised it before they were called."""
    promised_at_once: float
    """Of those, how many with the first verdict."""
    width_median_min: float
    """Of the interval at the promise, minutes."""
    width_p90_min: float
    sooner: float
    """Done before the interval began."""
    wait_median_min: float
    """Of those who were promised, from the join to the call."""
    lead_median_min: float
    """From the promise to the stamp."""
    done: float
    """Of those followed, how many were done before closing."""
    outages_per_evening: float
    chances: list[tuple[float, int, float]]
    """Of the first verdicts: (mean probability told, people, share that was done)."""

    def as_json(self) -> dict[str, object]:
        """Names and values."""
        return asdict(self)


def play(
    seed: int,
    evenings: int,
    *,
    outage_factor: float,
    followed: int,
    hours: tuple[float, float],
    processes: int,
) -> Figures:
    """Plays evenings; the same seed gives the same figures."""
    jobs = [(seed, number, outage_factor, followed, hours) for number in range(evenings)]
    if processes == 1:
        return figures_of(list(map(_one, jobs)), outage_factor)
    with ProcessPoolExecutor(processes) as pool:
        return figures_of(list(pool.map(_one, jobs, chunksize=2)), outage_factor)


def figures_of(outcomes: Sequence[Outcome], outage_factor: float) -> Figures:
    """The figures of some evenings."""
    waited = [[p for p in outcome.people if _has_waited(p)] for outcome in outcomes]
    people = [person for of_evening in waited for person in of_evening]
    promised = [person for person in people if person.promise is not None]
    done = [person for person in people if person.done_at is not None]
    told = [person for person in done if person.promise is not None]
    widths = [p.promise.latest - p.promise.soonest for p in promised if p.promise and p.promise.latest
              and p.promise.soonest]  # fmt: skip
    by_evening = [(sum(map(_is_kept, them)), len(them)) for them in map(_promised, waited) if them]
    return Figures(
        outage_factor=outage_factor,
        evenings=len(outcomes),
        people=len(people),
        promises=len(promised),
        kept=_share(sum(kept for kept, _ in by_evening), len(promised)),
        kept_error=_error(by_evening),
        kept_worst_evening=min((kept / given for kept, given in by_evening), default=1.0),
        had_promise=_share(len(told), len(done)),
        promised_at_once=_share(sum(p.promised_at - p.joins_at <= 60 for p in told), len(told)),
        width_median_min=_median(widths) / 60,
        width_p90_min=float(np.quantile(widths, 0.9)) / 60 if widths else 0.0,
        sooner=_share(sum(_is_sooner(p) for p in promised), len(promised)),
        wait_median_min=_median([p.called_at - p.joins_at for p in promised if p.called_at is not None]) / 60,
        lead_median_min=_median([p.done_at - p.promised_at for p in told if p.done_at is not None]) / 60,
        done=_share(len(done), len(people)),
        outages_per_evening=float(np.mean([outcome.outages for outcome in outcomes])),
        chances=_chances(people),
    )


def _one(job: tuple[int, int, float, int, tuple[float, float]]) -> Outcome:
    seed, number, outage_factor, followed, hours = job
    random = np.random.default_rng([seed, number])
    truth = evening(random, outage_factor=outage_factor, hours=hours)
    return EveningRun(truth, random, followed=followed, fan_every_s=120).play()


def _has_waited(person: Person) -> bool:
    return person.called_at is None or person.called_at - person.joins_at >= LONG_WAIT_S


def _promised(people: Sequence[Person]) -> list[Person]:
    return [person for person in people if person.promise is not None]


def _is_kept(person: Person) -> bool:
    assert person.promise is not None
    assert person.promise.done_by is not None
    return person.done_at is not None and person.done_at <= person.promise.done_by


def _is_sooner(person: Person) -> bool:
    soonest = person.promise.soonest if person.promise else None
    return soonest is not None and person.done_at is not None and person.done_at < soonest


def _error(by_evening: Sequence[tuple[int, int]]) -> float:
    """Standard error of a ratio of sums over evenings (Cochran, Sampling Techniques, 2.11)."""
    if not by_evening:
        return 0.0
    kept, given = (np.asarray(column, np.float64) for column in zip(*by_evening, strict=True))
    ratio = kept.sum() / given.sum()
    left = kept - ratio * given
    return float(np.sqrt((left**2).sum() / max(1, len(left) - 1) * len(left)) / given.sum())


def _chances(people: Sequence[Person]) -> list[tuple[float, int, float]]:
    told = [(p.told_first, p.done_at is not None) for p in people if p.told_first is not None]
    found = []
    for low, high in ((0, 0.05), (0.05, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.01)):
        part = [(chance, done) for chance, done in told if low <= chance < high]
        if part:
            found.append(
                (sum(c for c, _ in part) / len(part), len(part), sum(d for _, d in part) / len(part))
            )
    return found


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
