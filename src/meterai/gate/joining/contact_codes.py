"""Codes that are sent to a contact, for people whose browser can't do the proof of work.

A code is computed from the contact, the time and a key that all gates of an event share. The gate keeps only
how often a contact's code was sent and tried. It sends nothing itself: it writes the message into its folder,
and a worker sends it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from pathlib import Path

import msgspec
import structlog

from meterai.customers.codes import read_code
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.gate_mail import GateMail, name_of
from meterai.waiting_room.files.queue_folder import publish

log = structlog.get_logger(__name__)

PERIOD_S = 600
"""A code is valid in its period and the next one."""
TRIES_MAX = 5
SENDS_MAX = 3
_KNOWN_MAX = 20_000
_PENDING_MAX = 5_000


class _Seen(msgspec.Struct):
    period: int
    sends: int = 0
    tries: int = 0


class ContactCodes:
    """The codes of one event at one gate. `key`: 32 secret bytes."""

    def __init__(self, key: bytes, folder: Path) -> None:
        self._key = hmac.digest(key, b"meterai gate code v1", hashlib.sha256)
        self._folder = folder
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._pending = 0
        self._counted_at = 0.0
        """When the messages in the folder were last counted."""

    def send(self, contact: Contact, now: float, *, subject: str, text: str, language: str) -> bool:
        """Writes a message with the code (`{code}` in `text`) for the worker.

        False: nothing is sent, because this contact got enough codes; the last one is still valid.

        Raises: Refusal UNAVAILABLE `code.unsent` when messages pile up or the disk is full.
        """
        seen = self._of(contact, now)
        if seen.sends >= SENDS_MAX:
            return False
        try:
            self._leave(contact, now, subject=subject, text=text, language=language)
        except OSError as error:
            log.error("no_code_could_be_sent", reason=str(error))
            raise Refusal(Kind.UNAVAILABLE, "code.unsent") from None
        seen.sends += 1
        return True

    def _leave(self, contact: Contact, now: float, *, subject: str, text: str, language: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o770)  # a worker deletes what it sent
        if abs(now - self._counted_at) >= 1:
            self._pending = sum(name.endswith(".json") for name in os.listdir(self._folder))
            self._counted_at = now
        if self._pending >= _PENDING_MAX:
            raise OSError("the worker does not send them")
        self._pending += 1
        code = self._code(contact, int(now) // PERIOD_S)
        mail = GateMail(
            to_kind=contact.kind,
            to=contact.value,
            subject=subject,
            text=text.format(code=code),
            expires_at=int(now) + PERIOD_S,
            language=language,
            code=code,
        )
        publish(self._folder / name_of(now), msgspec.json.encode(mail))

    def is_right(self, contact: Contact, code: str, now: float) -> bool:
        """Whether this is a code of the contact. Only a few tries count in each period."""
        seen = self._of(contact, now)
        if seen.tries >= TRIES_MAX:
            return False
        seen.tries += 1
        digits = read_code(code).encode("utf-8", "replace")
        period = int(now) // PERIOD_S
        return any(hmac.compare_digest(digits, self._code(contact, p).encode()) for p in (period, period - 1))

    def _of(self, contact: Contact, now: float) -> _Seen:
        name, period = f"{contact.kind}:{contact.value}", int(now) // PERIOD_S
        seen = self._seen.pop(name, None)
        if seen is None or seen.period != period:
            seen = _Seen(period)
        self._seen[name] = seen
        if len(self._seen) > _KNOWN_MAX:
            self._seen.popitem(last=False)
        return seen

    def _code(self, contact: Contact, period: int) -> str:
        digest = hmac.digest(self._key, f"{contact.kind}:{contact.value}:{period}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"
