"""Checks a certificate of attempt that a person shows."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.waiting_room import queries
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.public_log import ENTRIES
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import is_slug
from meterai.waiting_room.rules.certificate import Attempt, certificate_key

BYTES_MAX = 16 * 1024
"""Bytes. A certificate has less than one kilobyte; the rest allows for what mailers insert."""
SLICE_BYTES = 256 * 1024
LOGGED_WITHIN_S = 300
"""Logging takes seconds, and longer while there is no controller."""
_RESTORED = b',"what":"operator","facts":{"action":"restore",'
"""The text in an entry that follows its time (`public_log.LogEntry`)."""
_STAMP_BYTES = 32


class CheckedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate whose signature is good."""

    attempt: Attempt
    signed: bytes
    is_logged: bool
    """Whether its digest is in the queue's public log. It is logged within seconds."""
    is_lost: bool
    """It is not in the log, but the log was restored from a copy after its date. The entry may be lost."""

    def is_missing(self, now: datetime) -> bool:
        """Whether it should be in the public log by now and is not. Then the key may have been stolen."""
        is_due = abs(now.timestamp() - self.attempt.issued_at) > LOGGED_WITHIN_S
        return is_due and not self.is_logged and not self.is_lost


def read_certificate(raw: bytes, published: Published) -> Attempt:
    """Reads a certificate and checks its signature.

    Raises: Refusal FORBIDDEN `certificate.forged`; INVALID `certificate.unreadable`.
    """
    try:
        return published_documents.read(raw, Attempt, certificate_key(published.event_key).public_key())
    except Refusal as refusal:
        if refusal.kind is Kind.FORBIDDEN:
            raise Refusal(Kind.FORBIDDEN, "certificate.forged") from None
        raise Refusal(Kind.INVALID, "certificate.unreadable") from None


async def check_certificate(raw: bytes, published: Published) -> CheckedCertificate:
    """Reads a certificate and looks for it in the public log.

    Raises: as `read_certificate`.
    """
    raw = as_signed(raw)
    attempt = read_certificate(raw, published)
    sha256 = hashlib.sha256(raw).hexdigest()
    is_logged, restored_at = await asyncio.to_thread(_look_up, published.folder.log / ENTRIES, sha256)
    is_lost = restored_at is not None and restored_at >= attempt.issued_at
    return CheckedCertificate(attempt=attempt, signed=raw, is_logged=is_logged, is_lost=is_lost)


async def find_certificate(db: Database, code: str) -> tuple[str, bytes]:
    """(event, certificate) of a code as people type it. Raises: Refusal NOT_FOUND `certificate.unknown`."""
    found = await queries.certificate_of_code(db, code)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "certificate.unknown")
    return found


def as_signed(raw: bytes) -> bytes:
    """Restores a pasted or mailed certificate: its two lines, without insertions.

    Raises: Refusal INVALID `certificate.unreadable` for a text that is too long.
    """
    if len(raw) > BYTES_MAX:
        raise Refusal(Kind.INVALID, "certificate.unreadable")
    return b"\n".join(raw.split()) + b"\n"


def event_of(raw: bytes) -> str:
    """The event that a certificate names. Checks nothing.

    Raises: Refusal INVALID `certificate.unreadable`.
    """
    try:
        event = published_documents.decode(raw, Attempt).event
    except Refusal:
        event = ""
    if not is_slug(event):
        raise Refusal(Kind.INVALID, "certificate.unreadable")
    return event


def _look_up(path: Path, sha256: str) -> tuple[bool, int | None]:
    """Whether the log names a digest; if not, when the log was last restored from a copy, if ever."""
    with suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
        if _last(file.fileno(), f'"sha256":"{sha256}"'.encode()) is not None:
            return True, None
        at = _last(file.fileno(), _RESTORED)
        if at is not None:
            start = max(0, at - _STAMP_BYTES)
            return False, int(os.pread(file.fileno(), at - start, start).rpartition(b":")[2])
    return False, None


def _last(file: int, wanted: bytes) -> int | None:
    """The last position of these bytes in a file.

    Searches from the end, where certificates stand, and in slices. The process does nothing else during a
    slice (a tenth of a millisecond).
    """
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - SLICE_BYTES)
        found = os.pread(file, end - start + len(wanted) - 1, start).rfind(wanted)
        if found >= 0:
            return start + found
        end = start
    return None
