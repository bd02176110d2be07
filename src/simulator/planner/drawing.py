"""Marks of a chart as SVG text: a panel with two axes, lines, areas, bars, dots and labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

INK: Final = "#1c2733"
MUTED: Final = "#5b6773"
GRID: Final = "#e2e6ea"
ORANGE: Final = "#b4531a"
BLUE: Final = "#1d5b86"
PALE_BLUE: Final = "#cfdfea"
GREY: Final = "#8a96a1"
PALE_GREY: Final = "#dde2e7"
FONT: Final = "font-family=\"'Source Sans 3','Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif\""


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 13,
    fill: str = MUTED,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    """A line of words."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def round_ticks(top: float, count: int = 4) -> list[float]:
    """0 and up to about `count` round numbers, the last at or above `top`."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw - 1e-9)
    return [step * n for n in range(math.ceil(top / step - 1e-9) + 1)]


@dataclass(slots=True)
class Panel:
    """A rectangle with a heading; x runs from `x_from` to `x_to`, y from 0 to the last tick."""

    left: float
    top: float
    width: float
    height: float
    x_from: float
    x_to: float
    ticks: list[float]
    parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Where `value` stands."""
        return self.left + (value - self.x_from) / (self.x_to - self.x_from) * self.width

    def y(self, value: float) -> float:
        """How high `value` is."""
        return self.top + self.height - value / self.ticks[-1] * self.height

    @property
    def floor(self) -> float:
        """The y of zero."""
        return self.top + self.height

    def frame(self, heading: str, labels: Sequence[str], x_labels: Sequence[tuple[float, str]]) -> None:
        """Heading, horizontal rules with their labels, labels below."""
        self.parts.append(text(self.left, self.top - 18, heading, size=15, fill=INK, weight=600))
        for tick, label in zip(self.ticks, labels, strict=True):
            y = self.y(tick)
            colour = MUTED if tick == 0 else GRID
            self.parts.append(
                f'<path d="M{self.left:.1f} {y:.1f}h{self.width:.1f}" stroke="{colour}" stroke-width="1"/>'
            )
            self.parts.append(text(self.left - 8, y + 4, label, size=12, anchor="end"))
        for value, label in x_labels:
            self.parts.append(text(self.x(value), self.floor + 19, label, size=12, anchor="middle"))

    def area(self, xs: Sequence[float], ys: Sequence[float], fill: str) -> None:
        """What lies below a curve."""
        path = self._path(xs, ys)
        end = f"L{self.x(xs[-1]):.1f} {self.floor:.1f}L{self.x(xs[0]):.1f} {self.floor:.1f}Z"
        self.parts.append(f'<path d="{path}{end}" fill="{fill}"/>')

    def line(self, xs: Sequence[float], ys: Sequence[float], stroke: str, *, width: float = 2.5) -> None:
        """A curve."""
        self.parts.append(
            f'<path d="{self._path(xs, ys)}" fill="none" stroke="{stroke}" stroke-width="{width}" '
            'stroke-linejoin="round"/>'
        )

    def bars(self, values: Sequence[float], fill: str, last: str) -> None:
        """One bar for each unit of x; the last in a colour of its own."""
        unit = self.width / len(values)
        for place, value in enumerate(values):
            colour = last if place == len(values) - 1 else fill
            height = self.floor - self.y(value)
            self.parts.append(
                f'<rect x="{self.left + place * unit + unit * 0.12:.1f}" y="{self.y(value):.1f}" '
                f'width="{unit * 0.76:.1f}" height="{height:.1f}" fill="{colour}"/>'
            )

    def dot(self, x: float, y: float, fill: str) -> None:
        """A point that was published."""
        self.parts.append(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="5" fill="#fff" stroke="{fill}" '
            'stroke-width="2.5"/>'
        )

    def rule(self, value: float, label: str) -> None:
        """A vertical rule: the closing."""
        x = self.x(value)
        self.parts.append(
            f'<path d="M{x:.1f} {self.top - 4:.1f}V{self.floor:.1f}" stroke="{INK}" stroke-width="1.5"/>'
        )
        if label:
            self.parts.append(text(x, self.top - 18, label, size=13, fill=INK, anchor="end", weight=600))

    def label(
        self, x: float, y: float, words: str, fill: str, *, anchor: str = "end", dy: float = -8
    ) -> None:
        """Words beside a curve, in its colour, on a white edge so that no rule crosses them."""
        where = f'x="{self.x(x):.1f}" y="{self.y(y) + dy:.1f}" font-size="13.5" text-anchor="{anchor}"'
        self.parts.append(
            f'<text {where} fill="{fill}" font-weight="600" stroke="#fff" stroke-width="4" '
            f'paint-order="stroke" stroke-linejoin="round">{escape(words)}</text>'
        )

    def _path(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        points = (f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))
        return "M" + "L".join(points)
