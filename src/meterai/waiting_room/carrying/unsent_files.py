"""What of a gate's folder is not stored elsewhere yet: which bytes come next, and what was said to be stored.

Files that grow are sent from where they were acknowledged. `sent.json` in the gate's folder keeps that over a
restart. It may be behind or lost, because what is sent twice changes nothing.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.carrying.gate_messages import KNOWN, NOTES, PRESENT, PROMISES
from meterai.waiting_room.files.gate_journal import RECORD_BYTES
from meterai.waiting_room.files.join_notes import NOTE_BYTES
from meterai.waiting_room.files.queue_folder import QueueFolder

MARK: Final = "sent.json"
_PIECE: Final = 3_600
"""Joins in one message, at most: 130 kB."""
_NOTES_PIECE: Final = 1_000
"""Notes in one message, at most: 192 kB."""
_BYTES: Final = 128 * 1_024
_READY_KEPT: Final = 2_000
"""Files of pings whose end is kept. Another one is sent again from its beginning when it grows."""
_JOINS, _CLOSE, _READY = "joins", "close.json", "ready"
_WINDOW_FILE = re.compile(r"w(\d+)\.(joins|close\.json|ready)")
_ORDER: Final = (KNOWN, PROMISES, PRESENT)


class SentMark(msgspec.Struct):
    """How far the files are stored elsewhere."""

    stored: int = 0
    """The sequence of the last message in the stream."""
    through: int = -1
    """Joins and closes of all windows up to this one are stored."""
    sizes: dict[str, int] = {}
    has_ended: bool = False
    """The gate ended in order, and said that it gives no more tickets until it says so."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are to be stored next."""

    file: str
    offset: int | None
    body: bytes
    name: str
    """Under which they are counted."""
    end: int
    """The count when they are stored."""


@dataclass(slots=True)
class _Due:
    """Names in the order in which they are due."""

    _names: set[str] = field(default_factory=set)
    _heap: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, name: str, *, window: int = 0, rank: int = 0) -> None:
        if name not in self._names:
            self._names.add(name)
            heapq.heappush(self._heap, (window, rank, name))

    def first(self) -> str | None:
        return self._heap[0][2] if self._heap else None

    def window(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def pop(self) -> None:
        self._names.remove(heapq.heappop(self._heap)[2])

    def __bool__(self) -> bool:
        return bool(self._heap)


class UnsentFiles:
    """The files of one gate that are on their way."""

    def __init__(self, folder: QueueFolder, gate: int) -> None:
        self._known = folder.known_gate(gate)
        self._place = folder.gate(gate)
        self.mark = _read_mark(self._place / MARK)
        self._kept = msgspec.json.encode(self.mark)
        self._there: dict[str, int] = {}
        """Joins that are on the disk, by file: bytes."""
        self._closed_through = -1
        self._windows, self._others, self._notes = _Due(), _Due(), _Due()
        self._known_sent = b""
        self._closes_sent: set[str] = set()

    # -------------------------------------------------------------- what is new

    def look(self, closed_through: int) -> None:
        """Looks through the folder, after a start. Raises: OSError."""
        self._closed_through = closed_through
        for kind, window in _window_files(self._place):
            if kind == _READY:
                self._look_at_ready(window)
            elif window > self.mark.through:
                self._add(window, kind)
                self._notes.add(f"w{window}.{NOTES}", window=window)
        for name in _ORDER:
            self.add(name)

    def add_joins(self, windows: Iterable[int]) -> None:
        """Joins in these windows are on the disk."""
        for window in windows:
            self._add(window, _JOINS)
        self.add(KNOWN)

    def add_closed(self, windows: Iterable[int], *, through: int) -> None:
        """These windows, and all others up to `through`, are closed."""
        for window in windows:
            self._add(window, _JOINS)
            self._add(window, _CLOSE)
        self._closed_through = max(self._closed_through, through)

    def add(self, name: str) -> None:
        """A file has grown, or was replaced."""
        match = _WINDOW_FILE.fullmatch(name)
        window = int(match[1]) if match else 0
        self._others.add(name, window=window, rank=_ORDER.index(name) if name in _ORDER else len(_ORDER))

    def _add(self, window: int, kind: str) -> None:
        name = f"w{window}.{kind}"
        if kind == _JOINS:
            with suppress(FileNotFoundError):
                size = (self._place / name).stat().st_size
                self._there[name] = size - size % RECORD_BYTES
        self._windows.add(name, window=window, rank=kind == _CLOSE)

    def _look_at_ready(self, window: int) -> None:
        name = f"w{window}.{_READY}"
        if (self._place / name).stat().st_size != self.mark.sizes.get(name, -1) and (
            window > self.mark.through - _READY_KEPT
        ):
            self.add(name)

    # ------------------------------------------------------------ what is stored

    @property
    def has_joins(self) -> bool:
        """Whether joins, or counts of windows, are not stored yet."""
        return bool(self._windows)

    @property
    def has_any(self) -> bool:
        """Whether anything is not stored yet."""
        return bool(self._windows or self._others or self._notes)

    @property
    def unsent_from(self) -> int | None:
        """The first window of which something is missing elsewhere."""
        return self._windows.window()

    @property
    def closed_through(self) -> int:
        """The last window that is closed here, with all up to it stored."""
        first = self.unsent_from
        return self._closed_through if first is None else min(self._closed_through, first - 1)

    def next_piece(self) -> Piece | None:
        """What is to be stored next; None: everything is. Raises: OSError."""
        for due, piece_of in (
            (self._windows, self._window_piece),
            (self._others, self._other_piece),
            (self._notes, self._notes_piece),
        ):
            while (name := due.first()) is not None:
                if (piece := piece_of(name)) is not None:
                    return piece
                due.pop()
        return None

    def stored(self, piece: Piece, sequence: int) -> None:
        """A piece is stored in a message with this sequence."""
        self.mark.stored = sequence
        if piece.name == KNOWN:
            self._known_sent = piece.body
        elif piece.offset is None:
            self._closes_sent.add(piece.name)
        else:
            self.mark.sizes.pop(piece.name, None)  # the latest ones stand at the end
            self.mark.sizes[piece.name] = piece.end
        if piece.name.endswith(_JOINS):
            window = int(piece.name[1 : -len(_JOINS) - 1])
            self._notes.add(f"w{window}.{NOTES}", window=window)

    def start_again(self) -> None:
        """The stream has lost messages: everything is sent again. Raises: OSError."""
        self.mark.stored, self.mark.through = 0, -1
        self.mark.sizes.clear()
        self._known_sent = b""
        self._closes_sent.clear()
        self.look_again()

    def look_again(self) -> None:
        """Looks through the folder once more. Raises: OSError."""
        self.look(self._closed_through)

    def keep(self) -> None:
        """Writes how far everything is stored, when that changed. Raises: OSError."""
        notes_from = self._notes.window()
        through = self.closed_through if notes_from is None else min(self.closed_through, notes_from - 1)
        self.mark.through = max(self.mark.through, through)
        ready = [name for name in self.mark.sizes if name.endswith(_READY)]
        for name in [*self._done(), *ready[:-_READY_KEPT]]:
            self.mark.sizes.pop(name, None)
            self._there.pop(name, None)
        if (raw := msgspec.json.encode(self.mark)) != self._kept:
            write_whole(self._place / MARK, raw, mode=0o640, durable=False)
            self._kept = raw

    def _done(self) -> list[str]:
        return [
            name
            for name in self.mark.sizes
            if name.startswith("w")
            and not name.endswith(_READY)
            and int(name[1 : name.index(".")]) <= self.mark.through
        ]

    # ------------------------------------------------------------------ pieces

    def _window_piece(self, name: str) -> Piece | None:
        if name.endswith(_CLOSE):
            if name not in self._closes_sent:
                with suppress(FileNotFoundError):
                    return Piece(name, None, (self._place / name).read_bytes(), name, 0)
            self._closes_sent.discard(name)
            return None
        return self._grown(name, self._there.get(name, 0), most=_PIECE * RECORD_BYTES)

    def _other_piece(self, name: str) -> Piece | None:
        with suppress(FileNotFoundError):
            if name == KNOWN:
                body = self._known.read_bytes()
                return Piece(name, None, body, name, 0) if body != self._known_sent else None
            size = (self._place / name).stat().st_size
            return self._grown(name, size - size % _record_of(name), most=_BYTES - _BYTES % _record_of(name))
        return None

    def _grown(self, name: str, size: int, *, most: int) -> Piece | None:
        """The bytes of a file behind what is stored. One that has become shorter is sent from its start."""
        sent = self.mark.sizes.get(name, 0)
        start = sent if sent <= size else 0
        if start == size:
            return None
        body = _read(self._place / name, start, min(most, size - start))
        return Piece(name, start, body, name, start + len(body)) if body else None

    def _notes_piece(self, name: str) -> Piece | None:
        """The notes of joins that are stored: those of one run of sequences."""
        joins = f"{name.removesuffix(NOTES)}{_JOINS}"
        while (start := self.mark.sizes.get(name, 0)) < (end := self.mark.sizes.get(joins, 0)):
            with suppress(FileNotFoundError):
                first, count = self._run(joins, start, min(end - start, _NOTES_PIECE * RECORD_BYTES))
                body = _read(self._place / NOTES, first * NOTE_BYTES, count * NOTE_BYTES)
                if body.strip(b"\0"):
                    return Piece(NOTES, first * NOTE_BYTES, body, name, start + count * RECORD_BYTES)
                end = start + count * RECORD_BYTES
            self.mark.sizes[name] = end  # nobody wrote anything
        return None

    def _run(self, joins: str, start: int, size: int) -> tuple[int, int]:
        """The first sequence of these joins, and how many follow without a gap."""
        records = _read(self._place / joins, start, size)
        sequences = [
            int.from_bytes(records[at + 16 : at + 20]) for at in range(0, len(records), RECORD_BYTES)
        ]
        count = 1
        while count < len(sequences) and sequences[count] == sequences[0] + count:
            count += 1
        return sequences[0], count


def _record_of(name: str) -> int:
    return {PROMISES: 28, PRESENT: 16}.get(name, 12)


def _read(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        return os.pread(file.fileno(), size, offset)


def _window_files(place: Path) -> Iterator[tuple[str, int]]:
    with os.scandir(place) as entries:
        for entry in entries:
            if match := _WINDOW_FILE.fullmatch(entry.name):
                yield match[2], int(match[1])


def _read_mark(path: Path) -> SentMark:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=SentMark)
    return SentMark()
