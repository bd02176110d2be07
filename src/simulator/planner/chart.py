"""The plan as one picture: SVG, for print and for people who decide. Nothing in it is fetched."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

from simulator.planner.calibration import Fit
from simulator.planner.chart_words import (
    Language,
    clock,
    day_label,
    moment,
    number,
    people,
    rate,
    say,
    tick_labels,
)
from simulator.planner.drawing import (
    BLUE,
    FONT,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PALE_BLUE,
    PALE_GREY,
    Panel,
    round_ticks,
    text,
)
from simulator.planner.plan import Plan
from simulator.planner.season import HOUR, Ending

WIDTH: Final = 1240
HEIGHT: Final = 820
_MARGIN: Final = 48
_RIGHT: Final = 544
_TOP: Final = 290
_LOW: Final = 752


def draw_chart(
    plan: Plan, *, language: Language, opens: datetime | None = None, fit: Fit | None = None, name: str = ""
) -> str:
    """The SVG. `opens`: the date of the opening, if it has one; `fit`: shown instead of the days, of the
    season that has happened and is called `name`."""
    heading = say("title", language, people=people(plan.season.applicants, language))
    if fit:
        heading = say("had_it_been", language, name=name)
    parts = [
        text(_MARGIN, 62, heading, size=30, fill=INK, weight=700),
        *_paragraph(_sentence(plan, language, fit)),
        *_figures(plan, language, opens),
        *(_fit_panel(fit, plan, language, opens) if fit else _day_panel(plan, language, opens)),
        *_rate_panel(plan, language, opens),
        *_line_panel(plan, language),
        text(_MARGIN, HEIGHT - 18, _foot(plan, language, fit), size=12),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'lang="{language}" role="img" aria-labelledby="title" {FONT}>'
        f'<title id="title">{escape(heading)}</title><rect width="100%" height="100%" fill="#fff"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _sentence(plan: Plan, language: Language, fit: Fit | None) -> str:
    name = "some" if plan.unfinished.expected >= 1 else "all"
    if name == "some" and plan.policy.ending is Ending.LINE_COUNTS:
        name = "line_counts"
    if plan.turned_away:
        name = "last_call"
    words = say(
        name,
        language,
        rate=rate(plan.capacity_per_second / plan.journeys_per_person, language),
        left=people(plan.unfinished.expected, language),
        away=people(plan.turned_away, language),
    )
    return f"{say('kept', language)} {words}" if fit else words


def _paragraph(words: str) -> list[str]:
    """Below the heading, in one row or two: the widest of the fonts that may stand there has room for it."""
    rows = _wrap(words, 120)
    return [text(_MARGIN, 94 + place * 23, row, size=17, fill=INK) for place, row in enumerate(rows)]


def _figures(plan: Plan, language: Language, opens: datetime | None) -> list[str]:
    safe = plan.safe_join_s
    shown = [
        (
            rate(plan.capacity_needed_per_second / plan.journeys_per_person, language),
            say("needed", language),
            INK,
        ),
        (people(plan.longest_line.expected, language), say("longest", language), INK),
        (people(plan.unfinished.expected, language), say("left", language), ORANGE),
        (moment(safe, opens, language) if safe else say("nobody", language), say("safe", language), BLUE),
    ]
    width = (WIDTH - 2 * _MARGIN) / len(shown)
    parts = []
    for place, (figure, words, colour) in enumerate(shown):
        x = _MARGIN + place * width
        size = 32 if len(figure) <= 13 else 26
        parts.append(text(x, 164, figure, size=size, fill=colour, weight=700))
        for row, line in enumerate(_wrap(words, 34)):
            parts.append(text(x, 188 + row * 18, line, size=14))
    return parts


def _day_panel(plan: Plan, language: Language, opens: datetime | None) -> list[str]:
    days = [sum(hour.joined for hour in plan.hours[at : at + 24]) for at in range(0, len(plan.hours), 24)]
    thousands = [count / 1000 for count in days[: int(-(-plan.season.seconds // 86_400))]]
    panel = Panel(_MARGIN + 44, _TOP, 330, _LOW - _TOP - 24, 0, len(thousands), round_ticks(max(thousands)))
    every = max(1, -(-len(thousands) // 6))
    marked = list(range(len(thousands) - 1, -1, -every))
    labels = [(day + 0.5, day_label(day, opens, language)) for day in marked]
    panel.frame(say("by_day", language), tick_labels(panel.ticks, language), labels)
    panel.bars(thousands, PALE_BLUE, ORANGE)
    share = number(100 * thousands[-1] / sum(thousands), language)
    panel.label(len(thousands), thousands[-1], say("last_day", language, share=share), ORANGE)
    return panel.parts


def _fit_panel(fit: Fit, plan: Plan, language: Language, opens: datetime | None) -> list[str]:
    """Published points on the fitted curves, in millions."""
    most = max(*fit.accounts, *fit.wished, *(point.published for point in fit.points))
    panel = Panel(_MARGIN + 44, _TOP, 330, _LOW - _TOP - 24, 0, fit.curve_hours[-1], round_ticks(most / 1e6))
    days = range(0, int(fit.curve_hours[-1] // 24) + 1, 5)
    labels = [(day * 24 + 0.0, day_label(day, opens, language)) for day in days]
    panel.frame(say("fit", language), tick_labels(panel.ticks, language), labels)
    for name, values, colour in (
        ("accounts", fit.accounts, GREY), ("wished", fit.wished, ORANGE), ("submitted", fit.submitted, BLUE),
    ):  # fmt: skip
        panel.line(fit.curve_hours, [value / 1e6 for value in values], colour)
        for point in fit.points:
            if point.what == name and opens is not None:
                panel.dot((point.at - opens).total_seconds() / HOUR, point.published / 1e6, colour)
    half = len(fit.curve_hours) // 2
    panel.label(fit.curve_hours[half], fit.accounts[half] / 1e6, say("accounts", language), MUTED, dy=-12)
    rush = next(n for n, count in enumerate(fit.wished) if count > fit.wished[-1] / 2)
    panel.label(
        fit.curve_hours[rush] + 8, fit.wished[rush] / 1e6, say("came", language), ORANGE, anchor="start"
    )
    panel.label(fit.curve_hours[-1], 0.155 * panel.ticks[-1], say("submitted", language), BLUE)
    return panel.parts


def _rate_panel(plan: Plan, language: Language, opens: datetime | None) -> list[str]:
    curves, closes_h = plan.curves, plan.season.seconds / HOUR
    xs = [at + 1 / 12 for at in curves.begins_h]
    top = max(*curves.joined_per_second, *curves.began_per_second)
    panel = Panel(
        _RIGHT, _TOP, WIDTH - _RIGHT - _MARGIN, 190, curves.begins_h[0], _end(plan), round_ticks(top)
    )
    panel.frame(say("rates", language), tick_labels(panel.ticks, language), _clock_labels(plan, language))
    panel.area(xs, curves.began_per_second, PALE_BLUE)
    panel.line(xs, curves.began_per_second, BLUE, width=2)
    joins_until_h = plan.policy.joins_until(plan.season.seconds) / HOUR
    before = sum(at < joins_until_h for at in curves.begins_h)
    if before:
        panel.line(xs[:before], curves.joined_per_second[:before], ORANGE)
        near = max(0, before - 10)
        panel.label(xs[near], curves.joined_per_second[near], say("arriving", language), ORANGE, dy=-12)
    closing = say("closing", language, at=moment(plan.season.seconds, opens, language))
    panel.rule(closes_h, closing)
    last = max(0, before - 6)
    served, is_low = curves.began_per_second[last], curves.began_per_second[last] < panel.ticks[-1] / 4
    panel.label(
        xs[last], served if is_low else served / 2, say("served", language), BLUE, dy=-7 if is_low else 5
    )
    return panel.parts


def _line_panel(plan: Plan, language: Language) -> list[str]:
    curves = plan.curves
    xs, top = [at + 1 / 6 for at in curves.begins_h], max(curves.in_line)
    shown = max(top, 10)
    panel = Panel(
        _RIGHT, 566, WIDTH - _RIGHT - _MARGIN, 162, curves.begins_h[0], _end(plan), round_ticks(shown, 3)
    )
    labels = [people(tick, language) for tick in panel.ticks]
    panel.frame(say("line", language), labels, _clock_labels(plan, language))
    panel.area(xs, curves.in_line, PALE_GREY)
    panel.line(xs, curves.in_line, MUTED, width=2)
    panel.rule(plan.season.seconds / HOUR, "")
    peak = curves.in_line.index(top)
    if top >= 1:
        panel.label(xs[peak] - 0.4, top, people(top, language), INK, dy=5)
    return panel.parts


def _clock_labels(plan: Plan, language: Language) -> list[tuple[float, str]]:
    """Every six hours of the clock."""
    first, last, opens_at = plan.curves.begins_h[0], _end(plan), plan.season.opens_at_hour
    begin = int(-(-(first + opens_at) // 6) * 6)
    clocks = range(begin, int(last + opens_at) + 1, 6)
    return [(hour - opens_at, clock(hour * HOUR, language)) for hour in clocks]


def _end(plan: Plan) -> float:
    return max(plan.curves.begins_h[-1] + 1 / 6, plan.season.seconds / HOUR)


def _foot(plan: Plan, language: Language, fit: Fit | None) -> str:
    tau = plan.season.tau_hours
    words = say(
        "foot",
        language,
        source=say(plan.capacity_basis, language, name=plan.capacity_source),
        stamps=str(plan.season.stamps),
        tau=number(tau, language, 0 if tau == int(tau) else 1),
        seed=str(plan.seed),
    )
    return words + (" " + say("dots", language) if fit else "")


def _wrap(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
