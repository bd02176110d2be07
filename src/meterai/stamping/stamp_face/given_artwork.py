"""Reads the artwork that the issuer of stamps gives, a PNG (METERAI_STAMP_ARTWORK).

It is written into documents as it is: PNG packs its rows as PDF does (ISO 32000-1 clause 7.4.4.4). So no
library has to unpack it, and the site and a jail draw the same.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

VARIABLE: Final = "METERAI_STAMP_ARTWORK"
SIDE_PX: Final = 540
"""432 dots an inch at the usual size of a stamp."""
BYTES_MAX: Final = 100_000
"""Each stamp of a document carries it, and agencies take files of some hundred kilobytes."""
_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK: Final = struct.Struct(">I4s")
_HEADER: Final = struct.Struct(">IIBBBBB")
_WANTED: Final = (SIDE_PX, SIDE_PX, 8, 2, 0, 0, 0)
"""Width, height, 8 bits, RGB; no transparency and not interlaced (PNG, third edition, clause 11.2.1)."""
_ROW_BYTES: Final = 1 + 3 * SIDE_PX


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in RGB of `SIDE_PX` dots on each side."""

    png: bytes
    packed: bytes
    """Its rows with PNG's predictors, Flate-packed."""


@cache
def given_picture() -> Picture | None:
    """The artwork that the environment of this process names; None: our own drawing is used."""
    path = os.environ.get(VARIABLE)
    return read_picture(path) if path else None


def check_artwork(path: str) -> None:
    """Raises: ValueError when `path` names a picture that can't be used."""
    if path:
        read_picture(path)


def read_picture(path: str) -> Picture:
    """Reads a file. Raises: ValueError that names the setting and what is wrong."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _refused(path, f"can't be read ({error.strerror})") from None
    if len(content) > BYTES_MAX:
        raise _refused(path, f"has {len(content):,} bytes, and each stamp carries them")
    try:
        return _picture(content)
    except (struct.error, zlib.error):
        raise _refused(path, "is no PNG, or damaged") from None
    except ValueError as error:
        raise _refused(path, str(error)) from None


def _refused(path: str, why: str) -> ValueError:
    return ValueError(
        f"{VARIABLE}: {path} {why}. It must be a PNG of {SIDE_PX} x {SIDE_PX} dots, RGB with 8 bits, not "
        f"transparent, not interlaced, of at most {BYTES_MAX:,} bytes (docs/stamping.md, The artwork), and "
        "every user of the service's processes must be allowed to read it."
    )


def _picture(content: bytes) -> Picture:
    """Raises: ValueError, struct.error, zlib.error."""
    if not content.startswith(_MAGIC):
        raise zlib.error
    chunks = list(_chunks(content))
    width, height, bits, colours, *rest = _HEADER.unpack(chunks[0][1])
    if (width, height) != (SIDE_PX, SIDE_PX):
        raise ValueError(f"has {width} x {height} dots")
    names = {name for name, _ in chunks}
    if (width, height, bits, colours, *rest) != _WANTED or b"tRNS" in names:
        raise ValueError("has a palette, grey, transparency, interlacing, or other than 8 bits a colour")
    packed = b"".join(body for name, body in chunks if name == b"IDAT")
    if len(zlib.decompress(packed)) != SIDE_PX * _ROW_BYTES or b"IEND" not in names:
        raise zlib.error
    return Picture(content, packed)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk. Raises: zlib.error for a wrong check sum; struct.error at a cut."""
    at = len(_MAGIC)
    while at < len(content):
        size, name = _CHUNK.unpack_from(content, at)
        body = content[at + 8 : at + 8 + size]
        (checksum,) = struct.unpack_from(">I", content, at + 8 + size)
        if zlib.crc32(name + body) != checksum:
            raise zlib.error
        yield name, body
        at += 12 + size
