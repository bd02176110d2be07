"""Draws what readers of the document see at a stamp's place."""

from __future__ import annotations

from meterai.jail.pool import JailPool
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.verification.model import Box

RENDER = "meterai.pdf.rendering:render_page"
_WIDTH_PX = 360


async def picture_of_stamp(jail: JailPool, data: bytes, *, page: int, box: Box, owner: str) -> RenderedPage:
    """A JPEG of `box` (points in the visible page). `owner`: see `JailPool.run`.

    Raises: Refusal as the jail does; NOT_FOUND `pdf.no_such_page`.
    """
    crop = (max(0.0, box.x), max(0.0, box.y), box.x + box.width, box.y + box.height)
    request = RenderRequest(data=data, page=page, width_px=_WIDTH_PX, crop=crop, quality=80)
    return await jail.run(RENDER, request, RenderedPage, owner=owner)
