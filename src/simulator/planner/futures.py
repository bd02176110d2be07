"""What could happen, drawn with a seed, and what the questions of a plan need: all as lanes of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.planner.arrivals import STEP_S, Series, draw, expected, re_aimed, step_edges, with_rush
from simulator.planner.line import Course, run
from simulator.planner.season import DAY, HOUR, Behaviour, Ending, Outage, Policy, Season, Service

FUTURES: Final = 40
AFTER_HOURS: Final = 96.0
"""How long after the closing those in line are followed when being in line counts."""
_LAST_CALLS: Final = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 24.0, 36.0, 48.0)
"""Hours before closing that are tried, of seasons twice as long."""
_GRID: Final = 24


@dataclass(frozen=True, slots=True)
class Extension:
    """At `at_s` a later closing time is announced; the season's own days reach to that later one."""

    at_s: float
    first_closes_s: float


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a plan is made from."""

    season: Season
    behaviour: Behaviour
    policy: Policy
    service: Service
    outages: tuple[Outage, ...] = ()
    """Known ones, of the site; they befall every lane."""
    rushes: tuple[Outage, ...] = ()
    """Outages after which people hurry although this site bears on: those of another site."""
    extension: Extension | None = None

    @property
    def edges(self) -> Series:
        """The steps; beyond the closing when being in line counts."""
        after = AFTER_HOURS * HOUR if self.policy.ending is Ending.LINE_COUNTS else 0.0
        return step_edges(self.season.seconds + after)


def rates_of(question: Question, policy: Policy, edges: Series) -> Series:
    """People expected in each step, the rush after known outages included."""
    season, behaviour = question.season, question.behaviour
    if question.extension is None:
        rates = expected(season, behaviour, policy, edges)
    else:
        first = Season(
            applicants=season.applicants,
            days=question.extension.first_closes_s / DAY,
            opens_at_hour=season.opens_at_hour,
            stamps=season.stamps,
            tau_hours=season.tau_hours,
        )
        tau_s, at_s = season.tau_hours * HOUR, question.extension.at_s
        rates = expected(first, behaviour, Policy(), edges)  # a last call concerns the later closing
        closes_s = policy.joins_until(season.seconds)
        rates = re_aimed(rates, edges, at_s=at_s, closes_s=closes_s, tau_s=tau_s)
    felt, until_s = question.outages + question.rushes, policy.joins_until(season.seconds)
    return with_rush(rates, edges, felt, behaviour, until_s=until_s)


def capacity_of(service: Service, outages: Sequence[Outage], edges: Series) -> Series:
    """Journeys a second that the site bears in each step."""
    bears = np.full(len(edges) - 1, float(service.journeys_per_second))
    for outage in outages:
        overlap = np.minimum(edges[1:], outage.ends_s) - np.maximum(edges[:-1], outage.begins_s)
        bears *= 1 - np.clip(overlap, 0, None) / STEP_S * (1 - outage.share)
    return bears


def draw_outages(service: Service, seconds: float, generator: np.random.Generator) -> list[Outage]:
    """Outages of one future: as many as the prior says, each as long as it says."""
    count = int(generator.poisson(service.outages_per_day * seconds / DAY))
    begins = np.sort(generator.uniform(0, seconds, count))
    lengths = generator.exponential(service.outage_minutes * 60, count)
    return [Outage(float(at), float(at + length)) for at, length in zip(begins, lengths, strict=True)]


@dataclass(frozen=True, slots=True)
class Courses:
    """What a plan looks at."""

    asked: Course
    """One lane: as many people as expected, at minutes drawn for them; known outages only."""
    others: Course
    """`FUTURES` lanes: each with another number of people, and other outages besides the known ones."""
    outages: tuple[tuple[Outage, ...], ...]
    """Of each lane of `others`, the known ones too."""
    last_calls: Course
    """The expected people with a last call some hours before closing: a lane for each of `last_calls`."""


def last_calls(season: Season) -> tuple[float, ...]:
    """How many hours before closing a last call is tried."""
    return tuple(hours for hours in _LAST_CALLS if hours * HOUR <= season.seconds / 2)


def run_courses(question: Question, generator: np.random.Generator) -> Courses:
    """All of them side by side."""
    edges = question.edges
    rates = rates_of(question, question.policy, edges)
    bears = capacity_of(question.service, question.outages, edges)
    lanes = [(draw(rates, generator), bears)]
    futures = [_future(question, rates, edges, generator) for _ in range(FUTURES)]
    lanes += [(joins, capacity) for joins, capacity, _ in futures]
    for hours in last_calls(question.season):
        lanes.append((rates_of(question, Policy(Ending.LAST_CALL, hours), edges), bears))
    joins = np.stack([lane[0] for lane in lanes], axis=1)
    capacity = np.stack([lane[1] for lane in lanes], axis=1)
    course = run(joins, capacity, question.behaviour, question.service.returners_share)
    outages = tuple(struck for _, _, struck in futures)
    rest = course.part(1 + FUTURES, len(lanes))
    return Courses(course.part(0, 1), course.part(1, 1 + FUTURES), outages, rest)


def _future(
    question: Question, rates: Series, edges: Series, generator: np.random.Generator
) -> tuple[Series, Series, tuple[Outage, ...]]:
    """Joins, capacity and outages of one future."""
    service, until_s = question.service, question.season.seconds
    drawn = draw_outages(service, until_s, generator)
    outages = (*question.outages, *drawn)
    factor = np.exp(generator.normal(0, service.demand_spread))
    joins_until = question.policy.joins_until(until_s)
    rushed = with_rush(rates, edges, drawn, question.behaviour, until_s=joins_until)
    return draw(rushed * factor, generator), capacity_of(service, outages, edges), outages


def line_without_last_call(question: Question) -> float:
    """People in line at closing if there were no last call."""
    edges = step_edges(question.season.seconds)
    joins = rates_of(question, Policy(), edges)[:, None]
    bears = capacity_of(question.service, question.outages, edges)[:, None]
    course = run(joins, bears, question.behaviour, question.service.returners_share)
    return float(course.in_line()[-1, 0])


def capacity_needed(question: Question) -> float:
    """Journeys a second with which nobody is in line at closing, to 1 %.

    Under `LINE_COUNTS` it is the same question: what it takes that nobody has to be served afterwards.
    """
    edges = step_edges(question.season.seconds)
    rates = rates_of(question, question.policy, edges)
    shape = capacity_of(question.service, question.outages, edges) / question.service.journeys_per_second
    share = question.service.returners_share
    low, high = rates.sum() / edges[-1] / 4, rates.max() / STEP_S * 4 + 0.01
    while high / low > 1.01:
        tried = np.geomspace(low, high, _GRID)
        course = run(rates[:, None], shape[:, None] * tried, question.behaviour, share)
        enough = course.in_line()[-1] < 1
        first = int(np.argmax(enough)) if enough.any() else _GRID - 1
        low, high = tried[max(first - 1, 0)], tried[first]
        if first == 0:
            break
    return float(high)
