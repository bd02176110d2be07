"""The files that `meterai stamp` is given: a folder with everything below it, or a ZIP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.zip_archive import ZipLimits, safe_path, shown_path
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.stamping.bundles.given_files import GivenFile, from_zip, refused_file
from meterai.stamping.bundles.model import FILES_MAX


def read_given(source: Path, *, leave_out: Path) -> Iterator[GivenFile]:
    """Every file in the order of its path. `leave_out`: the folder for the results, if it lies inside.

    Raises: Refusal INVALID `archive.*` for a ZIP that can't be used at all; OSError.
    """
    yield from _from_folder(source, leave_out) if source.is_dir() else _from_zip(source)


def _from_zip(source: Path) -> Iterator[GivenFile]:
    limits = ZipLimits(
        entries_max=FILES_MAX, entry_bytes_max=DEFAULT_LIMITS.file_bytes_max, total_bytes_max=20 << 30
    )
    with source.open("rb") as file:
        yield from from_zip(file, limits)


def _from_folder(source: Path, leave_out: Path) -> Iterator[GivenFile]:
    hidden_from_us = leave_out.resolve()
    taken: set[str] = set()
    for folder, names, files in os.walk(source):
        here = Path(folder)
        names[:] = sorted(
            name for name in names if not name.startswith(".") and (here / name).resolve() != hidden_from_us
        )
        for name in sorted(files):
            if not name.startswith("."):
                yield _read(here / name, (here / name).relative_to(source).as_posix(), taken)


def _read(file: Path, name: str, taken: set[str]) -> GivenFile:
    """One file. `taken`: earlier paths; two paths may be equal in Unicode's composed form."""
    size = file.stat().st_size if file.is_file() else 0
    try:
        path = safe_path(name)
        if not path.casefold().endswith(".pdf"):
            raise Refusal(Kind.INVALID, "archive.not_pdf")
        if path in taken:
            raise Refusal(Kind.INVALID, "archive.name_twice")
        taken.add(path)
        if size > DEFAULT_LIMITS.file_bytes_max:
            raise Refusal(Kind.INVALID, "pdf.too_large", bytes_max=DEFAULT_LIMITS.file_bytes_max)
        data = _content(file)
    except Refusal as refusal:
        return refused_file(shown_path(name), refusal, size=size)
    return GivenFile(path=path, data=data, size=size)


def _content(file: Path) -> bytes:
    """Reads a file. Raises: Refusal INVALID `archive.damaged` for a broken link, a pipe and the like."""
    try:
        if file.is_file():
            return file.read_bytes()
    except OSError:  # also somebody else's
        pass
    raise Refusal(Kind.INVALID, "archive.damaged")
