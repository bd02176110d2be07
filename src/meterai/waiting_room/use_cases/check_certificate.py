"""Checks a certificate of attempt that somebody shows."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Database
from meterai.waiting_room import documents, queries
from meterai.waiting_room.certificate import Attempt, certificate_key
from meterai.waiting_room.public_log import ENTRIES
from meterai.waiting_room.published import Published
from meterai.waiting_room.queue_folder import is_slug

BYTES_MAX = 16 * 1024
"""A certificate has less than one; the rest is what mailers put in between."""
SLICE_BYTES = 256 * 1024
LOGGED_WITHIN_S = 300
"""It takes seconds; longer while no controller is there."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate whose signature is good."""

    attempt: Attempt
    signed: bytes
    is_logged: bool
    """Its digest stands in the public log of the queue. It is written there within seconds."""

    def is_missing(self, now: datetime) -> bool:
        """It should stand in the public log by now and does not: the key may have been stolen."""
        return not self.is_logged and abs(now.timestamp() - self.attempt.issued_at) > LOGGED_WITHIN_S


def read_certificate(raw: bytes, published: Published) -> Attempt:
    """What a certificate says, its signature checked.

    Raises: Refusal FORBIDDEN `certificate.forged`; INVALID `certificate.unreadable`.
    """
    try:
        return documents.read(raw, Attempt, certificate_key(published.event_key).public_key())
    except Refusal as refusal:
        if refusal.kind is Kind.FORBIDDEN:
            raise Refusal(Kind.FORBIDDEN, "certificate.forged") from None
        raise Refusal(Kind.INVALID, "certificate.unreadable") from None


async def check_certificate(raw: bytes, published: Published) -> Checked:
    """What a certificate says, and whether it stands in the public log.

    Raises: what `read_certificate` says.
    """
    raw = as_signed(raw)
    attempt = read_certificate(raw, published)
    sha256 = hashlib.sha256(raw).hexdigest()
    is_logged = await asyncio.to_thread(_is_logged, published.folder.log / ENTRIES, sha256)
    return Checked(attempt=attempt, signed=raw, is_logged=is_logged)


async def find_certificate(db: Database, code: str) -> tuple[str, bytes]:
    """(event, certificate) of a code as people type it. Raises: Refusal NOT_FOUND `certificate.unknown`."""
    found = await queries.certificate_of_code(db, code)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "certificate.unknown")
    return found


def as_signed(raw: bytes) -> bytes:
    """A certificate that was pasted or went through a mailer: its two lines, without what got in between.

    Raises: Refusal INVALID `certificate.unreadable` for what is too long to be one.
    """
    if len(raw) > BYTES_MAX:
        raise Refusal(Kind.INVALID, "certificate.unreadable")
    return b"\n".join(raw.split()) + b"\n"


def event_of(raw: bytes) -> str:
    """The event that a certificate names; nothing is checked.

    Raises: Refusal INVALID `certificate.unreadable`.
    """
    try:
        event = documents.decode(raw, Attempt).event
    except Refusal:
        event = ""
    if not is_slug(event):
        raise Refusal(Kind.INVALID, "certificate.unreadable")
    return event


def _is_logged(path: Path, sha256: str) -> bool:
    """Whether the log names a digest. Searched from its end, where certificates stand, and in slices: while
    one is searched (a tenth of a millisecond) the process does nothing else."""
    wanted = f'"sha256":"{sha256}"'.encode()
    with suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - SLICE_BYTES)
            if wanted in os.pread(file.fileno(), end - start + len(wanted) - 1, start):
                return True
            end = start
    return False
