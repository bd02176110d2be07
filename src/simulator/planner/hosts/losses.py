"""The last day of a season on which a host is lost in each hour: who is left in line at closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.planner.arrivals import STEP_S, Series
from simulator.planner.futures import Question, capacity_of, rates_of
from simulator.planner.hosts.model import Hosts, Kind, Losses, LostHour
from simulator.planner.line import Course, run
from simulator.planner.season import DAY, HOUR, Outage, Service

_MINUTES: Final = (0, 15, 30, 45)
"""Of the hour at which the host is lost, each in courses of its own."""
_MORE: Final = 1.1


@dataclass(frozen=True, slots=True)
class _Loss:
    kind: Kind
    hour_s: float
    """Where the hour begins, counted from the closing."""
    begins_s: float


def lose_hosts(question: Question, hosts: Hosts) -> Losses:
    """The kinds take turns. Each of them begins in some courses, so that each is lost in the last hour, at
    four different minutes. The worst course is told. People come as many as expected."""
    edges, kinds = question.edges, hosts.kinds
    days = [
        _losses_of_the_day(kinds[first:] + kinds[:first], question.season.seconds, minute)
        for first in range(len(kinds))
        for minute in _MINUTES
    ]
    capacities = [_capacity(hosts, losses, edges) for losses in ([], *days)]
    capacity = np.stack(capacities, axis=1)
    rates = rates_of(question, question.policy, edges)
    courses = [
        run(rates[:, None] * factor, capacity, question.behaviour, question.service.returners_share)
        for factor in (1.0, _MORE)
    ]
    closes = round(question.season.seconds / STEP_S)
    left = [course.in_line()[closes] for course in courses]
    last_hour = capacity[closes - round(HOUR / STEP_S) : closes, 1:].mean(axis=0)
    longest = courses[0].in_line()[: closes + 1, 1:].max(axis=0)
    worst = 1 + int(np.lexsort((-last_hour, longest, left[0][1:]))[-1])
    return Losses(
        courses=len(days),
        left_behind=_people(left[0].max()),
        left_behind_without_losses=_people(left[0][0]),
        left_behind_when_a_tenth_more_come=_people(left[1].max()),
        longest_line=_people(courses[0].in_line()[: closes + 1, worst].max()),
        hours=_hours(courses[0], worst, days[worst - 1], capacities[worst]),
    )


def _losses_of_the_day(kinds: Sequence[Kind], closes_s: float, minute: int) -> list[_Loss]:
    """One in each hour of the last day, or of a season that is shorter."""
    hours = min(round(DAY / HOUR), int(closes_s // HOUR))
    begins = [closes_s - (hours - hour) * HOUR for hour in range(hours)]
    return [_Loss(kinds[hour % len(kinds)], at, at + minute * 60) for hour, at in enumerate(begins)]


def _capacity(hosts: Hosts, losses: Sequence[_Loss], edges: Series) -> Series:
    """Journeys a second in each step: what the kind bears that bears least then."""
    borne = []
    for kind in hosts.kinds:
        if not np.isfinite(kind.bears):  # it takes nothing from the others while it lives
            service = Service(journeys_per_second=hosts.bears_per_second)
        else:
            service = Service(journeys_per_second=kind.bears)
        outages = [_outage(loss, hosts) for loss in losses if loss.kind is kind]
        borne.append(capacity_of(service, outages, edges))
    least: Series = np.minimum.reduce(borne)
    return least


def _outage(loss: _Loss, hosts: Hosts) -> Outage:
    kind, figures = loss.kind, hosts.figures
    lost_s, left = figures.lost_minutes * 60, kind.bears_with(kind.count - 1)
    if kind.name == "postgresql" and kind.count > 1:
        return Outage(loss.begins_s, loss.begins_s + figures.failover_seconds)
    if not np.isfinite(left):
        return Outage(loss.begins_s, loss.begins_s + lost_s, share=1.0)
    return Outage(loss.begins_s, loss.begins_s + lost_s, share=left / kind.bears if kind.bears else 0.0)


def _hours(course: Course, lane: int, losses: Sequence[_Loss], capacity: Series) -> list[LostHour]:
    line, joined, steps = course.in_line()[:, lane], course.joined[:, lane], round(HOUR / STEP_S)
    found = []
    for loss in losses:
        first = round(loss.hour_s / STEP_S)
        last = first + steps
        found.append(
            LostHour(
                begins_s=loss.hour_s,
                lost_at_s=loss.begins_s,
                lost=loss.kind.name,
                bears=round(float(capacity[first:last].min()), 2),
                joined=round(float(joined[last] - joined[first])),
                in_line=_people(line[last]),
                longest_line=_people(line[first : last + 1].max()),
            )
        )
    return found


def _people(count: float) -> int:
    """Whole people: less than one is nobody."""
    return int(count)
