"""Compares places on a page."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.pdf.page_box import PageBox
from meterai.verification.model import Box

_BESIDE_PT = 4.0
GRAZED_PT = 1.5
"""How far two places may reach into each other: programs round, and people's hands are not that exact."""


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share some place."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def lies_in(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def core(box: Box) -> Box:
    """A box without its edge, which may graze something else."""
    across, up = (min(GRAZED_PT, side / 10) for side in (box.width, box.height))
    return Box(x=box.x + across, y=box.y + up, width=box.width - 2 * across, height=box.height - 2 * up)


def around(boxes: Sequence[Box], page: PageBox, margin: float = 0.0) -> Box:
    """The smallest box around others, wider by a margin, within the page."""
    left, bottom = (max(0.0, min(sides) - margin) for sides in ([b.x for b in boxes], [b.y for b in boxes]))
    right = min(page.width_pt, max(b.x + b.width for b in boxes) + margin)
    top = min(page.height_pt, max(b.y + b.height for b in boxes) + margin)
    return Box(x=left, y=bottom, width=max(0.0, right - left), height=max(0.0, top - bottom))


def groups(boxes: Sequence[Box]) -> list[list[Box]]:
    """The boxes, those together that lie beside each other: they may show one picture."""
    found: list[list[Box]] = []
    for box in boxes:
        wider = Box(
            x=box.x - _BESIDE_PT,
            y=box.y - _BESIDE_PT,
            width=box.width + 2 * _BESIDE_PT,
            height=box.height + 2 * _BESIDE_PT,
        )
        near = [group for group in found if any(overlap(wider, other) for other in group)]
        found = [group for group in found if group not in near] + [[box, *(b for g in near for b in g)]]
    return found


def area(boxes: Sequence[Box]) -> float:
    return sum(box.width * box.height for box in boxes)
