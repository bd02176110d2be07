"""Charts of the last hours as SVG: a line with axes, its unit, and words for people who do not see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import pairwise
from typing import Final

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup

from meterai.kit.formats.display import clock_text
from meterai.operations.samples import EVERY, Point
from meterai.texts.mechanism.translation import translate
from meterai.texts.signs import CHART_EMPTY, CHART_SUMMARY, CHARTS

_WIDTH, _HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _LOW = 44, 352, 12, 122
_ROWS: Final = 12
"""Rows of a chart's table."""

type Pairs = list[tuple[datetime, float]]


class Chart(msgspec.Struct, frozen=True):
    """A drawn chart. `rows`: some of its values, for a table: time and value."""

    title: str
    unit: str
    svg: Markup
    rows: list[tuple[str, str]]


def charts_of(found: Sequence[Point], *, since: datetime, until: datetime, language: str) -> list[Chart]:
    """Draws the charts. Stretches without samples are gaps."""
    return [
        _chart(
            translate(CHARTS[name][0], language),
            translate(CHARTS[name][1], language),
            read(found),
            (since, until),
            language,
        )
        for name, read in _READ.items()
    ]


def _orders(found: Sequence[Point]) -> Pairs:
    return [(one.at, one.orders / (one.samples * EVERY.total_seconds())) for one in found]


def _stamps(found: Sequence[Point]) -> Pairs:
    """The rate between two stretches, from the count of all stamps."""
    return [
        (
            after.at,
            max(0, after.stamps_made - before.stamps_made) / (after.at - before.at).total_seconds(),
        )
        for before, after in pairwise(found)
    ]


def _people(found: Sequence[Point]) -> Pairs:
    return [(one.at, float(one.people)) for one in found]


def _late(found: Sequence[Point]) -> Pairs:
    return [(one.at, one.late_s) for one in found]


def _p95(found: Sequence[Point]) -> Pairs:
    return [(one.at, one.p95_s) for one in found if one.p95_s is not None]


_READ: Final[dict[str, Callable[[Sequence[Point]], Pairs]]] = {
    "orders": _orders,
    "stamps": _stamps,
    "people": _people,
    "late": _late,
    "p95": _p95,
}


def round_ticks(top: float) -> list[float]:
    """0 and two to four round numbers, the last at or above `top`."""
    if top <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(top / 3))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= top / 3 - 1e-9)
    return [step * n for n in range(math.ceil(top / step - 1e-9) + 1)]


def _chart(title: str, unit: str, pairs: Pairs, span: tuple[datetime, datetime], language: str) -> Chart:
    words = _words(title, unit, pairs, language)
    ticks = round_ticks(max((value for _, value in pairs), default=0))
    parts = [*_grid(ticks, span, language), *_lines(pairs, ticks[-1], span)]
    svg = (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )
    every = max(1, -(-len(pairs) // _ROWS))
    rows = [(clock_text(at, language), _number(value, language)) for at, value in pairs[::-every]]
    return Chart(title, unit, Markup(svg), rows)  # noqa: S704 (all words are escaped)


def _words(title: str, unit: str, pairs: Pairs, language: str) -> str:
    if not pairs:
        return translate(CHART_EMPTY, language, {"title": title})
    facts = {
        "title": title,
        "unit": unit,
        "last": _number(pairs[-1][1], language),
        "most": _number(max(value for _, value in pairs), language),
        "begins": clock_text(pairs[0][0], language),
        "ends": clock_text(pairs[-1][0], language),
    }
    return translate(CHART_SUMMARY, language, facts)


def _grid(ticks: Sequence[float], span: tuple[datetime, datetime], language: str) -> list[str]:
    parts = []
    for tick in ticks:
        y = _y(tick, ticks[-1])
        parts.append(f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4}" class="e">{_number(tick, language)}</text>')
    length = span[1] - span[0]
    for part, place in ((0.0, "s"), (0.5, "m"), (1.0, "e")):
        words = clock_text(span[0] + length * part, language)
        x = round(_LEFT + part * (_RIGHT - _LEFT), 1)
        parts.append(f'<text x="{x}" y="{_LOW + 18}" class="{place}">{words}</text>')
    return parts


def _lines(pairs: Pairs, top: float, span: tuple[datetime, datetime]) -> list[str]:
    """A line for each run without a gap; a dot for a run of one."""
    gap = max(timedelta(seconds=30), (span[1] - span[0]) / 60)
    runs: list[list[str]] = []
    before: datetime | None = None
    for at, value in pairs:
        if before is None or at - before > gap:
            runs.append([])
        runs[-1].append(f"{_x(at, span)},{_y(value, top)}")
        before = at
    return [_run(run) for run in runs]


def _run(run: list[str]) -> str:
    if len(run) > 1:
        return f'<polyline points="{" ".join(run)}"/>'
    x, _, y = run[0].partition(",")
    return f'<circle cx="{x}" cy="{y}" r="2"/>'


def _x(at: datetime, span: tuple[datetime, datetime]) -> float:
    part = (at - span[0]) / (span[1] - span[0])
    return round(_LEFT + min(1.0, max(0.0, part)) * (_RIGHT - _LEFT), 1)


def _y(value: float, top: float) -> float:
    return round(_LOW - value / top * (_LOW - _TOP), 1)


def _number(value: float, language: str) -> str:
    return format_decimal(round(value, 2 if value < 10 else 0), locale=language)
