"""What the adapter remembers of each serial number, so that a repeat goes on where the last try ended.

Two files for each serial number: the prepared PDF and an entry. Both are written atomically, the PDF first.
An entry that is there is whole, also after `kill -9`.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.files.atomic_write import write_whole
from meterai.pdf.profiles import Profile

_DAY_S: Final = 86_400.0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """How far a serial number is. Empty fields: not so far yet."""

    source_sha256: str
    asked_sha256: str
    """Of what the request says of the stamp: box, page, level, reason, location."""
    prepared_sha256: str
    profile: Profile
    gap_start: int
    gap_end: int
    pages: int
    base_bytes: int
    certificates: tuple[bytes, ...]
    """Of the signer, its own first, and those above it."""
    timestamp_url: str
    attributes: bytes
    signature: bytes = b""
    token: bytes = b""
    sealed_sha256: str = ""
    """Of the finished file."""


class Journal:
    """Entries in a folder of the adapter's own. The caller works on a serial number once at a time."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises: OSError."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._finished = {entry.sealed_sha256 for path in folder.glob("*.json") if (entry := _entry(path))}

    def find(self, serial: SerialNumber) -> Entry | None:
        """The entry of a serial number, if it is there and its prepared file is whole."""
        entry = _entry(self._path(serial, "json"))
        return entry if entry and self.prepared(serial, entry) is not None else None

    def prepared(self, serial: SerialNumber, entry: Entry) -> bytes | None:
        """The prepared file of an entry."""
        try:
            data = self._path(serial, "pdf").read_bytes()
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == entry.prepared_sha256 else None

    def begin(self, serial: SerialNumber, entry: Entry, prepared: bytes) -> None:
        """Writes a new entry. Raises: OSError."""
        write_whole(self._path(serial, "pdf"), prepared, mode=0o600)
        self.write(serial, entry)

    def write(self, serial: SerialNumber, entry: Entry) -> None:
        """Writes how far the serial number is now. Raises: OSError."""
        write_whole(self._path(serial, "json"), msgspec.json.encode(entry), mode=0o600)
        if entry.sealed_sha256:
            self._finished.add(entry.sealed_sha256)

    def has_finished(self, content: bytes) -> bool:
        """Whether these bytes are a file that was finished here."""
        return hashlib.sha256(content).hexdigest() in self._finished

    def delete_old(self, days: int) -> int:
        """Deletes entries that were last written more than `days` days ago. Returns the number of files."""
        old = time.time() - days * _DAY_S
        deleted = 0
        for path in sorted(self._folder.iterdir()):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    path.unlink()
                    deleted += 1
        return deleted

    def _path(self, serial: SerialNumber, ending: str) -> Path:
        return self._folder / f"{serial}.{ending}"


def _entry(path: Path) -> Entry | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
