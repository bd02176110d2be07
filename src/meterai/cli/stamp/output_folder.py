"""The folder with the results of `meterai stamp`, and its notes for going on after a crash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.file_lock import locked
from meterai.kit.formats.csv_export import csv_table

STATE_FILE: Final = ".meterai-stamp.json"
LOCK_FILE: Final = ".meterai-stamp.lock"
REPORT_NAMES: Final = ("report.csv", "report.json")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Which batch the folder belongs to, and the content that each file had when it was checked."""

    batch_id: UUID
    customer_id: UUID
    files: dict[str, str] = {}
    """Path -> SHA-256 of the file as it came."""


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    name: str
    outcome: str
    """One of:

    - stamped; stamping; ready: checked only
    - unfit: refused by the check; refused: while it was stamped
    - blocked: something else lies at its place in the folder
    - skipped: it carries a stamp already
    - covering: its stamp would cover text, a picture or a field
    - unread: stamped, but its file could not be read just now
    """
    serial: str | None = None
    sha256: str | None = None
    """Of the stamped file."""
    input_sha256: str | None = None
    reason: str | None = None
    notices: tuple[str, ...] = ()
    """Codes of what stamping removes or says."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints and report.json holds."""

    batch_id: UUID
    stamped: int
    not_stamped: int
    files: list[FileReport]


class InUse(Exception):
    """Another run works on this folder now."""


class OutputFolder:
    """The folder of results, locked for this run. The kernel releases the lock when the process ends."""

    def __init__(self, root: Path) -> None:
        """Raises: InUse; OSError when the folder can't be made."""
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        try:
            self._lock = locked(root / LOCK_FILE)
        except BlockingIOError:
            raise InUse from None

    def close(self) -> None:
        """Frees the folder."""
        os.close(self._lock)

    def read_state(self) -> State | None:
        """The notes of an earlier run; None at the first."""
        try:
            return msgspec.json.decode((self.root / STATE_FILE).read_bytes(), type=State)
        except FileNotFoundError:
            return None

    def write_state(self, state: State) -> None:
        """Writes the notes durably, before anything is stamped."""
        write_whole(self.root / STATE_FILE, msgspec.json.format(msgspec.json.encode(state)))

    def sha256_at(self, path: str) -> str | None:
        """The SHA-256 of the file at that place, if there is one."""
        try:
            with (self.root / path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:  # nothing there, a file where a folder would be, a folder where a file would be
            return None

    def is_free(self, path: str) -> bool:
        """Whether the place of a result, and of the folders above it, is free. Nothing is overwritten."""
        if path.partition("/")[0] in (*REPORT_NAMES, STATE_FILE, LOCK_FILE):
            return False  # ours, the report also before it is written
        try:
            os.lstat(self.root / path)
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            return False
        return False

    def put(self, path: str, content: bytes) -> None:
        """Writes one result atomically: after a loss of power, a partial file would block its place."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)

    def write_reports(self, report: Report) -> None:
        """report.csv and report.json."""
        write_whole(self.root / "report.csv", report_csv(report.files).encode(), durable=False)
        body = msgspec.json.format(msgspec.json.encode(report), indent=2)
        write_whole(self.root / "report.json", body + b"\n", durable=False)


def report_csv(files: Sequence[FileReport]) -> str:
    """The report as CSV. No name becomes a formula in a spreadsheet."""
    rows = (map(_cell, msgspec.structs.astuple(file)) for file in files)
    return csv_table(FileReport.__struct_fields__, rows)


def _cell(value: str | Sequence[str] | None) -> str:
    return value if isinstance(value, str) else " ".join(value or ())
