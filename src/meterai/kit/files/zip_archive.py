"""Reads a ZIP from a stranger, one entry at a time. Every limit is checked before a byte is unpacked.

The standard library unpacks; this module adds limits. The library reads the table of contents as a whole, so
its size is checked first, in the record that the library will use (APPNOTE.TXT 4.3.16). ZIP64 is refused:
nothing within our limits needs it, and it could hide a second table.
"""

from __future__ import annotations

import contextlib
import re
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec

from meterai.kernel.refusals import Kind, Refusal

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE, _LOCATOR_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_LOCATOR_BYTES = 20
_COMMENT_BYTES_MAX = 0xFFFF
_CONTENTS_BYTES_PER_ENTRY_MAX = 1024
_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
_CHUNK_BYTES = 1 << 18
_PART_BYTES_MAX = 200
"""Length of a folder's or file's name in UTF-8. File systems take 255, and we add something."""
_ARCHIVES = (".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".xz", ".bz2", ".zst")
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$) *(\.|$)", re.IGNORECASE)
"""Names that Windows reserves for devices, with any ending (learn.microsoft.com, "Naming Files")."""
_LEFT_BEHIND = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that operating systems add to archives."""
_UNREADABLE = (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error)
"""What the library raises for a damaged archive."""


class ZipLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits on an archive."""

    entries_max: int = 1000
    entry_bytes_max: int = 10 << 20
    """Unpacked."""
    total_bytes_max: int = 1 << 30
    """All entries together, unpacked."""
    ratio_max: int = 100
    """Unpacked to packed size of an entry over `ratio_from_bytes`. PDF files are compressed already."""
    ratio_from_bytes: int = 1 << 20
    endings: tuple[str, ...] = (".pdf",)
    """Names of files that are unpacked end so, in lower case."""


class ZipEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the archive: its content, or why it was not unpacked."""

    path: str
    """With `/`, never above or outside the archive's own folder."""
    size: int
    """Unpacked; as the archive says when it was not unpacked."""
    crc: int
    """CRC-32 as the archive says."""
    data: bytes | None
    refusal: Refusal | None = None


def read_zip(file: BinaryIO, limits: ZipLimits | None = None) -> Iterator[ZipEntry]:
    """Yields the archive's files one by one. Only PDF files are unpacked.

    Raises: Refusal INVALID `archive.unreadable`, `archive.too_many_files`, `archive.too_large`, before
    anything is unpacked. The `refusal` of a single entry is one of `archive.name`, `archive.name_twice`,
    `archive.encrypted`, `archive.nested`, `archive.not_pdf`, `archive.packed_too_tightly`,
    `archive.damaged`, `pdf.too_large`.
    """
    limits = limits or ZipLimits()
    _check_contents(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except _UNREADABLE:
        raise Refusal(Kind.INVALID, "archive.unreadable") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not _is_left_out(entry)]
        if len(entries) > limits.entries_max:
            raise Refusal(Kind.INVALID, "archive.too_many_files", maximum=limits.entries_max)
        if sum(entry.file_size for entry in entries) > limits.total_bytes_max:
            raise Refusal(Kind.INVALID, "archive.too_large", total_bytes_max=limits.total_bytes_max)
        taken = _folders_like_files(entries)
        shared = _shared_offsets(entries)
        for entry in entries:
            yield _read(archive, entry, limits, taken, shared)


def _check_contents(file: BinaryIO, limits: ZipLimits) -> None:
    """Checks the size of the table of contents before the library reads it."""
    file.seek(0, 2)
    size = file.tell()
    start = max(0, size - _END.size - _COMMENT_BYTES_MAX)
    file.seek(start)
    tail = file.read(_END.size + _COMMENT_BYTES_MAX)
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        raise Refusal(Kind.INVALID, "archive.unreadable")
    _, disk, first_disk, here, entries, contents_bytes, _, comment = _END.unpack_from(tail, at)
    before = tail[max(0, at - _LOCATOR_BYTES) : at]
    if (
        at + _END.size + comment != len(tail)  # the record the library finds is this one and no other
        or (disk, first_disk) != (0, 0)
        or here != entries
        or before.startswith(_LOCATOR_SIGNATURE)
    ):
        raise Refusal(Kind.INVALID, "archive.unreadable")
    # Folders and what systems leave behind count here too: allow some.
    most = 4 * limits.entries_max
    if entries > most or contents_bytes > most * _CONTENTS_BYTES_PER_ENTRY_MAX:
        raise Refusal(Kind.INVALID, "archive.too_many_files", maximum=limits.entries_max)


def _is_left_out(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or any(part in _LEFT_BEHIND for part in entry.filename.split("/"))


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The entry's name. Reads it as UTF-8 where possible, though macOS does not mark it so."""
    if not entry.flag_bits & _IS_UTF8:
        with contextlib.suppress(UnicodeError):
            return entry.filename.encode("cp437").decode()
    return entry.filename


def _folders_like_files(entries: Sequence[zipfile.ZipInfo]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        with contextlib.suppress(Refusal):
            found |= folders_like_files(safe_path(_name_of(entry)))
    return found


def _shared_offsets(entries: Sequence[zipfile.ZipInfo]) -> set[int]:
    """Offsets that several entries share: a classic bomb, for which the library only warns."""
    counted = Counter(entry.header_offset for entry in entries)
    return {offset for offset, times in counted.items() if times > 1}


def _read(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    limits: ZipLimits,
    taken: set[str],
    shared: set[int],
) -> ZipEntry:
    name = _name_of(entry)
    path = shown_path(name)
    try:
        path = safe_path(name)
        _refuse_unless_wanted(path, entry, limits, taken)
        if entry.header_offset in shared:
            raise Refusal(Kind.INVALID, "archive.damaged")
        data = _unpack(archive, entry)
    except Refusal as refusal:
        return ZipEntry(path=path, size=entry.file_size, crc=entry.CRC, data=None, refusal=refusal)
    return ZipEntry(path=path, size=len(data), crc=entry.CRC, data=data)


def safe_path(name: str) -> str:
    """A path that stays below the folder into which it is unpacked, in the spelling of `_plain`.

    Raises: Refusal INVALID `archive.name` when it leads elsewhere or no file system takes it.
    """
    path = _plain(name)
    parts = path.split("/")
    if (
        not all(character.isprintable() for character in path)
        or "\\" in path
        or any(part in ("", ".", "..") or len(part.encode()) > _PART_BYTES_MAX for part in parts)
        or len(path) > 2 * _PART_BYTES_MAX
    ):
        raise Refusal(Kind.INVALID, "archive.name")
    return path


def _plain(name: str) -> str:
    """The name in Unicode's composed form, with ordinary spaces.

    macOS puts other spaces into the names of screenshots.
    """
    composed = unicodedata.normalize("NFC", name)
    return "".join(" " if unicodedata.category(one) == "Zs" else one for one in composed)


def folders_like_files(path: str) -> set[str]:
    """The folders of a safe path whose names end in .pdf, in lower case.

    On a disk that does not distinguish capitals such a folder collides with a file of that name.
    """
    parts = path.casefold().split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts)) if parts[count - 1].endswith(".pdf")}


def path_for_every_disk(path: str) -> str:
    """Changes a safe path so that Windows takes it, too. Otherwise it unpacks nothing, or not this file."""
    parts = path.translate(_NOT_IN_NAMES).split("/")
    parts = [f"_{part}" if _DEVICE.match(part) else part for part in parts]
    return "/".join(f"{part}_" if part.endswith((".", " ")) else part for part in parts)


def shown_path(name: str) -> str:
    """A name that `safe_path` refuses, as it can be shown."""
    return (
        "".join(character if character.isprintable() else "?" for character in name)[:_PART_BYTES_MAX] or "?"
    )


def _refuse_unless_wanted(path: str, entry: zipfile.ZipInfo, limits: ZipLimits, taken: set[str]) -> None:
    lower = path.casefold()
    if lower.endswith(_ARCHIVES):
        raise Refusal(Kind.INVALID, "archive.nested")
    if not lower.endswith(limits.endings):
        raise Refusal(Kind.INVALID, "archive.not_pdf")
    if lower in taken:
        raise Refusal(Kind.INVALID, "archive.name_twice")
    taken.add(lower)
    if entry.flag_bits & _ENCRYPTED:
        raise Refusal(Kind.INVALID, "archive.encrypted")
    if entry.file_size > limits.entry_bytes_max:
        raise Refusal(Kind.INVALID, "pdf.too_large", bytes_max=limits.entry_bytes_max)
    if entry.file_size > max(limits.ratio_from_bytes, limits.ratio_max * entry.compress_size):
        raise Refusal(Kind.INVALID, "archive.packed_too_tightly")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal(Kind.INVALID, "archive.damaged")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpacks an entry: at most as many bytes as it declares, which were compared with the limit before."""
    data = bytearray()
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                data += chunk
    except (*_UNREADABLE, zlib.error, RuntimeError, EOFError):
        raise Refusal(Kind.INVALID, "archive.damaged") from None
    if len(data) != entry.file_size:
        raise Refusal(Kind.INVALID, "archive.damaged")
    return bytes(data)
