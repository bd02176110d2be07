"""How many people joined in each window that is closed, and how far each gate's sequences had come.

The published ends of windows are signed, which takes a third of a millisecond to check: a quarter of a minute
for a week of windows. So a gate notes now and then what it has read, and goes on from there, or from
what another gate noted.
"""

from __future__ import annotations

import hashlib
from array import array
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Final

import msgspec

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.files.published_documents import Close
from meterai.waiting_room.files.queue_folder import QueueFolder

MARK_EVERY: Final = 100
"""Windows."""


class CountsMark(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of all windows from 0 on."""

    people: list[int]
    highest: dict[int, int]
    last: str
    """SHA-256 of the last window's published end: for another one the mark says nothing."""


class JoinCounts:
    """The counts of one event, from the longest mark that fits what is published."""

    def __init__(self, folder: QueueFolder) -> None:
        self.people = array("Q")
        """By window, from window 0."""
        self.before = array("Q", [0])
        """People before each window."""
        self.highest: dict[int, int] = {}
        """Gate -> the greatest sequence."""
        self._last = ""
        self._marked = 0
        marks = filter(None, (_read(folder.counts_mark(number)) for number in folder.gates()))
        for mark in sorted(marks, key=lambda mark: len(mark.people), reverse=True):
            if _fits(folder, mark):
                self.people.extend(mark.people)
                self.before.extend(accumulate(mark.people))
                self.highest, self._last, self._marked = mark.highest, mark.last, len(mark.people)
                return

    def add(self, close: Close | None, raw: bytes) -> None:
        """The next window; None: it does not exist."""
        self.people.append(_people_of(close) if close else 0)
        self.before.append(self.before[-1] + self.people[-1])
        for count in close.gates if close else ():
            self.highest[count.gate] = max(self.highest.get(count.gate, 0), count.last_sequence)
        self._last = hashlib.sha256(raw).hexdigest()

    def keep(self, path: Path) -> None:
        """Notes what is new, if that is much; one that can't be written costs the next start some time."""
        if len(self.people) - self._marked < MARK_EVERY:
            return
        self._marked = len(self.people)
        mark = CountsMark(people=self.people.tolist(), highest=self.highest, last=self._last)
        with suppress(OSError):
            write_whole(path, msgspec.json.encode(mark), durable=False)


def forget_counts(folder: QueueFolder, *, behind: int) -> None:
    """Takes away what gates noted of windows after this one: they are closed again."""
    for path in map(folder.counts_mark, folder.gates()):
        if (mark := _read(path)) is None or len(mark.people) > behind + 1:
            path.unlink(missing_ok=True)


def _read(path: Path) -> CountsMark | None:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=CountsMark)
    return None


def _fits(folder: QueueFolder, mark: CountsMark) -> bool:
    try:
        raw = folder.window_close(len(mark.people) - 1).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(raw).hexdigest() == mark.last


def _people_of(close: Close) -> int:
    return close.count if close.people is None else close.people
