"""Places outside of the database to which heads of the audit trail are written (METERAI_AUDIT_HEAD)."""

from __future__ import annotations

import asyncio
import os
import syslog
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import OutsideService


class HeadPlace(Protocol):
    """Where heads go."""

    async def put(self, line: str) -> None:
        """Keeps a line. Raises: OSError; Refusal UNAVAILABLE `audit.head_refused`."""
        ...


class FileOfHeads:
    """Appends to a file, which had better be on another machine, or can only be appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def put(self, line: str) -> None:
        """Returns once the line is on the disk."""
        await asyncio.to_thread(self._append, line)

    def _append(self, line: str) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(file, f"{line}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)


class SystemLog:
    """Writes to this machine's syslog, which forwards it."""

    async def put(self, line: str) -> None:
        """Returns at once: syslog confirms nothing."""
        syslog.syslog(syslog.LOG_NOTICE | syslog.LOG_AUTHPRIV, line)


class HeadsByHttp:
    """Posts to an address. Any status from 200 to 299 says that the line is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = url.partition(parts.netloc)[2] or "/"
        self._service = OutsideService(
            f"{parts.scheme}://{parts.netloc}", unavailable_code="audit.head_refused"
        )

    async def put(self, line: str) -> None:
        """Posts the line as plain text."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        answer = await self._service.call(
            "POST", self._path, body=line.encode(), headers=headers, repeat=True
        )
        if not 200 <= answer.status < 300:
            reason = f"status_{answer.status}"
            raise Refusal(Kind.UNAVAILABLE, "audit.head_refused", reason=reason)


def place_of(setting: str) -> HeadPlace | None:
    """Makes the place that the setting names. None: there is none."""
    if not setting:
        return None
    if setting == "syslog:":
        return SystemLog()
    if setting.startswith("file://"):
        return FileOfHeads(Path(unquote(urlsplit(setting).path)))
    return HeadsByHttp(setting)
