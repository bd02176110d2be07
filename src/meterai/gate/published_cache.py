"""The published documents of one event, as this gate last read them: rules, status, windows.

The gate looks for a new status every quarter of a second and keeps it as a finished answer, so a poll reads
nothing from the disk. Documents of windows never change; the ones in demand are kept.
"""

from __future__ import annotations

import asyncio
import os
import time
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.gate.waiting.call_times import CallTimes
from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.join_counts import JoinCounts
from meterai.waiting_room.files.published_documents import Close, Config, Reveal, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.draw import place_of
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import event_number
from meterai.waiting_room.rules.windows import first_number

_KEPT_PLACES_MAX = 3_000_000
"""The most places that are kept sorted, of all windows together. 8 bytes each."""
_KEPT_WINDOWS_MAX = 4_096
_RECORD = 18
_ID = 12
_SLICE = 1_024
_NONE = array("Q")


class PublishedCache:
    """The public documents of one event.

    The constructor raises Refusal when the rules can't be read, and OSError.
    """

    def __init__(self, folder: QueueFolder, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.slug = folder.slug
        self._monotonic = monotonic
        self.event = event_number(folder.slug)
        self.status: Status | None = None
        self.status_raw = b""
        self.status_seen = 0.0
        """The monotonic time at which the status last changed."""
        self.is_heard = False
        """Whether the status arrived after the first look. Then its time was the controller's when it was
        seen; a status that was there before may be hours old."""
        self.calls = CallTimes()
        self._has_looked = False
        self._status_stamp = (0, 0)
        self._config_stamp = (0, 0)
        self._counts = JoinCounts(folder)
        self._reveals: OrderedDict[int, Reveal] = OrderedDict()
        self._unrevealed: set[int] = set()
        """Windows whose seed was looked for since the last look, and is not published."""
        self._places: OrderedDict[int, array[int]] = OrderedDict()
        self._sorting: dict[int, asyncio.Task[None]] = {}
        self._read_config()

    # ------------------------------------------------------------- documents

    def look(self) -> bool:
        """Reads what was published since the last look. True when the status is new.

        The status is published last. So it is read first and used last: the rules are at least as new.
        Raises: OSError, Refusal; the next look reads again.
        """
        self._unrevealed.clear()
        stamp = _stamp(self.folder.status)
        raw = b"" if stamp in ((0, 0), self._status_stamp) else self.folder.status.read_bytes()
        if _stamp(self.folder.config) not in ((0, 0), self._config_stamp):
            self._read_config()
        status = self._newer(raw) if raw else None
        known = status or self.status
        if known is None or known.state is not QueueState.CLOSED:  # after that nobody needs the counts
            self.read_counts()
        is_first, self._has_looked = not self._has_looked, True
        if not raw:
            return False
        self._status_stamp = stamp
        if status is None:
            return False
        self.status, self.status_raw = status, raw
        self.calls.note(status, self.claim_s)
        self.status_seen = self._monotonic()
        self.is_heard = self.is_heard or not is_first
        return True

    def is_closed(self, window: int) -> bool:
        """Whether the window's end has been published."""
        return window < len(self._counts.people) or self.folder.window_close(window).exists()

    @property
    def closed_through(self) -> int:
        """The last window whose end was read, without a gap before it; -1 when there is none."""
        return len(self._counts.people) - 1

    def highest_sequence(self, gate: int) -> int:
        """The highest sequence of a gate in the ends of windows that were read; 0 when there is none."""
        return self._counts.highest.get(gate, 0)

    def keep_counts(self, gate: int) -> None:
        """Writes what was read of the ends of windows, for the next start and for other gates."""
        self._counts.keep(self.folder.counts_mark(gate))

    @property
    def claim_s(self) -> int:
        """How long a call is valid, in seconds in which people can enter."""
        return self.config.policy.claim_minutes * 60

    # ---------------------------------------------------------------- places

    def people_before(self, window: int) -> int | None:
        """The number of people who joined in all windows before this one; None until it is published."""
        before = self._counts.before
        return before[window] if window < len(before) else None

    def people_in(self, window: int) -> int | None:
        """The number of people who joined in a window; None until it is published."""
        people = self._counts.people
        return people[window] if window < len(people) else None

    def place_of(self, window: int, id: bytes) -> int | None:
        """The place of an id in its window (0 to below 2^64); None until the seed is revealed."""
        reveal = self._reveal(window)
        return None if reveal is None else place_of(bytes.fromhex(reveal.seed), id)

    def is_drawn(self, window: int) -> bool:
        """Whether the seed of a window is published, and so the places of everybody in it."""
        return self._reveal(window) is not None

    def rank_in(self, window: int, place: int) -> int | None:
        """The number of people in the window who come before this place.

        None while they are being sorted.
        """
        places = self._places.get(window)
        if places is not None:
            self._places.move_to_end(window)
            return bisect_left(places, place)
        if window not in self._sorting and self._reveal(window) is not None:
            self._sorting[window] = asyncio.get_running_loop().create_task(self._sort(window))
        return None

    # --------------------------------------------------------------- reading

    def _read_config(self) -> None:
        stamp = _stamp(self.folder.config)  # first: a document that comes in between is read at the next look
        raw = self.folder.config.read_bytes()
        config = published_documents.decode(raw, Config)
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(config.controller_key))
        self.config: Config = published_documents.read(raw, Config, key)
        self.controller_key = key
        self.ticket_keys = {
            number: Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
            for number, text in config.ticket_keys.items()
        }
        self._config_stamp = stamp

    def _newer(self, raw: bytes) -> Status | None:
        """The status if it is newer than ours; None also for an incomplete copy or a foreign signature."""
        try:
            status = published_documents.read(raw, Status, self.controller_key)
        except Refusal:
            return None
        ours = self.status
        if ours and (status.epoch, status.sequence) <= (ours.epoch, ours.sequence):
            return None
        return status

    def read_counts(self) -> None:
        """Reads the ends of windows, from the last one that is known."""
        while True:
            window = len(self._counts.people)
            try:
                raw = self.folder.window_close(window).read_bytes()
                close = published_documents.read(raw, Close, self.controller_key)
            except (OSError, Refusal):
                if not self._is_skipped(window):
                    return
                raw, close = b"", None
            self._counts.add(close, raw)

    def _is_skipped(self, window: int) -> bool:
        """Whether a window never existed. Only window 0 may be missing: it exists when the queue began with a
        lottery.

        After a change of the schedule the rules do not say so. Then window 1 is closed, and window 0 is not.
        """
        if window != 0:
            return False
        if first_number(self.config.schedule) == 1:
            return True
        return self.folder.window_close(1).exists() and not self.folder.window_close(0).exists()

    def _reveal(self, window: int) -> Reveal | None:
        if (known := self._reveals.get(window)) is not None:
            self._reveals.move_to_end(window)
            return known
        if self.status is None or window in self._unrevealed:
            return None
        try:
            raw = self.folder.window_reveal(window).read_bytes()
            reveal = published_documents.read(raw, Reveal, self.controller_key)
        except (OSError, Refusal):
            self._unrevealed.add(window)
            return None
        self._reveals[window] = reveal
        if len(self._reveals) > _KEPT_WINDOWS_MAX:
            self._reveals.popitem(last=False)
        return reveal

    async def _sort(self, window: int) -> None:
        """Sorts the places of a window in short steps, so that joins and polls go on."""
        try:
            reveal = self._reveal(window)
            assert reveal is not None
            with self.folder.window_ids(window).open("rb") as file:
                self._places[window] = await sorted_places(file, bytes.fromhex(reveal.seed))
        except OSError:
            await asyncio.sleep(1)  # not published yet; the next request for a rank tries again
        finally:
            del self._sorting[window]
        while len(self._places) > 1 and sum(map(len, self._places.values())) > _KEPT_PLACES_MAX:
            self._places.popitem(last=False)


async def sorted_places(file: BinaryIO, seed: bytes) -> array[int]:
    """The distinct places of a window's ids in order, from its public list. Yields every few milliseconds.

    The places are read and sorted in 64 parts, by their first bits: a million take 17 MB for a moment, not
    100.
    """
    parts = [array("Q") for _ in range(64)]
    while records := file.read(_RECORD * _SLICE):
        for at in range(0, len(records) - _RECORD + 1, _RECORD):
            place = place_of(seed, records[at : at + _ID])
            parts[place >> 58].append(place)
        await asyncio.sleep(0)
    places = array("Q")
    for number, part in enumerate(parts):
        places.extend(sorted(set(part)))
        parts[number] = _NONE
        await asyncio.sleep(0)
    return places


def _stamp(path: os.PathLike[str]) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_ino
