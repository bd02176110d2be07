"""Turns a drawing of `stamp_face` into an SVG picture, so that pages show the very stamp that a PDF gets."""

from __future__ import annotations

import base64

from meterai.stamping.stamp_face.artwork import SIDE
from meterai.stamping.stamp_face.given_artwork import given_picture
from meterai.stamping.stamp_face.painter import Painter, Step

_ROUND_ENDS = ' stroke-linecap="round" stroke-linejoin="round"'
_LETTERS = {"m": "M", "l": "L", "c": "C", "h": "Z"}


def svg_of(drawing: str) -> str:
    """Makes the picture of a drawing in a square of 90 units."""
    painter = _SvgPainter()
    painter.paint(drawing)
    body = "".join(painter.drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">{body}</svg>\n'


class _SvgPainter(Painter):
    """Makes an element for each path."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

    def fill(self) -> None:
        self._draw(f'fill="{self.state.fill}"')

    def stroke(self) -> None:
        state, ends = self.state, _ROUND_ENDS if self.state.has_round_ends else ""
        self._draw(f'fill="none" stroke="{state.stroke}" stroke-width="{state.width}"{ends}')

    def add_given_picture(self) -> None:
        picture = given_picture()
        assert picture is not None
        content = base64.b64encode(picture.png).decode()
        self.drawn.append(
            f'<image width="{SIDE:g}" height="{SIDE:g}" href="data:image/png;base64,{content}"/>'
        )

    def _draw(self, paint: str) -> None:
        matrix = " ".join(f"{value:.5g}" for value in self.state.matrix)
        path = "".join(map(_svg_step, self.path))
        self.drawn.append(f'<path {paint} transform="matrix({matrix})" d="{path}"/>')


def _svg_step(step: Step) -> str:
    operator, operands = step
    if operator == "re":
        x, y, width, height = operands
        return f"M{x} {y}h{width}v{height}h-{width}Z"
    return _LETTERS[operator] + " ".join(operands)
