"""The messages that came in: the newest few thousand, kept in memory and in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections import deque
from itertools import islice, takewhile
from pathlib import Path

import msgspec

KEPT = 5000


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `number` counts up and is what `after=` refers to."""

    number: int
    kind: str  # "email" | "whatsapp"
    to: str  # address, or digits with a leading +
    sender: str
    subject: str
    text: str
    received_at: float
    id: str = ""
    """The Message-ID of an e-mail, the id that we gave to a WhatsApp message."""
    unsubscribe: str = ""
    """The head List-Unsubscribe of an e-mail."""


class Messages:
    """Bounded: the oldest goes when a new one comes."""

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._kept = kept
        self._db = sqlite3.connect(folder / "inbox.sqlite", isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS message (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
            """
        )
        rows = self._db.execute("SELECT body FROM message ORDER BY number DESC LIMIT ?", (kept,)).fetchall()
        self._newest: deque[Received] = deque()
        self._of: dict[str, deque[Received]] = {}  # by addressee, so that nobody reads through everything
        for row in reversed(rows):
            self._remember(msgspec.json.decode(row[0], type=Received))
        self._next = self._newest[-1].number + 1 if self._newest else 1

    def add(
        self,
        *,
        kind: str,
        to: str,
        sender: str,
        subject: str,
        text: str,
        received_at: float,
        id: str = "",
        unsubscribe: str = "",
    ) -> Received:
        """Keeps a message."""
        message = Received(
            number=self._next,
            kind=kind,
            to=to,
            sender=sender,
            subject=subject,
            text=text,
            received_at=received_at,
            id=id,
            unsubscribe=unsubscribe,
        )
        self._db.execute("INSERT INTO message VALUES (?, ?)", (message.number, msgspec.json.encode(message)))
        self._next += 1
        self._remember(message)
        if message.number % 100 == 0:
            self._db.execute("DELETE FROM message WHERE number <= ?", (message.number - self._kept,))
        return message

    def newest_first(self, *, to: str = "", after: int = 0, limit: int = 100) -> list[Received]:
        """Messages to somebody (all when empty) with a number above `after`, newest first."""
        chosen = self._of.get(_normal(to), ()) if to else self._newest
        found = takewhile(lambda message: message.number > after, reversed(chosen))
        return list(islice(found, limit))

    def _remember(self, message: Received) -> None:
        self._newest.append(message)
        self._of.setdefault(_normal(message.to), deque()).append(message)
        if len(self._newest) > self._kept:
            oldest = self._newest.popleft()
            address = _normal(oldest.to)
            self._of[address].popleft()
            if not self._of[address]:
                del self._of[address]

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def _normal(to: str) -> str:
    """One spelling for an address: lower case; phone numbers as bare digits."""
    text = to.strip().lower()
    digits = "".join(c for c in text if c.isdigit())
    return digits if "@" not in text and digits else text
