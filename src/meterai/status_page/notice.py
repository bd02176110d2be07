"""Reads the notice that an officer writes by hand on the host of the status page.

It is for the time in which nothing else works: no database, no sign-in, no console.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import structlog

from meterai.kit.formats.display import JAKARTA
from meterai.texts.mechanism.languages import of_two

log = structlog.get_logger(__name__)
BYTES_MAX: Final = 16 * 1024


class NoticeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The notice in one language."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice as the file holds it."""

    severity: Literal["info", "minor", "major", "critical"] = "major"
    until: datetime | None = None
    """When it goes by itself. Without a zone it is WIB."""
    id: NoticeText
    en: NoticeText

    def in_language(self, language: str) -> NoticeText:
        """The notice in the language of a page."""
        return of_two(language, self.id, self.en)


class NoticeFile:
    """The file. A faulty one is logged once and shows the notice before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._read: Notice | None = None

    def now(self, moment: datetime) -> Notice | None:
        """The notice that is to be shown; None: there is none."""
        try:
            found = self._path.stat()
        except OSError:
            self._stamp = self._read = None
            return None
        if (stamp := (found.st_mtime_ns, found.st_size)) != self._stamp:
            self._stamp = stamp
            self._read_again()
        notice = self._read
        return None if notice is None or _is_over(notice, moment) else notice

    def _read_again(self) -> None:
        try:
            with self._path.open("rb") as file:
                text = file.read(BYTES_MAX + 1)
            if len(text) > BYTES_MAX:
                raise ValueError(f"larger than {BYTES_MAX} bytes")
            self._read = msgspec.toml.decode(text, type=Notice)
        except (OSError, ValueError) as error:  # faults of TOML and of msgspec are ValueErrors
            log.error("status_notice_unreadable", path=str(self._path), reason=str(error))


def _is_over(notice: Notice, moment: datetime) -> bool:
    if notice.until is None:
        return False
    until = notice.until if notice.until.tzinfo else notice.until.replace(tzinfo=ZoneInfo(JAKARTA))
    return moment >= until
