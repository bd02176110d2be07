"""Works through a drawing of `stamp_face`, so that it can be turned into a picture of another kind.

Knows the operators that our drawings use, not all of PDF: paths, matrices, colours, widths. It leaves out
invisible text, and clipping, which cuts nothing visible off.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from meterai.stamping.stamp_face.artwork import SIDE

type Matrix = tuple[float, float, float, float, float, float]
type Step = tuple[str, list[str]]
"""An operator that builds a path (ISO 32000-1 clause 8.5.2), and its operands."""

_STEPS = ("m", "l", "c", "h", "re")


@dataclass(frozen=True, slots=True)
class State:
    """The graphics state (ISO 32000-1 clause 8.4), as far as our drawings change it."""

    matrix: Matrix = (1, 0, 0, -1, 0, SIDE)
    """Leads to a square of 90 units whose origin is its upper left corner."""
    fill: str = "#000"
    stroke: str = "#000"
    width: str = "1"
    has_round_ends: bool = False


class Painter(ABC):
    """Works through the operators of one drawing."""

    def __init__(self) -> None:
        self.state = State()
        self.path: list[Step] = []
        self._kept: list[State] = []
        self._seen = True
        self._operators: dict[str, Callable[[list[str]], None]] = {
            "q": lambda _: self._kept.append(self.state),
            "Q": self._restore,
            "cm": self._move,
            "sc": lambda numbers: self._set(fill=_hex(numbers)),
            "SC": lambda numbers: self._set(stroke=_hex(numbers)),
            "w": lambda numbers: self._set(width=numbers[0]),
            "J": lambda _: self._set(has_round_ends=True),
            "f": lambda _: self._end_path(self.fill),
            "S": lambda _: self._end_path(self.stroke),
            "n": lambda _: self.path.clear(),
            "Do": lambda _: self.add_given_picture(),
        }

    @abstractmethod
    def fill(self) -> None:
        """Fills the path."""

    @abstractmethod
    def stroke(self) -> None:
        """Draws a line along the path."""

    @abstractmethod
    def add_given_picture(self) -> None:
        """Draws the issuer's picture, which fills the square."""

    def paint(self, drawing: str) -> None:
        """Works through a drawing in a square of 90 units."""
        operands: list[str] = []
        for word in drawing.split():
            if word in ("BT", "ET"):
                self._seen = word == "ET"
            if not self._seen or not word[0].isalpha():
                operands.append(word)
                continue
            self._do(word, operands)
            operands = []

    def _do(self, operator: str, operands: list[str]) -> None:
        if operator in _STEPS:
            self.path.append((operator, operands))
        elif operator in self._operators:
            self._operators[operator](operands)

    def _set(self, **changed: object) -> None:
        self.state = replace(self.state, **changed)  # type: ignore[arg-type]

    def _restore(self, _: list[str]) -> None:
        self.state = self._kept.pop()

    def _move(self, numbers: list[str]) -> None:
        a, b, c, d, e, f = map(float, numbers)
        p, q, r, s, x, y = self.state.matrix
        moved = (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s)
        self._set(matrix=(*moved, e * p + f * r + x, e * q + f * s + y))

    def _end_path(self, draw: Callable[[], None]) -> None:
        draw()
        self.path.clear()


def _hex(numbers: list[str]) -> str:
    return "#" + "".join(f"{round(float(number) * 255):02x}" for number in numbers)
