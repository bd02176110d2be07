"""Proposes a place for the stamp: the emptiest square near where people sign. Runs in the jail."""

from __future__ import annotations

import msgspec
from PIL import Image

from meterai.kit.pdf.rendering import RenderRequest, render_image
from meterai.stamping.placement import MARGIN, SIZE_DEFAULT, Placement, overlap

_WIDTH_PX = 150
_PAPER = 232
"""Grey from which a dot counts as paper."""


class ProposeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The page to look at, its size as seen in points, and what is taken already."""

    data: bytes
    page: int
    width_pt: float
    height_pt: float
    size: float = SIZE_DEFAULT
    password: str = ""
    taken: list[Placement] = []


def propose_placement(request: ProposeRequest) -> Placement:
    """The place with the least ink under it; among empty ones the nearest to the usual signature block.

    Raises: Refusal as `render_page`.
    """
    image = render_image(
        RenderRequest(data=request.data, page=request.page, width_px=_WIDTH_PX, password=request.password)
    )
    return choose_place(image, request)


def choose_place(image: Image.Image, request: ProposeRequest) -> Placement:
    """The same on a page that is rendered already."""
    ink = image.convert("L").point([0 if grey >= _PAPER else 1 for grey in range(256)])
    scale = ink.width / request.width_pt
    side = max(1, round(request.size * scale))
    best: tuple[float, Placement] | None = None
    for placement in _candidates(request):
        left = round(placement.x * scale)
        top = ink.height - round(placement.y * scale) - side
        covered = sum(ink.crop((left, top, left + side, top + side)).histogram()[1:]) / side**2
        cost = covered * 12 + _distance(placement, request)
        if any(overlap(placement, other) for other in request.taken):
            cost += 50
        if best is None or cost < best[0]:
            best = (cost, placement)
    assert best is not None
    return best[1]


def _candidates(request: ProposeRequest) -> list[Placement]:
    columns = _steps(request.width_pt - request.size)
    rows = _steps(request.height_pt - request.size)
    return [Placement(page=request.page, x=x, y=y, size=request.size) for y in rows for x in columns]


def _steps(room: float) -> list[float]:
    margin = min(MARGIN, max(0.0, room / 2))
    count = max(1, min(24, int((room - 2 * margin) / 18)))
    return [round(margin + (room - 2 * margin) * step / count, 2) for step in range(count + 1)]


def _distance(placement: Placement, request: ProposeRequest) -> float:
    """From the usual signature block: right of the middle, in the lower third."""
    across = (placement.x + placement.size / 2) / request.width_pt - 0.72
    along = (placement.y + placement.size / 2) / request.height_pt - 0.24
    return abs(across) + 1.4 * abs(along)
