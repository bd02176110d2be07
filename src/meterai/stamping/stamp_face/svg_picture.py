"""Turns a drawing of `stamp_face` into an SVG picture, so that pages show the very stamp that a PDF gets.

Knows the operators that our drawings use, not all of PDF: paths, matrices, colours, widths. It leaves out
invisible text, and clipping, which cuts nothing visible off.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace

from meterai.stamping.stamp_face.artwork import SIDE
from meterai.stamping.stamp_face.given_artwork import given_picture

type _Matrix = tuple[float, float, float, float, float, float]

_ROUND_ENDS = ' stroke-linecap="round" stroke-linejoin="round"'
_PATH_LETTERS = {"m": "M", "l": "L", "c": "C"}


@dataclass(frozen=True, slots=True)
class _State:
    """The graphics state (ISO 32000-1 clause 8.4), as far as our drawings change it."""

    matrix: _Matrix = (1, 0, 0, -1, 0, SIDE)
    fill: str = "#000"
    stroke: str = "#000"
    width: str = "1"
    ends: str = ""


def svg_of(drawing: str) -> str:
    """Makes the picture of a drawing in a square of 90 units."""
    body = "".join(_Painter().paint(drawing.split()))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">{body}</svg>\n'


class _Painter:
    """Works through the operators of one drawing."""

    def __init__(self) -> None:
        self._state = _State()
        self._kept: list[_State] = []
        self._path: list[str] = []
        self._drawn: list[str] = []
        self._seen = True
        self._operators: dict[str, Callable[[list[str]], None]] = {
            "q": lambda _: self._kept.append(self._state),
            "Q": self._restore,
            "cm": self._move,
            "sc": lambda numbers: self._set(fill=_hex(numbers)),
            "SC": lambda numbers: self._set(stroke=_hex(numbers)),
            "w": lambda numbers: self._set(width=numbers[0]),
            "J": lambda _: self._set(ends=_ROUND_ENDS),
            "re": self._add_rectangle,
            "h": lambda _: self._path.append("Z"),
            "f": self._fill,
            "S": self._stroke,
            "n": lambda _: self._path.clear(),
            "Do": self._add_picture,
        }

    def paint(self, words: list[str]) -> list[str]:
        """Returns the elements of the picture."""
        operands: list[str] = []
        for word in words:
            if word in ("BT", "ET"):
                self._seen = word == "ET"
            if not self._seen or not word[0].isalpha():
                operands.append(word)
                continue
            self._do(word, operands)
            operands = []
        return self._drawn

    def _do(self, operator: str, operands: list[str]) -> None:
        if operator in _PATH_LETTERS:
            self._path.append(_PATH_LETTERS[operator] + " ".join(operands))
        elif operator in self._operators:
            self._operators[operator](operands)

    def _set(self, **changed: str) -> None:
        self._state = replace(self._state, **changed)  # type: ignore[arg-type]

    def _restore(self, _: list[str]) -> None:
        self._state = self._kept.pop()

    def _move(self, numbers: list[str]) -> None:
        a, b, c, d, e, f = map(float, numbers)
        p, q, r, s, x, y = self._state.matrix
        moved = (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s)
        self._state = replace(self._state, matrix=(*moved, e * p + f * r + x, e * q + f * s + y))

    def _add_rectangle(self, numbers: list[str]) -> None:
        x, y, width, height = numbers
        self._path.append(f"M{x} {y}h{width}v{height}h-{width}Z")

    def _add_picture(self, _: list[str]) -> None:
        """Adds the issuer's picture, which fills the square."""
        picture = given_picture()
        assert picture is not None
        content = base64.b64encode(picture.png).decode()
        self._drawn.append(
            f'<image width="{SIDE:g}" height="{SIDE:g}" href="data:image/png;base64,{content}"/>'
        )

    def _fill(self, _: list[str]) -> None:
        self._draw(f'fill="{self._state.fill}"')

    def _stroke(self, _: list[str]) -> None:
        state = self._state
        self._draw(f'fill="none" stroke="{state.stroke}" stroke-width="{state.width}"{state.ends}')

    def _draw(self, paint: str) -> None:
        matrix = " ".join(f"{value:.5g}" for value in self._state.matrix)
        self._drawn.append(f'<path {paint} transform="matrix({matrix})" d="{"".join(self._path)}"/>')
        self._path.clear()


def _hex(numbers: list[str]) -> str:
    return "#" + "".join(f"{round(float(number) * 255):02x}" for number in numbers)
