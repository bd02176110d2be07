"""Draws what readers of the document see at a stamp's place."""

from __future__ import annotations

from meterai.jail.pool import JailPool
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.verification.model import Box

RENDER = "meterai.pdf.rendering:render_page"
_WIDTH_PX = 480
_AROUND_PT = 24.0
"""People find the place again by what stands around it."""


async def picture_of_stamp(jail: JailPool, data: bytes, *, page: int, box: Box, owner: str) -> RenderedPage:
    """A JPEG of `box` (points in the visible page) and a little around it. `owner`: see `JailPool.run`.

    Raises: Refusal as the jail does; NOT_FOUND `pdf.no_such_page`.
    """
    right, top = box.x + box.width + _AROUND_PT, box.y + box.height + _AROUND_PT
    crop = (max(0.0, box.x - _AROUND_PT), max(0.0, box.y - _AROUND_PT), right, top)
    request = RenderRequest(data=data, page=page, width_px=_WIDTH_PX, crop=crop, quality=80)
    return await jail.run(RENDER, request, RenderedPage, owner=owner)
