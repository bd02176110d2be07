"""Makes the PDF of photos. Each photo is decoded and written again in the jail; nothing else is kept."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.picture_kinds import is_jpeg_or_png
from meterai.stamping.output_limits import STAMP_BYTES_MAX
from meterai.stamping.photos import (
    CLEAN_PHOTO,
    MAKE_SHEETS,
    PHOTOS_MAX,
    AlbumPage,
    CleanPhoto,
    CleanRequest,
    Photo,
    Sheets,
    SheetsRequest,
)
from meterai.stamping.requests import OutputLimits

_SAID_OF_PHOTOS = {"pdf.broken": "photo.unreadable", "pdf.too_heavy": "photo.too_heavy"}
"""The jail's words for a file, and what they mean for a photo."""


async def make_first_sheets(jail: JailPool, pictures: Sequence[bytes], limits: OutputLimits | None) -> Sheets:
    """Makes one A4 PDF of whole photos, in their order, to fit the limits.

    Raises: Refusal INVALID as `clean_photos`.
    """
    added = await clean_photos(jail, pictures)
    pages = [AlbumPage(page=number, photo=Photo()) for number in range(len(added))]
    return await make_sheets(jail, b"", added, pages, limits)


async def clean_photos(jail: JailPool, pictures: Sequence[bytes]) -> list[bytes]:
    """Writes each picture again, one after the other: one that breaks a limit harms no other.

    Raises: Refusal INVALID `photo.other_kind`, `photo.unreadable`, `photo.too_large`, `photo.too_heavy`,
    `photo.too_small`, `photo.too_many`.
    """
    if len(pictures) > PHOTOS_MAX:
        raise Refusal(Kind.INVALID, "photo.too_many", photos_max=PHOTOS_MAX)
    if not all(is_jpeg_or_png(picture) for picture in pictures):
        raise Refusal(Kind.INVALID, "photo.other_kind")
    return [await _clean(jail, picture) for picture in pictures]


async def _clean(jail: JailPool, picture: bytes) -> bytes:
    try:
        return (await jail.run(CLEAN_PHOTO, CleanRequest(data=picture), CleanPhoto)).jpeg
    except Refusal as refusal:
        if refusal.code not in _SAID_OF_PHOTOS:
            raise
        raise Refusal(Kind.INVALID, _SAID_OF_PHOTOS[refusal.code]) from None


async def make_sheets(
    jail: JailPool,
    album: bytes,
    added: list[bytes],
    pages: list[AlbumPage],
    limits: OutputLimits | None,
) -> Sheets:
    """Makes the A4 PDF and the album of these photos, with room for one stamp within the limits.

    Raises: Refusal INVALID `photo.corners`, `photo.too_many`.
    """
    room = None
    if limits is not None and limits.bytes_max is not None:
        room = max(0, limits.bytes_max - STAMP_BYTES_MAX)
    request = SheetsRequest(album=album, added=added, pages=pages, bytes_max=room)
    return await jail.run(MAKE_SHEETS, request, Sheets)
