"""One step of a queue while it is made, and what the controller works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from meterai.kit.database import Connection, Database
from meterai.waiting_room.files.log_facts import (
    ClaimFacts,
    EntryFacts,
)
from meterai.waiting_room.files.promise_book import Promise
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.queue_keys import QueueKeys
from meterai.waiting_room.files.window_files import Gathered
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_model import SiteMeasurements
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.rules.step_times import CLOCK_RUNS_BACK_S, ELAPSED_S_MAX, PAUSE_FROM_S
from meterai.waiting_room.store import queues

type ReadNews = Callable[[str], Awaitable[Announcement]]
"""Event -> what the service tells people in its line of incidents, and announces."""


async def no_news(event: str) -> Announcement:
    """Tells nothing."""
    return Announcement()


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a controller works with, for one event."""

    db: Database
    event: str
    holder: str
    epoch: int
    """Of the lease."""
    keys: QueueKeys
    chain: SeedChains
    beacon: Beacon | None = None
    general_share: int | None = None
    """Purchases for no event that may begin in a minute while people wait; None: not promised."""
    read_news: ReadNews = no_news


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public source of randomness."""

    name: str
    value: Callable[[int], str | None]
    """Round -> "round:hex"; None until it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInput:
    """What the controller found in the folder and at the site before this step."""

    now: float
    gathered: Sequence[Gathered]
    """Windows that are over, in order, starting with the first that is not closed."""
    published_through: int
    """The last window whose end is published. Seeds are published up to this window only."""
    published_at: float | None
    """When this controller last published a step; None: it has published none yet."""
    open_joins: dict[int, int]
    """Window -> joins, for windows that may not be closed yet."""
    gates_closed_through: int
    measured: SiteMeasurements
    called: int
    """People called in the step before."""
    seeds: WindowSeeds
    ready_share: float | None = None
    promises: NewPromises | None = None
    rules: bytes = b""
    """The published rules; empty: none yet."""


@dataclass(frozen=True, slots=True)
class NewPromises:
    """First promises that gates gave since the last step."""

    given: Sequence[Promise]
    read_from: dict[str, int]
    read_to: dict[str, int]
    """Gate -> byte position in its file."""


class StepDraft:
    """A step while it is made: what was found, and what is decided so far."""

    def __init__(self, tx: Connection, context: StepContext, found: StepInput, queue: queues.Queue) -> None:
        self.tx, self.context, self.input, self.queue = tx, context, found, queue
        self.now = found.now
        self.entries: list[tuple[int, EntryFacts]] = []
        self.ids: dict[int, bytes] = {}
        self.shut_s = self._shut_since_s()
        self._away_s = self._away_since_s()
        self._was_closed = queue.state is QueueState.CLOSED

    def add_entry(self, facts: EntryFacts, at: float | None = None) -> None:
        """Decides one more entry of the public log, at `at` or now."""
        self.entries.append((int(self.now if at is None else at), facts))

    def change(self, **changes: object) -> None:
        """Changes fields of the queue."""
        self.queue = msgspec.structs.replace(self.queue, **changes)

    def _shut_since_s(self) -> int:
        """How long nobody could enter since the last step, before the closing.

        The queue was held, people could not buy, or there were no steps because the database was away.
        """
        queue = self.queue
        until = self.now if queue.policy.line_counts else min(self.now, queue.schedule.closes_at)
        passed = int(until) - int(queue.moved_at)
        if queue.state is QueueState.CLOSED or passed <= 0:
            return 0
        is_shut = queue.state.is_held or not self.input.measured.can_buy
        return passed if is_shut or self.is_pause(passed) else 0

    @property
    def away_s(self) -> int:
        """How long there was no step, or nothing could be published, while it should have been; 0: no pause.

        A closed queue rests, unless people had entered and the log says nothing about them yet.
        """
        is_due = not self._was_closed or any(isinstance(facts, ClaimFacts) for _, facts in self.entries)
        return self._away_s if is_due else 0

    def _away_since_s(self) -> int:
        passed = int(self.now) - int(self.queue.moved_at)
        if self.queue.moved_at == 0 or passed <= 0:
            return 0
        return passed if self.is_pause(passed) or self._is_unpublished() else 0

    def _is_unpublished(self) -> bool:
        """Whether steps were decided and not published, as while the disk is full.

        The rows know the last published step one step late.
        """
        told, known = self.input.published_at, self.queue.memory.published_at
        published_at = known + 1 if told is None else told
        return known > 0 and self.is_pause(int(self.now - published_at))

    @staticmethod
    def is_pause(passed_s: int) -> bool:
        """Whether the time between two steps was a time without a controller or a database."""
        return passed_s >= PAUSE_FROM_S

    def elapsed_s(self) -> float:
        """Seconds since the last step, at most `ELAPSED_S_MAX`."""
        return max(0.0, min(ELAPSED_S_MAX, self.now - self.queue.moved_at))

    def set_back_s(self) -> int:
        """By how many seconds a fast clock has been set back; 0: not at all, or only a little."""
        return self.unless_little(self.queue.moved_at - self.now)

    def unless_little(self, seconds: float) -> int:
        """0 for at most one window. Clocks of two controllers may differ that much."""
        return int(seconds) if seconds > max(CLOCK_RUNS_BACK_S, self.queue.schedule.window_s) else 0

    def is_set_back(self) -> bool:
        """Whether the clock shows a time clearly before the last step."""
        return self.queue.moved_at > self.now + CLOCK_RUNS_BACK_S
