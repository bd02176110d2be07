"""Requests, bytes, messages and money that a course of the season means; what gives way first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np

from meterai.waiting_room.rules.model import LOOKS_AFTER, POLL
from simulator.planner.arrivals import STEP_S, Series
from simulator.planner.futures import Courses, Question
from simulator.planner.line import Course
from simulator.planner.measured import Basis, Measured
from simulator.planner.season import HOUR, Outage

FACE_VALUE: Final = 10_000
"""Rupiah a stamp (UU 10/2020 article 5)."""
POLL_FRONT_S, POLL_BACK_S = map(float, POLL)
_POLL_PART: Final = 1 / LOOKS_AFTER
"""A person looks again after the wait ahead divided by this, within the two bounds."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes and counts. Guesses, but for the first two: those are what the gate's answers weigh."""

    wait_page: float = 14_000
    status: float = 1_400
    """The status document of 1 kB with its headers, both ways."""
    pages: float = 150_000
    """Of a journey: pages and one page image, gzip."""
    document: float = 300_000
    """One uploaded PDF; the stamped one is `stamp` larger."""
    stamp: float = 25_000
    site_requests: float = 50
    """Per finished journey (design)."""
    messages: float = 2
    """Codes and notices by mail or WhatsApp, per journey."""
    paid_to_stamped_s: float = 5.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around the service. Guesses: ask the provider."""

    network_mbit: float = 1_000
    """Each way."""
    messages_per_second: float = 100
    payments_per_second: float = 150
    files_tb: float = 4.0
    """The store for uploaded and stamped documents."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Peaks (of a minute) and sums over the season."""

    joins_per_second: float
    """Peak at the gate."""
    polls_per_second: float
    """Peak at the gate, with everybody who waits looking again and again."""
    panic_polls_per_second: float
    """The same in the worst minute of an outage, when people reload by hand. 95 % of the futures stay
    below it. It covers the outages of the question, too. 0: there is none."""
    site_requests_per_second: float
    in_mbit: float
    """Peak towards us: uploads."""
    out_mbit: float
    """Peak from us: wait pages, status, pages, downloads; outages count as in `panic_polls_per_second`."""
    uploaded_gb: float
    downloaded_gb: float
    files_tb: float
    """Uploaded and stamped documents, all kept."""
    messages_per_second: float
    payments_per_second: float


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps and rupiah, by face value."""

    stock_stamps: int
    """To have before the opening: for everybody who applies."""
    stock_on_the_last_day: int
    """Stamps that the last day takes."""
    deposit_rp: int
    """At the treasury before the stock is issued."""
    sold_rp: int
    at_risk_rp: int
    """Paid and not yet stamped at the busiest moment; what a loss of everything would have to give back."""
    not_taken_rp: int
    """What those left in line in the end would have paid. None of them has paid anything. When being in line
    counts, those are served after the closing: theirs is sold."""


class Bottleneck(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the service: the load a second, and the load that it bears."""

    name: str
    asked: float
    bears: float
    unit: str
    use: float
    """Asked over bears; above 1 it is the line that absorbs the rest, or it fails."""
    basis: Basis | Literal["guess"]
    """Of `bears`."""


def traffic_of(question: Question, courses: Courses, sizes: Sizes) -> Traffic:
    """Of the course that was asked for; what people ask for in an outage, also of the futures."""
    course, stamps = courses.asked, question.season.stamps
    joins = np.diff(course.joined[:, 0]) / STEP_S
    began = course.began[:, 0] / STEP_S * question.behaviour.journeys_each
    entering = began * stamps * sizes.document
    asked = _asked_of_us(question, course, 0, question.outages, sizes)
    struck = [
        _asked_of_us(question, courses.others, lane, outages, sizes)
        for lane, outages in enumerate(courses.outages)
        if outages
    ]
    calm = [0.0] * (len(courses.outages) - len(struck))
    panic = np.quantile([*calm, *(one.panic_peak for one in struck)], 0.95)
    out = np.quantile([*calm, *(one.leaving[one.panic > 1].max(initial=0.0) for one in struck)], 0.95)
    done = course.began[:, 0].sum()
    return Traffic(
        joins_per_second=float(joins.max()),
        polls_per_second=float(asked.polls.max()),
        panic_polls_per_second=max(asked.panic_peak, float(panic)),
        site_requests_per_second=float(began.max() * sizes.site_requests),
        in_mbit=float(entering.max() * 8 / 1e6),
        out_mbit=max(float(asked.leaving.max()), float(out)) * 8 / 1e6,
        uploaded_gb=float(entering.sum() * STEP_S / 1e9),
        downloaded_gb=float(asked.leaving.sum() * STEP_S / 1e9),
        files_tb=float(done * stamps * (2 * sizes.document + sizes.stamp) / 1e12),
        messages_per_second=float(began.max() * sizes.messages),
        payments_per_second=float(began.max()),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """In each step of one course."""

    polls: Series
    """A second, in peace."""
    panic: Series
    """How many times as many it is."""
    leaving: Series
    """Bytes a second."""

    @property
    def panic_peak(self) -> float:
        return float((self.polls * self.panic)[self.panic > 1].max(initial=0.0))


def _asked_of_us(
    question: Question, course: Course, lane: int, outages: tuple[Outage, ...], sizes: Sizes
) -> _Asked:
    joins = np.diff(course.joined[:, lane]) / STEP_S
    began = course.began[:, lane] / STEP_S * question.behaviour.journeys_each
    line = course.joined[1:, lane] - course.called[1:, lane]
    polls = polls_of(line, question.service.journeys_per_second)
    panic = reloads(question.edges, outages, question)
    stamps = question.season.stamps
    leaving = began * (sizes.pages + stamps * (sizes.document + sizes.stamp))
    leaving = leaving + joins * sizes.wait_page + polls * sizes.status
    return _Asked(polls, panic, leaving + polls * (panic - 1) * sizes.wait_page)


def polls_of(line: Series, rate: float, back_s: float = POLL_BACK_S) -> Series:
    """Looks a second of the people in a line that moves at `rate`: everybody looks again after a part
    of the wait ahead, at least `POLL_FRONT_S`, at most `back_s`. The integral over the line."""
    waits = line / max(rate, 1e-9)
    near, far = POLL_FRONT_S * _POLL_PART, back_s * _POLL_PART
    looks = np.minimum(waits, near) / POLL_FRONT_S
    looks = looks + _POLL_PART * np.log(np.clip(waits, near, far) / near)
    total: Series = rate * (looks + np.maximum(waits - far, 0) / back_s)
    return total


def poll_back_seconds(line: float, rate: float, polls_max: float) -> float:
    """The longest pause between two looks with which the gate bears the longest line at half its strength."""
    back = POLL_BACK_S
    while polls_of(np.array([line]), rate, back)[0] > polls_max / 2 and back < 3600:
        back *= 1.25
    return round(back)


def reloads(edges: Series, outages: tuple[Outage, ...], question: Question) -> Series:
    """How many times as many requests people make in each step: 1 in peace."""
    behaviour, middle = question.behaviour, (edges[:-1] + edges[1:]) / 2
    factor = np.ones(len(middle))
    for outage in outages:
        ebb = np.exp(-np.maximum(middle - outage.ends_s, 0) / (behaviour.reload_hours * HOUR))
        factor += np.where(middle < outage.begins_s, 0, (behaviour.panic_reloads - 1) * ebb)
    return np.minimum(factor, behaviour.panic_reloads)


def money_of(question: Question, course: Course, sizes: Sizes) -> Money:
    """Of lane 0."""
    stamps, began = question.season.stamps, course.began[:, 0]
    closes = round(question.season.seconds / STEP_S)
    last_day = began[max(0, closes - round(24 * HOUR / STEP_S)) : closes].sum()
    at_once = began.max() / STEP_S * sizes.paid_to_stamped_s
    stock = question.season.applicants * stamps
    return Money(
        stock_stamps=stock,
        stock_on_the_last_day=round(last_day * stamps),
        deposit_rp=stock * FACE_VALUE,
        sold_rp=round(began.sum() * stamps) * FACE_VALUE,
        at_risk_rp=round(at_once * stamps * FACE_VALUE),
        not_taken_rp=round(course.in_line()[-1, 0] * stamps) * FACE_VALUE,
    )


def bottlenecks(
    question: Question, traffic: Traffic, measured: Measured, limits: Limits
) -> tuple[Bottleneck, ...]:
    """Everything that can give way, the tightest first. The site is asked for what comes in the busiest
    minute; all that lies behind it only sees what the gate lets in."""
    repeats = question.behaviour.journeys_each
    asked = {
        "site": (traffic.joins_per_second * repeats, question.service.journeys_per_second, "journeys/s"),
        "gate, joins": (traffic.joins_per_second, measured.joins, "joins/s"),
        "gate, polls": (
            max(traffic.polls_per_second, traffic.panic_polls_per_second), measured.polls, "polls/s",
        ),
        "network in": (traffic.in_mbit, limits.network_mbit, "Mbit/s"),
        "network out": (traffic.out_mbit, limits.network_mbit, "Mbit/s"),
        "messages": (traffic.messages_per_second, limits.messages_per_second, "messages/s"),
        "payments": (traffic.payments_per_second, limits.payments_per_second, "payments/s"),
        "file store": (traffic.files_tb, limits.files_tb, "TB"),
    }  # fmt: skip
    bases: dict[str, Basis] = {
        "site": measured.basis,
        "gate, joins": measured.joins_basis,
        "gate, polls": measured.polls_basis,
    }
    found = [
        Bottleneck(
            name=name,
            asked=wanted,
            bears=bears,
            unit=unit,
            use=wanted / bears,
            basis=bases.get(name, "guess"),
        )
        for name, (wanted, bears, unit) in asked.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.use))
