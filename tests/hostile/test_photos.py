"""Hostile photos in the real jail: refused by name or cleaned within the limits, and the jail works on."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from PIL import Image

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.stamping.photos import CLEAN_PHOTO, MAKE_SHEETS, AlbumPage, CleanPhoto, CleanRequest, Photo
from meterai.stamping.use_cases.make_sheets import clean_photos, make_sheets
from tests.verification.photos import png_chunk, png_of, saved, sixteen_bits


def png(width: int, height: int, *more: bytes, packed: bytes | None = None) -> bytes:
    lines = zlib.compress(bytes((width + 1) * height)) if packed is None else packed
    return png_of(width, height, lines, *more)


def bomb_of_dots() -> bytes:
    """361 million dots in a kilobyte."""
    return png(19_000, 19_000, packed=zlib.compress(bytes(1 << 20)))


def largest_allowed() -> bytes:
    return png(8_000, 8_000)


def bomb_in_a_profile() -> bytes:
    return png(400, 400, png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(70 << 20))))


def bomb_in_a_text() -> bytes:
    return png(400, 400, png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(70 << 20))))


def many_scans() -> bytes:
    """A progressive JPEG with the same scan ten thousand times: each is worked through."""
    data = saved(Image.new("RGB", (5000, 5000), "white"), progressive=True)
    scan = data.rindex(b"\xff\xda")
    return data[:scan] + (data[scan:-2]) * 10_000 + data[-2:]


def profile_of_noise() -> bytes:
    return saved(Image.new("CMYK", (400, 400)), icc_profile=b"\0\0\x02\0lcms" + bytes(range(256)) * 40)


def exif_that_points_to_itself() -> bytes:
    table = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHLL", 1, 0x8769, 4, 1, 8) + struct.pack(">L", 8)
    return saved(Image.new("RGB", (400, 400), "white"), exif=table)


def cut_off() -> bytes:
    return saved(Image.effect_noise((900, 900), 90))[:20_000]


def lines_that_never_come() -> bytes:
    return png(5_000, 5_000, packed=zlib.compress(b""))


def deep_picture() -> bytes:
    return sixteen_bits(Image.new("L", (3000, 3000), 200))


HOSTILE: dict[Callable[[], bytes], tuple[str, ...]] = {
    bomb_of_dots: ("photo.too_large",),
    largest_allowed: ("", "photo.too_heavy"),
    bomb_in_a_profile: ("", "photo.unreadable"),
    bomb_in_a_text: ("", "photo.unreadable"),
    many_scans: ("", "photo.too_heavy", "photo.unreadable"),
    profile_of_noise: ("",),
    exif_that_points_to_itself: ("",),
    cut_off: ("photo.unreadable",),
    lines_that_never_come: ("photo.unreadable",),
    deep_picture: ("",),
}


@pytest_asyncio.fixture
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool([CLEAN_PHOTO, MAKE_SHEETS], slots=1, cpu_seconds=1)
    await pool.start()
    yield pool
    await pool.close()


async def outcome(jail: JailPool, data: bytes) -> str:
    try:
        (jpeg,) = await clean_photos(jail, [data])
    except Refusal as refusal:
        return refusal.code
    picture = Image.open(io.BytesIO(jpeg))
    assert max(picture.size) <= 2340
    assert not set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return ""


async def test_hostile_photos_are_refused_or_cleaned_and_the_next_one_is_read(jail: JailPool) -> None:
    honest = saved(Image.new("RGB", (900, 1200), "white"))
    for make, codes in HOSTILE.items():
        assert await outcome(jail, make()) in codes, make.__name__
        assert await outcome(jail, honest) == "", make.__name__
    (jpeg,) = await clean_photos(jail, [honest])
    corners = ((0.1, 0.1), (0.9, 0.12), (0.95, 0.9), (0.05, 0.95))
    sheets = await make_sheets(jail, b"", [jpeg], [AlbumPage(page=0, photo=Photo(corners=corners))], None)
    again = [AlbumPage(page=0, photo=Photo(grey=True, turn=90))]
    assert (await make_sheets(jail, sheets.album, [], again, None)).data.startswith(b"%PDF-1.7")


async def test_what_is_neither_jpeg_nor_png_is_not_opened(jail: JailPool) -> None:
    heic = b"\0\0\0\x18ftypheic" + bytes(2000)
    with pytest.raises(Refusal, match=r"photo\.other_kind"):
        await clean_photos(jail, [heic])
    with pytest.raises(Refusal, match=r"photo\.unreadable"):  # also if somebody asks the jail for it
        await jail.run(
            CLEAN_PHOTO, CleanRequest(data=saved(Image.new("RGB", (400, 400)), "TIFF")), CleanPhoto
        )
