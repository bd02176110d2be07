"""The controller's part of a simulated line: closes windows, reveals seeds, moves the frontier, publishes.

The pieces are the real ones (`gather`, `FencedFolder`, `seeds`, `rate_control.step`, `advance`, `trail_with`,
`observed`, `fan_of`). `Kept` stands for the database. A new controller continues from it after the former one
was killed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

import msgspec

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Reveal, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import FencedFolder, close_document, gather
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.admission import AdmissionBuckets
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.forecast import fan_of, horizons_to
from meterai.waiting_room.rules.frontier_moves import advance, frontier_then, trail_with
from meterai.waiting_room.rules.model import NOBODY, Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import expected_calls, step
from meterai.waiting_room.rules.rate_history import RateHistory, observed
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.waiting_room.rules.seeds import SeedChain

REVEALED_AFTER_S = 2


class Killed(RuntimeError):
    """The process was killed at this point."""


@dataclass(slots=True)
class Kept:
    """The stored state of the queue."""

    memory: ControllerMemory = field(default_factory=ControllerMemory)
    frontier: Frontier = NOBODY
    state: QueueState = QueueState.OFF
    closed_through: int = -1
    revealed_through: int = -1
    people: dict[int, int] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    dead: set[tuple[int, int]] = field(default_factory=set)
    """(window, gate)"""
    sequence: int = 0
    epoch: int = 0
    called: int = 0
    claimed: int = 0
    left_over: float = 0.0
    rate: float = 0.0
    admission: AdmissionBuckets = field(default_factory=lambda: AdmissionBuckets(0.0, 0.0, 0.0))
    past: RateHistory = field(default_factory=RateHistory)


class Controller:
    """The holder of the lease. `dies_before_publishing`: once, after the store has the new frontier."""

    def __init__(
        self, folder: QueueFolder, chain: SeedChain, kept: Kept, schedule: Schedule, policy: Policy
    ) -> None:
        self.folder, self.chain, self.kept = folder, chain, kept
        self.schedule, self.policy = schedule, policy
        kept.epoch += 1
        self.epoch = kept.epoch
        self.stage = FencedFolder(folder, self.epoch)
        self.key = folder.keys().controller
        self.first = windows.first_number(schedule)
        self.last = windows.last_number(schedule)
        self.dies_before_publishing = False
        self.last_called = self.last_claimed = 0
        self.fan: list[tuple[int, int, int]] = []
        kept.closed_through = max(kept.closed_through, self.first - 1)
        kept.revealed_through = max(kept.revealed_through, self.first - 1)

    def step(self, now: float, measured: SiteMeasurements, *, waiting: int) -> None:
        """Takes one step of a second. Raises: Killed; `window_files.Superseded` when another holds the
        lease."""
        self._close(now)
        self._reveal(now)
        self._move(now, measured, waiting)
        if self.dies_before_publishing:
            raise Killed
        self.publish_status(now, waiting)

    def _close(self, now: float) -> None:
        kept = self.kept
        while kept.closed_through < self.last:
            number = kept.closed_through + 1
            window = windows.window_of(self.schedule, number)
            if now < window.ends_at:
                return
            gathered = gather(self.folder, number, ended_s=now - window.ends_at, now=now)
            if gathered is None:
                return
            close = close_document(self.folder.slug, gathered, window.starts_at, window.ends_at)
            kept.people[number], kept.roots[number] = gathered.people, gathered.root
            kept.ended[number] = now
            kept.dead |= {(number, gate) for gate in gathered.dead}
            kept.closed_through = number
            self.stage.publish(self.folder.window_ids(number), gathered.ids)
            self.stage.publish(self.folder.window_close(number), published_documents.sign(close, self.key))

    def _reveal(self, now: float) -> None:
        kept = self.kept
        while kept.revealed_through < kept.closed_through:
            number = kept.revealed_through + 1
            if now < kept.ended[number] + REVEALED_AFTER_S:
                return
            link = self.chain.link(number)
            seed = window_seed(link, kept.roots[number])
            reveal = Reveal(
                event=self.folder.slug, window=number, link=link.hex(), beacon="", seed=seed.hex()
            )
            self.stage.publish(self.folder.window_reveal(number), published_documents.sign(reveal, self.key))
            kept.revealed_through = number

    def _move(self, now: float, measured: SiteMeasurements, waiting: int) -> None:
        kept, share = self.kept, self.policy.returners_percent
        is_full = kept.admission.filled(kept.rate, share, now).new < 1
        decided = step(
            kept.memory,
            schedule=self.schedule,
            policy=self.policy,
            wishes=OperatorWishes(is_on=True),
            measured=measured,
            line=LineCounts(waiting, self.last_called, kept.claimed - self.last_claimed, None, is_full),
            now=now,
            elapsed_s=1,
        )
        people = decided.calls / 60 + kept.left_over
        known = takewhile(
            lambda found: found[0] <= kept.revealed_through,
            ((n, kept.people.get(n, 0)) for n in range(kept.frontier.window, self.last + 1)),
        )
        frontier, called, rest = advance(kept.frontier, known, people)
        trail = trail_with(decided.memory.trail, frontier, now, keep_s=self.policy.claim_minutes * 60)
        kept.past = observed(kept.past, decided.calls, is_contended=waiting > 0, now=now, elapsed_s=1)
        self.last_called, self.last_claimed = called, kept.claimed
        kept.left_over = min(rest, decided.calls / 60)
        kept.memory = msgspec.structs.replace(decided.memory, trail=trail)
        kept.frontier, kept.state, kept.rate = frontier, decided.state, decided.rate
        kept.called += called
        if int(now) % 60 == 0:
            calls = expected_calls(decided, kept.past, self.policy)
            horizons = horizons_to(now, self.schedule.closes_at, waiting=waiting, calls=calls)
            self.fan = fan_of(
                kept.past, calls, calls_max=4 * self.policy.rate_cap, horizons=horizons, now=now,
                seed=1, paths=400,
            )  # fmt: skip

    def publish_status(self, now: float, waiting: int) -> None:
        """Signs and publishes the stored state."""
        kept = self.kept
        kept.sequence += 1
        late = frontier_then(kept.memory.trail, now, ago_s=self.policy.claim_minutes * 60)
        status = Status(
            event=self.folder.slug, epoch=self.epoch, sequence=kept.sequence, at=int(now), state=kept.state,
            frontiers=[(kept.frontier.window, kept.frontier.x), (late.window, late.x)], rate=int(kept.rate),
            fan=self.fan, closes_at=self.schedule.closes_at, last_call_at=None, poll=(2, 60), waiting=waiting,
            admitted=kept.claimed, called=kept.called, done_after_s=900, kept=(0, 0), log=(0, "0" * 32),
        )  # fmt: skip
        self.stage.publish(self.folder.status, published_documents.sign(status, self.key))
