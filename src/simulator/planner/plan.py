"""The answer: everything a plan says, as one value that prints as JSON."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from simulator.planner import futures as lanes
from simulator.planner.arrivals import STEP_S, Series
from simulator.planner.futures import Question
from simulator.planner.line import Course
from simulator.planner.measured import Basis, Measured
from simulator.planner.season import HOUR, Ending, Policy, Season
from simulator.planner.traffic import (
    POLL_FRONT_S,
    Bottleneck,
    Limits,
    Money,
    Sizes,
    Traffic,
    bottlenecks,
    money_of,
    poll_back_seconds,
    traffic_of,
)

GUESSES: Final = (
    "that arrivals follow 1/(time left + tau) until the last second, and tau itself",
    "the course of the day, and that it fades out over the last one",
    "how many are absent when called (5 %), lose patience (24 h on average) and come back (80 %)",
    "how many journeys are walked twice (6 %)",
    "how many hurry (15 %) and how often they reload (10 times) after an outage",
    "how often (every four days) and how long (25 minutes) the site itself fails in the futures drawn",
    "that the number of applicants is known to 10 %",
    "that each further stamp costs 55 % of a journey, and that 90 % of the measured rate is usable for days",
    "what a journey takes besides: 50 requests, 150 kB of pages, 2 messages; from paid to stamped 5 s, by "
    "which the money at risk is reckoned",
    "the size of the documents (300 kB), the network (1 Gbit/s), the file store (4 TB), what the message and "
    "payment providers bear",
)
"""What is not measured. Also in docs/planning.md."""


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of the season."""

    begins_h: int
    """Hours since the opening."""
    joined: int
    began: int
    """People who came in."""
    in_line: int
    """At its end."""
    wait_p50_s: float | None
    """Of those who joined in it; None: they were not called any more, or nobody joined."""
    wait_p95_s: float | None


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """The last hours in steps of ten minutes, for the chart. The last line is where a chart ends."""

    begins_h: list[float]
    """Hours since the opening."""
    joined_per_second: list[float]
    began_per_second: list[float]
    in_line: list[int]
    """At the end of each step."""


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What each policy would do at the same capacity, for the expected people."""

    in_line_at_closing: int
    """Without a last call."""
    line_empty_after_h: float
    """How long after closing those in line are served at most, when being in line counts: as if all came."""
    last_call_h: float | None
    """The shortest last call before closing with which nobody is left in line; None: none that was tried."""
    last_call_turns_away: int
    """People who come after that last call; 0 without one."""
    last_call_tried_h: float
    """The longest last call tried: half the season, 48 h at most."""


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The expected course, and the middle 90 % of the futures drawn."""

    expected: float
    low: float
    high: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All answers. Times are seconds since the opening unless the name says otherwise."""

    season: Season
    policy: Policy
    seed: int
    capacity_per_second: float
    """Journeys with the season's stamps that are counted on: fewer than were measured (docs/planning.md)."""
    capacity_basis: Basis
    capacity_source: str
    """Name of the bench's result."""
    capacity_before: float
    """Journeys a second that were measured, given or the goal."""
    capacity_before_stamps: int
    """Stamps of each of those."""
    journeys_per_person: float
    """Some are walked twice."""
    capacity_needed_per_second: float
    """Journeys, so that nobody is in line at closing, for the expected people."""
    capacity_needed_with_reserve_per_second: float
    """The same when a tenth more come."""
    joined: int
    turned_away: int
    """People who came after the last call."""
    finished: int
    """In time; when being in line counts, afterwards too."""
    gave_up: int
    """Called, absent, and never back."""
    unfinished: Range
    """People in line at closing."""
    inside_at_closing: int
    """Called and not done: they are served whole, within minutes."""
    longest_line: Range
    longest_wait_s: float
    """Of those who were called."""
    safe_join_s: float | None
    """People who join by then are done before closing, in 95 % of the futures; None: nobody is safe."""
    usual_safe_join_s: float | None
    """In half of the futures."""
    rate_per_minute: int
    """For the gate's policy: people to let in at most, who walk some journeys twice; the controller finds the
    rest."""
    poll_seconds: tuple[int, int]
    ends: Ends
    traffic: Traffic
    money: Money
    bottlenecks: tuple[Bottleneck, ...]
    hours: list[Hour]
    curves: Curves


def make_plan(question: Question, measured: Measured, sizes: Sizes, limits: Limits, seed: int) -> Plan:
    """Runs the season and its futures. About 3 s of one core for 22 days, whatever the number of people."""
    generator = np.random.default_rng(seed)
    courses = lanes.run_courses(question, generator)
    course, others = courses.asked, courses.others
    needed = lanes.capacity_needed(question)
    closes = round(question.season.seconds / STEP_S)
    waits = course.waits(0, question.edges)
    unfinished = _range(course.in_line()[closes], others.in_line()[closes])
    longest = _range(course.in_line().max(axis=0), others.in_line().max(axis=0))
    safe = np.array([safe_join(others, lane, question) for lane in range(lanes.FUTURES)])
    traffic = traffic_of(question, courses, sizes)
    service = question.service
    waited = waits[1 : closes + 1][np.diff(course.joined[: closes + 1, 0]) > 0]
    return Plan(
        season=question.season,
        policy=question.policy,
        seed=seed,
        capacity_per_second=service.journeys_per_second,
        capacity_basis=measured.basis,
        capacity_source=measured.source,
        capacity_before=measured.journeys,
        capacity_before_stamps=measured.stamps,
        journeys_per_person=question.behaviour.journeys_each,
        capacity_needed_per_second=needed,
        capacity_needed_with_reserve_per_second=needed * (1 + service.demand_spread),
        joined=round(course.joined[-1, 0]),
        turned_away=max(0, question.season.applicants - round(course.joined[-1, 0])),
        finished=round(course.began.sum()),
        gave_up=round(course.gave_up[-1, 0] + course.returning[-1, 0]),
        unfinished=unfinished,
        inside_at_closing=round(course.began[:closes, 0][-round(service.done_after_s / STEP_S) :].sum()),
        longest_line=longest,
        longest_wait_s=round(float(waited[np.isfinite(waited)].max(initial=0.0)), 1),
        safe_join_s=_moment(float(np.quantile(safe, 0.05, method="lower"))) or None,
        usual_safe_join_s=_moment(float(np.median(safe))) or None,
        rate_per_minute=round(service.journeys_per_second * 60 / question.behaviour.journeys_each),
        poll_seconds=(
            round(POLL_FRONT_S),
            int(poll_back_seconds(longest.high, service.journeys_per_second, measured.polls)),
        ),
        ends=_ends(question, courses, closes),
        traffic=traffic,
        money=money_of(question, course, sizes),
        bottlenecks=bottlenecks(question, traffic, measured, limits),
        hours=hours_of(course, waits),
        curves=curves_of(course, closes),
    )


def safe_join(course: Course, lane: int, question: Question) -> float:
    """The last moment at which one can join, before a last call, and be done by closing; 0: there is none."""
    closes_s = question.season.seconds
    by = round((closes_s - question.service.done_after_s) / STEP_S)
    joined, called = course.joined[: by + 1, lane], course.called[by, lane]
    safe = int(np.searchsorted(joined, called + 1e-6, side="right")) - 1
    return min(safe * STEP_S, question.policy.joins_until(closes_s))


def hours_of(course: Course, waits: Series) -> list[Hour]:
    """Lane 0, hour by hour, until nobody is there any more."""
    steps = round(HOUR / STEP_S)
    joins, line = np.diff(course.joined[:, 0]), course.in_line()[:, 0]
    found = []
    for first in range(0, len(joins), steps):
        part = slice(first, first + steps)
        last = min(first + steps, len(joins))
        p50, p95 = _weighted(waits[1:][part], joins[part])
        hour = Hour(
            begins_h=first // steps,
            joined=round(joins[part].sum()),
            began=round(course.began[part, 0].sum()),
            in_line=round(line[last]),
            wait_p50_s=p50,
            wait_p95_s=p95,
        )
        found.append(hour)
    while found and not (found[-1].joined or found[-1].began):
        found.pop()
    return found


def curves_of(course: Course, closes: int) -> Curves:
    """Lane 0 from a day and a half before the closing to the end of the line, half a day after it at most."""
    size = round(600 / STEP_S)
    joins, line = np.diff(course.joined[:, 0]), course.in_line()[:, 0]
    last = min(len(joins), closes + round(12 * HOUR / STEP_S))
    busy = np.flatnonzero(line[closes:last] >= 1)
    ends = closes + (int(busy[-1]) + size if len(busy) and last > closes else 0)
    firsts = range(max(0, closes - round(36 * HOUR / STEP_S)), min(ends, last), size)
    return Curves(
        begins_h=[first * STEP_S / HOUR for first in firsts],
        joined_per_second=[round(float(joins[at : at + size].mean() / STEP_S), 2) for at in firsts],
        began_per_second=[round(float(course.began[at : at + size, 0].mean() / STEP_S), 2) for at in firsts],
        in_line=[round(float(line[min(at + size, len(joins))])) for at in firsts],
    )


def _weighted(values: Series, weights: Series) -> tuple[float | None, float | None]:
    if weights.sum() <= 0:
        return None, None
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    at = [float(values[order][np.searchsorted(reached, share - 1e-9)]) for share in (0.5, 0.95)]
    return _moment(at[0]), _moment(at[1])


def _ends(question: Question, courses: lanes.Courses, closes: int) -> Ends:
    rate = question.service.journeys_per_second / question.behaviour.journeys_each
    tried = lanes.last_calls(question.season)
    enough = np.flatnonzero(courses.last_calls.in_line()[closes] < 1)
    advised = int(enough[0]) if len(enough) else None
    if question.policy.ending is Ending.LAST_CALL:
        in_line = lanes.line_without_last_call(question)
    else:
        in_line = float(courses.asked.in_line()[closes, 0])
    late = None
    if in_line >= 1 and advised is not None:
        late = question.season.applicants - float(courses.last_calls.joined[-1, advised])
    return Ends(
        in_line_at_closing=round(in_line),
        line_empty_after_h=round(in_line / rate / HOUR, 2),
        last_call_h=0.0 if in_line < 1 else None if advised is None else tried[advised],
        last_call_turns_away=round(late or 0),
        last_call_tried_h=tried[-1],
    )


def _range(expected: Series, others: Series) -> Range:
    low, high = np.quantile(others, [0.05, 0.95])
    return Range(expected=float(expected[0]), low=float(low), high=float(high))


def _moment(seconds: float) -> float | None:
    return round(seconds, 1) if np.isfinite(seconds) and seconds >= 0 else None
