"""Fits the arrival law to published counts, and says how well it fits.

Two things are fitted apart. Accounts: the law with a tau of its own, re-aimed when the extension is
announced; nothing held people back from opening one. Submissions: the same law with another tau, a rush after
the outage, and the rate of the real service, walked through its reported outages.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.planner.arrivals import STEP_S, Series
from simulator.planner.futures import Extension, Question, capacity_of, rates_of
from simulator.planner.line import Course, run
from simulator.planner.scenario import Scenario
from simulator.planner.season import DAY, Behaviour, Policy, Season, Service

_ACCOUNT_TAUS: Final = np.geomspace(4, 240, 60)
_TAUS: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_RUSHES: Final = (0.0, 0.15, 0.3, 0.45, 0.6)
_RATES: Final = (5.0, 6.0, 7.0, 8.5)
"""Journeys a second of the real service; its record of a million stamps a day are 5.8."""


GUESSES: Final = (
    "what share of the real service was left while it erred and while it came back (half)",
    "the hour at which the extension was announced (18:00 on 5 September)",
    "that nobody used physical stamps, which were allowed from 5 September 20:00, and that every agency "
    "closed on 10 September: so the model leaves people in line whom the final count has",
    "that people who stamp also submit at once, and that the published counts are exact at their minute",
    "that the two days of more than a million stamps were the limit of the real service",
    "that without an outage nobody would have hurried, and that people would have come by the first deadline",
)
"""What is not known about a season that has happened. Also in docs/planning.md."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One published count beside the model's."""

    what: str
    at: datetime
    published: int
    model: int
    is_fitted: bool
    """False: the point was not used for the fit, or holds by construction."""

    @property
    def off(self) -> float:
        """Model over published, less 1."""
        return self.model / self.published - 1


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and how far each point is off."""

    accounts_tau_hours: float
    tau_hours: float
    panic_share: float
    journeys_per_second: float
    """Of the real service, outside its outages."""
    points: list[Point]
    curve_hours: list[float]
    """Since the opening; the curves below are cumulative, at these moments."""
    accounts: list[int]
    wished: list[int]
    """People who had come to be stamped."""
    submitted: list[int]


def question_of(scenario: Scenario, tau_hours: float, *, service: Service, behaviour: Behaviour) -> Question:
    """The season as it was: extended, with the rush after the outage; this service itself never fails."""
    seconds = scenario.seconds
    return Question(
        season=Season(
            applicants=scenario.applicants,
            days=seconds(scenario.extension.closes) / DAY,
            opens_at_hour=scenario.opens.hour,
            stamps=scenario.stamps,
            tau_hours=tau_hours,
        ),
        behaviour=behaviour,
        policy=Policy(),
        service=service,
        rushes=scenario.known_outages(),
        extension=Extension(seconds(scenario.extension.announced), seconds(scenario.closes)),
    )


def fit(scenario: Scenario) -> Fit:
    """Least squares of the logarithms, over a grid that is refined once. About 8 s of one core."""
    accounts_tau, accounts = _fit_accounts(scenario)
    best = np.array((2.0, 0.3, 6.0))
    spans = [np.array(axis) for axis in (_TAUS, _RUSHES, _RATES)]
    for _ in range(2):
        grid = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
        course = _walk(scenario, grid)
        errors = _errors(scenario, course)
        best = grid[int(np.argmin(errors))]
        spans = [_around(span, value) for span, value in zip(spans, best, strict=True)]
    place = int(np.argmin(errors))
    course = course.part(place, place + 1)
    every = round(2 * 3600 / STEP_S)
    submitted = np.concatenate(([0.0], np.cumsum(course.began[:, 0])))
    return Fit(
        accounts_tau_hours=round(float(accounts_tau), 1),
        tau_hours=round(float(best[0]), 2),
        panic_share=round(float(best[1]), 3),
        journeys_per_second=round(float(best[2]), 2),
        points=_points(scenario, accounts, submitted),
        curve_hours=[float(step * STEP_S / 3600) for step in range(0, len(submitted), every)],
        accounts=_rounded(accounts[::every]),
        wished=_rounded(course.joined[::every, 0]),
        submitted=_rounded(submitted[::every]),
    )


def _fit_accounts(scenario: Scenario) -> tuple[float, Series]:
    found: list[tuple[float, float, Series]] = []
    service, calm = Service(journeys_per_second=1.0), Behaviour(panic_share=0.0)
    for tau in _ACCOUNT_TAUS:
        asked = question_of(scenario, float(tau), service=service, behaviour=calm)
        rates = rates_of(asked, Policy(), asked.edges) * scenario.accounts / scenario.applicants
        opened = np.concatenate(([0.0], np.cumsum(rates)))
        ratios = [
            _at(opened, scenario.seconds(point.at)) / point.accounts
            for point in scenario.published
            if point.accounts
        ]
        squares = sum(math.log(ratio) ** 2 for ratio in ratios)
        found.append((squares, float(tau), opened))
    _, best_tau, best = min(found, key=lambda one: one[0])
    return best_tau, best


def _walk(scenario: Scenario, grid: Series) -> Course:
    """The real service with each triple (tau, share who rush, rate)."""
    joins, bears = [], []
    for tau, rush, rate in grid:
        service = Service(journeys_per_second=float(rate))
        behaviour = Behaviour(panic_share=float(rush))
        asked = question_of(scenario, float(tau), service=service, behaviour=behaviour)
        joins.append(rates_of(asked, Policy(), asked.edges))
        bears.append(capacity_of(service, scenario.known_outages(), asked.edges))
    return run(np.stack(joins, axis=1), np.stack(bears, axis=1), Behaviour(), 0.15)


def _errors(scenario: Scenario, course: Course) -> NDArray[np.float64]:
    done = np.concatenate((np.zeros((1, course.began.shape[1])), np.cumsum(course.began, axis=0)))
    total = np.zeros(done.shape[1])
    for point in scenario.published:
        if point.submitted:
            total += np.log(done[_step(done, scenario.seconds(point.at))] / point.submitted) ** 2
    for begins, ends in _record_days(scenario):
        stamps = (done[_step(done, ends)] - done[_step(done, begins)]) * scenario.stamps
        total += np.minimum(0.0, np.log(stamps / scenario.record.stamps_a_day)) ** 2
    return total


def _points(scenario: Scenario, accounts: Series, submitted: Series) -> list[Point]:
    points = []
    for one in scenario.published:
        seconds, is_last = scenario.seconds(one.at), one is scenario.published[-1]
        for what, count, curve in (
            ("accounts", one.accounts, accounts),
            ("submitted", one.submitted, submitted),
        ):
            if count is not None:
                model, used = round(_at(curve, seconds)), not (is_last and what == "accounts")
                points.append(Point(what=what, at=one.at, published=count, model=model, is_fitted=used))
    for day, (begins, ends) in zip(scenario.record.days, _record_days(scenario), strict=True):
        stamps = (_at(submitted, ends) - _at(submitted, begins)) * scenario.stamps
        at = scenario.opens + timedelta(seconds=begins)
        points.append(
            Point(
                what=f"stamps on {day:%-d %B}",
                at=at,
                published=scenario.record.stamps_a_day,
                model=round(stamps),
                is_fitted=True,
            )
        )
    return points


def _record_days(scenario: Scenario) -> list[tuple[float, float]]:
    zone = scenario.opens.tzinfo
    begins = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in scenario.record.days]
    return [(scenario.seconds(at), scenario.seconds(at) + DAY) for at in begins]


def _around(span: Series, value: float) -> Series:
    """The neighbourhood of `value` in `span`, more finely."""
    place = int(np.argmin(np.abs(span - value)))
    low, high = span[max(place - 1, 0)], span[min(place + 1, len(span) - 1)]
    return np.linspace(low, high, len(span))


def _step(curve: Series, seconds: float) -> int:
    return min(len(curve) - 1, round(seconds / STEP_S))


def _at(curve: Series, seconds: float) -> float:
    return float(curve[_step(curve, seconds)])


def _rounded(values: Series) -> list[int]:
    return [round(float(value)) for value in values]
