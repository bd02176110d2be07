"""Shows what a reader of the document sees at a stamp's place."""

from __future__ import annotations

from meterai.kit.pdf.jail import JailPool
from meterai.verification.model import Box, Picture, PictureRequest

PICTURE = "meterai.verification.rules:picture"


async def picture_of_stamp(
    jail: JailPool, data: bytes, *, page: int, box: Box, width_px: int = 360
) -> Picture:
    """A JPEG of `box` (points in the visible page) with a margin around it.

    Raises: Refusal as the jail does; INVALID `pdf.broken` for a page that does not exist.
    """
    request = PictureRequest(data=data, page=page, box=box, width_px=width_px)
    return await jail.run(PICTURE, request, Picture)
