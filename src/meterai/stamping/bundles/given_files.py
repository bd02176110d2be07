"""The files given to a bundle. Some are refused before they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.files.zip_archive import ZipLimits, read_zip


class GivenFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its content, or the reason why it was not read."""

    path: str
    """Path below the folder or inside the archive, with `/`."""
    data: bytes | None
    refusal: Refusal | None = None
    size: int = 0
    stands_for: bytes = b""
    """Stands for the content of a file that was not read: differs between two files of the same path."""


def refused_file(path: str, refusal: Refusal, *, size: int = 0, crc: int = 0) -> GivenFile:
    """Makes the entry of a file that is not read."""
    return GivenFile(path=path, data=None, refusal=refusal, size=size, stands_for=b"%d %d" % (size, crc))


def from_zip(file: BinaryIO, limits: ZipLimits) -> Iterator[GivenFile]:
    """Yields the files of a ZIP archive. Raises: what `read_zip` raises."""
    for entry in read_zip(file, limits):
        if entry.refusal is not None:
            yield refused_file(entry.path, entry.refusal, size=entry.size, crc=entry.crc)
        else:
            yield GivenFile(path=entry.path, data=entry.data, size=entry.size)
