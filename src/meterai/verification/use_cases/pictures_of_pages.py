"""Draws the pages of a file that was signed after it was sealed, as they are and as they were sealed."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.verification.model import Box
from meterai.verification.page_pictures import COMPARE_PAGE, ComparedPage, CompareRequest
from meterai.verification.use_cases.picture_of_stamp import RENDER

_WIDTH_PX = 480


async def compare_page(
    jail: JailPool, data: bytes, *, sealed_bytes: int, page: int, boxes: Sequence[Box], owner: str
) -> ComparedPage:
    """A page with additions in `boxes`, before and after. `owner`: see `JailPool.run`.

    Raises: Refusal as the jail does; NOT_FOUND `pdf.no_such_page`.
    """
    request = CompareRequest(data=data, sealed_bytes=sealed_bytes, page=page, boxes=tuple(boxes))
    return await jail.run(COMPARE_PAGE, request, ComparedPage, owner=owner)


async def picture_of_page(jail: JailPool, sealed: bytes, *, page: int, owner: str) -> RenderedPage:
    """A JPEG of a page of the sealed revision. Raises: as `compare_page`."""
    request = RenderRequest(data=sealed, page=page, width_px=_WIDTH_PX)
    return await jail.run(RENDER, request, RenderedPage, owner=owner)
