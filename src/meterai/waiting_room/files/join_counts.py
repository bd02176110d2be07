"""The number of people who joined in each closed window, and each gate's greatest sequence until then.

Checking the signature of a window's published end takes a third of a millisecond: 15 s for a week of windows.
So a gate saves its counts now and then. It continues from them, or from those of another gate.
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
    """The counts of all windows from 0 on."""

    people: list[int]
    highest: dict[int, int]
    last: str
    """SHA-256 of the last window's published end. The mark is valid for this document only."""


class JoinCounts:
    """The counts of one event, starting with the longest mark that fits the published documents."""

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
        """Adds the next window; None: it does not exist."""
        self.people.append(_people_of(close) if close else 0)
        self.before.append(self.before[-1] + self.people[-1])
        for count in close.gates if close else ():
            self.highest[count.gate] = max(self.highest.get(count.gate, 0), count.last_sequence)
        self._last = hashlib.sha256(raw).hexdigest()

    def keep(self, path: Path) -> None:
        """Saves new counts, if there are many. If that fails, the next start takes longer."""
        if len(self.people) - self._marked < MARK_EVERY:
            return
        self._marked = len(self.people)
        mark = CountsMark(people=self.people.tolist(), highest=self.highest, last=self._last)
        with suppress(OSError):
            write_whole(path, msgspec.json.encode(mark), durable=False)


def forget_counts(folder: QueueFolder, *, behind: int) -> None:
    """Removes the saved counts of windows after this one. These windows will be closed again."""
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
