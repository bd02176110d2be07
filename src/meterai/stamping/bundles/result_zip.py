"""The ZIP with the stamped files of a bundle or an order. It is made while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Iterable

from meterai.kernel.refusals import Refusal
from meterai.kit.files.object_store import ObjectStore
from meterai.kit.files.zip_archive import folders_like_files, path_for_every_disk
from meterai.stamping.bundles.model import BundleFile
from meterai.stamping.queries import ReleasedName, read_checked
from meterai.texts.mechanism.languages import languages
from meterai.texts.mechanism.translation import translate
from meterai.texts.pages import NOT_IN_ZIP, NOT_IN_ZIP_TEXT


async def zip_of(
    objects: ObjectStore, paths: AsyncIterator[str], files: AsyncIterator[BundleFile | ReleasedName]
) -> AsyncIterator[bytes]:
    """Makes a ZIP of all stamped files while it is sent. One file at a time is in memory.

    `paths`: of all files. A file may not take the place of another one's folder. Files that can't be read are
    named in a text file in the ZIP, because the answer has begun already.
    """
    out = _ZipOutput()
    taken: set[str] = set()
    async for path in paths:
        taken |= folders_like_files(path_for_every_disk(path))
    unread: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        async for file in files:
            if file.stamped_sha256 is None:
                continue
            try:
                content = await read_checked(objects, file.stamped_sha256)
            except (Refusal, OSError):
                unread.append(f"{file.path} ({file.serial})\n")
                continue
            archive.writestr(_free_name(file.path, taken), content)
            yield out.take()
        if unread:
            archive.writestr(*_note_of_missing(unread))
    yield out.take()


async def each[Item](items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yields items that are in memory, as a stream."""
    for item in items:
        yield item


def _free_name(path: str, taken: set[str]) -> str:
    """The file's path as every file system accepts it, with a number when another file or folder has it."""
    path = path_for_every_disk(path)
    stem = path[:-4] if path.casefold().endswith(".pdf") else path
    name, number = f"{stem}.pdf", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number}).pdf"
    taken.add(name.casefold())
    return name


class _ZipOutput:
    """The output of `zipfile`. It can't seek, and `take` returns what was written since the last call."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Does nothing: all that was written is here."""

    def take(self) -> bytes:
        """Returns everything written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _note_of_missing(lines: Iterable[str]) -> tuple[str, str]:
    """Name and text of the file that says what a ZIP lacks: in every language, for it may be passed on."""
    names = (translate(NOT_IN_ZIP, language) for language in languages())
    texts = (f"{translate(NOT_IN_ZIP_TEXT, language)}\n\n" for language in languages())
    return f"{' - '.join(names)}.txt", "".join((*texts, *lines))
