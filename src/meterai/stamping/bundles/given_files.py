"""What a bundle is given: files one by one, some of them refused before they were read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.files.zip_archive import ZipLimits, read_zip


class GivenFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its content, or why it was not read."""

    path: str
    """Below the folder, or in the archive, with `/`."""
    data: bytes | None
    refusal: Refusal | None = None
    size: int = 0
    stands_for: bytes = b""
    """For a file that was not read: what tells it from another one of the same path."""


def refused_file(path: str, refusal: Refusal, *, size: int = 0, crc: int = 0) -> GivenFile:
    """A file that is not read."""
    return GivenFile(path=path, data=None, refusal=refusal, size=size, stands_for=b"%d %d" % (size, crc))


def from_zip(file: BinaryIO, limits: ZipLimits) -> Iterator[GivenFile]:
    """The files of an archive. Raises: what `read_zip` raises."""
    for entry in read_zip(file, limits):
        if entry.refusal is not None:
            yield refused_file(entry.path, entry.refusal, size=entry.size, crc=entry.crc)
        else:
            yield GivenFile(path=entry.path, data=entry.data, size=entry.size)
