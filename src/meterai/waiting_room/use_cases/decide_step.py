"""One step of a queue's controller: windows closed and revealed, frontiers moved, all written at once.

Nothing of it is published here: what is decided stands in the store first, so that a crash at any point is
repaired from the rows, the frontier never goes back, and two controllers never move it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kit.database import Connection, Database
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    ChainFacts,
    ClaimFacts,
    CloseFacts,
    ConfigFacts,
    DeadGateFacts,
    EntryFacts,
    FrontierFacts,
    OperatorFacts,
    RevealFacts,
)
from meterai.waiting_room.files.promise_book import Promise, facts_of
from meterai.waiting_room.files.published_documents import Close, Config, Reveal
from meterai.waiting_room.files.queue_folder import KEY_ID, QueueKeys
from meterai.waiting_room.files.window_files import Gathered, close_document, digest
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.rules import frontier_moves, rate_control
from meterai.waiting_room.rules.beacon_rounds import due_at, round_for
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.model import Frontier, Lane, QueueState, Schedule
from meterai.waiting_room.rules.rate_history import OUTAGE_MIN_S, observed
from meterai.waiting_room.rules.rate_model import ControllerMemory, LineCounts, RateStep, SiteMeasurements
from meterai.waiting_room.rules.seeds import SeedChains, log_ahead
from meterai.waiting_room.rules.windows import LOGGED_LATE_S, end_of, fixed_of, number_at, window_of
from meterai.waiting_room.store import claims as claim_store
from meterai.waiting_room.store import log_rows, pass_rows, queues, window_rows
from meterai.waiting_room.store import promises as promise_store
from meterai.waiting_room.use_cases.set_queue import changed

log = structlog.get_logger(__name__)

REVEAL_AFTER_S = 2
"""After a window's end: late gates have published by then."""
ELAPSED_S_MAX = 2.0
"""A controller that comes back after a pause does not call those of the pause all at once."""
CLOCK_RUNS_BACK_S = 2.0
"""For so long a controller waits until its clock is where that of the one before it was, or its own before it
was set right; when more is missing it goes on from its own."""
CLOSED_LONG_WINDOWS = 100
_WAS_AHEAD = "the controller's clock had been ahead; what it closed stays closed"
_CLAIMS, _SAID, _REVEALS, _WINDOWS, _DUE = 2_000, 500, 200, 200, 500


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
    """Windows that are over, in order, from the first that is not closed on."""
    published_through: int
    """The last window whose end is published: only then may its seed be told."""
    published_at: float | None
    """Of the last step that this controller published; None: of none yet."""
    open_joins: dict[int, int]
    """Window -> joins, of windows that may not be closed."""
    gates_closed_through: int
    measured: SiteMeasurements
    called: int
    """People called in the step before."""
    seeds: WindowSeeds
    ready_share: float | None = None
    promises: NewPromises | None = None
    rules: bytes = b""
    """Those that lie there; empty: none yet."""


@dataclass(frozen=True, slots=True)
class NewPromises:
    """First promises that gates gave since the last step."""

    given: Sequence[Promise]
    read_from: dict[str, int]
    read_to: dict[str, int]
    """Gate -> place in its file."""


@dataclass(frozen=True, slots=True)
class StepDecision:
    """What stands in the store after a step."""

    queue: queues.Queue
    step: RateStep
    waiting: int
    called: int
    config: bytes
    ids: dict[int, bytes] = field(default_factory=dict)
    """Of the windows that were closed, so that they need not be read again."""


async def decide_step(steering: StepContext, seen: StepInput) -> StepDecision:
    """Decides and writes one step. Raises: Superseded; asyncpg.PostgresError, OSError."""
    async with steering.db.transaction() as tx:
        queue = await queues.lock_fenced(tx, steering.event, steering.holder, steering.epoch)
        draft = _Draft(tx, steering, seen, queue)
        return await draft.complete()


def ended_at(schedule: Schedule, window: int, now: float) -> float:
    """When a window that is over ended; one from before time was cut anew: then at the latest."""
    return min(now, float(end_of(schedule, window)))


def over_through(schedule: Schedule, state: QueueState, now: float, *, gates_closed_through: int) -> int:
    """The last window that is over. While windows stand still, those that a gate has closed."""
    if state.stands_still and now >= schedule.opens_at:
        return gates_closed_through
    number = number_at(schedule, now)
    if number is not None:
        return number - 1
    if now < schedule.joins_from:
        return -1
    last = number_at(schedule, schedule.closes_at - 1)
    return -1 if last is None else last


def config_document(queue: queues.Queue, keys: QueueKeys, chain: SeedChains, beacon: str) -> bytes:
    """The signed rules of a queue, the same bytes each time."""
    config = Config(
        event=queue.event,
        version=queue.config_version,
        schedule=queue.schedule,
        policy=queue.policy,
        commitment=chain.commitment.hex(),
        chain_length=chain.length,
        ticket_keys={KEY_ID: _public(keys.ticket)},
        controller_key=_public(keys.controller),
        beacon=beacon,
    )
    return published_documents.sign(config, keys.controller)


class _Draft:
    """A step while it is made."""

    def __init__(self, tx: Connection, steering: StepContext, seen: StepInput, queue: queues.Queue) -> None:
        self._tx, self._steering, self._seen, self._queue = tx, steering, seen, queue
        self._now = seen.now
        self._entries: list[tuple[int, EntryFacts]] = []
        self._ids: dict[int, bytes] = {}
        self._shut_s = self._shut_since_s()

    async def complete(self) -> StepDecision:
        await self._keep_opening()
        claimed = await self._log_what_was_said()
        await self._note_due_promises()
        self._log_next_chain()
        await self._close_windows()
        await self._reveal_windows()
        moment = datetime.fromtimestamp(self._now, UTC)
        if self._set_back_s() > 0:
            await claim_store.set_admission_right(self._tx, self._queue.number, self._now)
        knocking = await claim_store.count_knocking(self._tx, self._queue.number, moment)
        step, waiting = self._decide(
            claimed, admission_is_full=await self._is_admission_full(), knocking=knocking
        )
        called = await self._move(step)
        config = await self._log_config()
        self._note_published()
        await self._write(step)
        return StepDecision(self._queue, step, waiting - called, called, config, self._ids)

    def _say(self, facts: EntryFacts, at: float | None = None) -> None:
        self._entries.append((int(self._now if at is None else at), facts))

    def _change(self, **changes: object) -> None:
        self._queue = msgspec.structs.replace(self._queue, **changes)

    async def _keep_opening(self) -> None:
        """Where no controller was there to tell of a move of the opening before people joined, it stays: they
        joined by the rules that lay there."""
        queue = self._queue
        if queue.config_sha256:
            return  # nothing has changed
        kept = await log_rows.kept_configs(self._tx, queue.number)
        if not (raw := kept[-1][1] if kept else self._seen.rules):
            return
        told, wanted = published_documents.decode(raw, Config).schedule, queue.schedule
        if fixed_of(wanted) == fixed_of(told) or self._now <= told.joins_from + LOGGED_LATE_S:
            return
        self._change(schedule=changed(told, wanted, self._now, next_window=queue.closed_through + 1))
        opens_at, moved_to = (
            datetime.fromtimestamp(at, UTC).isoformat() for at in (told.opens_at, wanted.opens_at)
        )
        log.warning("opening_not_moved", queue=queue.event, opens_at=opens_at, wanted=moved_to)

    async def _log_what_was_said(self) -> int:
        """Claims and sayings of others go into the log before what this step does."""
        claims = await pass_rows.take_claims(self._tx, self._queue.number, _CLAIMS)
        for claim in claims:
            place = self._seen.seeds.place_in(claim.window, claim.id)
            self._say(
                ClaimFacts(
                    id=claim.id.hex(),
                    window=claim.window,
                    place=str(place or 0),
                    pass_id=str(claim.pass_id),
                    lane=claim.lane,
                    gate=claim.gate,
                    sequence=claim.sequence,
                ),
                claim.claimed_at.timestamp(),
            )
        for at, facts in await log_rows.take_to_log(self._tx, self._queue.number, _SAID):
            self._say(facts, at.timestamp())
        if (told := self._seen.promises) and told.read_from == self._queue.memory.promises_read:
            for promise in told.given:
                self._say(facts_of(promise), promise.given_at)
            await promise_store.add_promises(self._tx, self._queue.number, told.given)
            memory = msgspec.structs.replace(self._queue.memory, promises_read=told.read_to)
            self._change(memory=memory)
        self._change(admitted=self._queue.admitted + len(claims))
        return len(claims)

    async def _note_due_promises(self) -> None:
        """Whether people whose promise is due have been called, by the frontier as it was until now."""
        due = await promise_store.due_promises(self._tx, self._queue.number, self._now, limit=_DUE)
        called = []
        for promise in due:
            place = self._seen.seeds.place_in(promise.window, promise.id)
            was_called = place is not None and self._queue.frontier.calls(promise.window, place)
            called.append((promise.id, was_called))
        await promise_store.note_due(self._tx, self._queue.number, called)

    def _fix_round(self, window: int) -> None:
        """Which round of the beacon is mixed into the seed: fixed with the roots, before anybody knows it."""
        source = self._steering.beacon
        number = round_for(source.name, int(self._now)) if source else None
        if number is not None:
            rounds = {**self._queue.memory.beacon_rounds, str(window): number}
            self._change(memory=msgspec.structs.replace(self._queue.memory, beacon_rounds=rounds))

    def _log_next_chain(self) -> None:
        """The next chain of seeds, before anybody can join in its first window."""
        chain, memory = self._steering.chain, self._queue.memory
        through = self._queue.closed_through + len(self._seen.gathered) + log_ahead(chain.length)
        while (first := memory.chains_logged * chain.length) <= through:
            number = memory.chains_logged
            commitment = chain.commitment_of(number).hex()
            self._say(ChainFacts(number=number, commitment=commitment, first_window=first))
            memory = msgspec.structs.replace(memory, chains_logged=number + 1)
        self._change(memory=memory)

    async def _close_windows(self) -> None:
        for found in self._seen.gathered:
            if found.window != self._queue.closed_through + 1:
                continue  # gathered before another controller closed it
            ends_at = end_of(self._queue.schedule, found.window)
            if ends_at > self._now:
                break  # gathered by a clock that has been set right since, or closed by a gate that is ahead
            close = close_document(self._queue.event, found, _starts_at(self._queue, found.window), ends_at)
            raw = published_documents.sign(close, self._steering.keys.controller)
            window = window_rows.ClosedWindow(found.window, found.people, float(ends_at), raw)
            await window_rows.add_closed(self._tx, self._queue.number, window, found.dead)
            self._say(
                CloseFacts(window=found.window, count=found.count, root=found.root.hex(), sha256=digest(raw))
            )
            for gate in found.dead:
                self._say(DeadGateFacts(window=found.window, gate=gate))
            self._fix_round(found.window)
            self._ids[found.window] = found.ids
            self._change(closed_through=found.window, joined=self._queue.joined + found.people)

    async def _reveal_windows(self) -> None:
        """Seeds of windows whose roots everybody has been able to read."""
        first = self._queue.revealed_through + 1
        if first > min(self._queue.closed_through, self._seen.published_through):
            return
        for window in await window_rows.closed_windows(
            self._tx, self._queue.number, first=first, limit=_REVEALS
        ):
            since_s = self._now - window.closed_at  # less than nothing: the clock has been set right since
            late = -CLOCK_RUNS_BACK_S <= since_s < REVEAL_AFTER_S
            if late or window.number > self._seen.published_through or not await self._reveal(window):
                return

    async def _reveal(self, window: window_rows.ClosedWindow) -> bool:
        source, rounds = self._steering.beacon, dict(self._queue.memory.beacon_rounds)
        number = rounds.pop(str(window.number), None)
        beacon = "" if source is None or number is None else source.value(number)
        if beacon is None:
            return False
        self._change(memory=msgspec.structs.replace(self._queue.memory, beacon_rounds=rounds))
        link = self._steering.chain.link(window.number)
        root = bytes.fromhex(published_documents.decode(window.document, Close).root)
        seed = window_seed(link, root, beacon_value(beacon))
        facts = RevealFacts(window=window.number, link=link.hex(), beacon=beacon, seed=seed.hex())
        reveal = Reveal(
            event=self._queue.event, window=window.number, link=facts.link, beacon=beacon, seed=facts.seed
        )
        raw = published_documents.sign(reveal, self._steering.keys.controller)
        await window_rows.add_reveal(self._tx, self._queue.number, window.number, raw)
        self._say(facts)
        self._change(revealed_through=window.number)
        return True

    async def _is_admission_full(self) -> bool:
        door, rate = await pass_rows.read_admission(self._tx, self._queue.number)
        return door.filled(rate, self._queue.policy.returners_percent, self._now).new < 1

    def _decide(self, claimed: int, *, admission_is_full: bool, knocking: int) -> tuple[RateStep, int]:
        queue, seen = self._queue, self._seen
        coming = sum(n for window, n in seen.open_joins.items() if window > queue.closed_through)
        waiting = queue.joined - queue.called + coming
        step = rate_control.step(
            rate_control.memory_set_right(queue.memory, self._now) if self._is_set_back() else queue.memory,
            schedule=queue.schedule,
            policy=queue.policy,
            wishes=queue.wishes,
            measured=seen.measured,
            line=LineCounts(waiting, seen.called, claimed, seen.ready_share, admission_is_full, knocking),
            now=self._now,
            elapsed_s=self._elapsed_s(),
        )
        if step.state is QueueState.CLOSED and queue.state is not QueueState.CLOSED:
            free = _enters_freely(queue) and not self._is_pause(self._shut_s)
            memory = msgspec.structs.replace(step.memory, closed_free=free)
            step = msgspec.structs.replace(step, memory=memory)
        ahead_s = 0 if step.state.stands_still else self._closed_ahead_s()
        stood_still = queue.state.stands_still or self._was_closed_long()
        goes_on = stood_still and not step.state.stands_still
        planned = self._planned_then()
        is_cut = ahead_s > 0 or self._is_shut_ahead() or (goes_on and self._now >= queue.schedule.opens_at)
        memory = step.memory
        if planned is not None:
            memory = msgspec.structs.replace(memory, planned=None, joins_since=0.0)
        elif is_cut and memory.joins_since == 0:
            memory = msgspec.structs.replace(memory, planned=self._plan())
        step = msgspec.structs.replace(step, memory=self._with_joins_since(memory))
        self._change(memory=step.memory, state=step.state)
        if planned is not None:
            self._plan_again(*planned)
        elif is_cut:
            self._cut_time_anew()
        if (ahead_s := max(ahead_s, self._set_back_s())) > 0:
            self._say(OperatorFacts(action=CLOCK_SET_RIGHT, value=str(ahead_s), reason=_WAS_AHEAD))
        return step, waiting

    def _closed_ahead_s(self) -> int:
        """How far beyond now windows are closed, by a clock that was ahead and is right now. Who joins now
        would be in one window that is over only then."""
        schedule = self._queue.schedule
        if self._queue.closed_through < 0 or not schedule.opens_at <= self._now < schedule.closes_at:
            return 0
        return self._unless_little(end_of(schedule, self._queue.closed_through) - self._now)

    def _with_joins_since(self, memory: ControllerMemory) -> ControllerMemory:
        if self._now < self._queue.schedule.joins_from:
            return memory
        return msgspec.structs.replace(memory, joins_since=min(memory.joins_since or self._now, self._now))

    def _is_shut_ahead(self) -> bool:
        """People could join, until a clock that was ahead closed the queue and cut time anew at its end."""
        since, schedule = self._queue.memory.joins_since, self._queue.schedule
        return self._set_back_s() > 0 and 0 < since <= self._now < schedule.joins_from

    def _plan(self) -> tuple[int, int, int]:
        """To when time is cut anew at the first step at which people can join, and what was planned: should
        the clock be ahead, they can't yet."""
        schedule = self._queue.schedule
        return self._start_anew(), schedule.joins_from, schedule.opens_at

    def _planned_then(self) -> tuple[int, int] | None:
        """From when people may join, and the opening, when a clock that was ahead opened or closed the queue
        before that time and is right now; None: nothing of that."""
        planned, schedule = self._queue.memory.planned, self._queue.schedule
        if planned is None or self._set_back_s() == 0 or self._now >= planned[2]:
            return None
        return planned[1:] if schedule.joins_from == schedule.opens_at == planned[0] else None

    def _plan_again(self, joins_from: int, opens_at: int) -> None:
        """Windows that were closed meanwhile stay so; the lottery gets another one."""
        schedule = self._queue.schedule
        first = max(self._next_window() + (joins_from < opens_at), schedule.first_window)
        wanted = msgspec.structs.replace(
            schedule, joins_from=joins_from, opens_at=opens_at, first_window=first
        )
        self._change(schedule=wanted, config_version=self._queue.config_version + 1)

    def _was_closed_long(self) -> bool:
        """The closing is over and has been moved, by now: between lie windows in which nobody could join, too
        many to close them one after the other before who joins now is drawn."""
        number = number_at(self._queue.schedule, self._now)
        missing = 0 if number is None else number - self._queue.closed_through
        return self._queue.state is QueueState.CLOSED and missing > CLOSED_LONG_WINDOWS

    def _set_back_s(self) -> int:
        return self._unless_little(self._queue.moved_at - self._now)

    def _unless_little(self, seconds: float) -> int:
        """0 unless it is more than a window: clocks of two controllers may differ a little."""
        return int(seconds) if seconds > max(CLOCK_RUNS_BACK_S, self._queue.schedule.window_s) else 0

    def _is_set_back(self) -> bool:
        return self._queue.moved_at > self._now + CLOCK_RUNS_BACK_S

    def _elapsed_s(self) -> float:
        return max(0.0, min(ELAPSED_S_MAX, self._now - self._queue.moved_at))

    def _shut_since_s(self) -> int:
        """How long nobody could enter since the last step, before the closing: while the queue was held, no
        code came or no charge was opened, or the store was away, as then there were no steps."""
        queue = self._queue
        until = self._now if queue.policy.line_counts else min(self._now, queue.schedule.closes_at)
        passed = int(until) - int(queue.moved_at)
        if queue.state is QueueState.CLOSED or passed <= 0:
            return 0
        is_held = queue.state in (QueueState.HALTED, QueueState.OUT_OF_STOCK)
        is_shut = is_held or not self._seen.measured.can_buy
        return passed if is_shut or self._is_pause(passed) else 0

    @staticmethod
    def _is_pause(passed_s: int) -> bool:
        """Whether so long a time between two steps was one without a controller or a store."""
        return passed_s > ELAPSED_S_MAX + 1

    def _cut_time_anew(self) -> None:
        """Windows stood still, or were closed ahead of their time; they go on from now. After the closing one
        is left, with whoever joined in it: those in which they stood still need no ends of their own."""
        schedule = self._queue.schedule
        first, start = self._next_window(), self._start_anew()
        if self._queue.closed_through < schedule.first_window - 1:
            # The lottery keeps its window for itself, also when it could not be closed before.
            first = max(first, schedule.first_window, 2)
        self._change(
            schedule=msgspec.structs.replace(schedule, joins_from=start, opens_at=start, first_window=first),
            config_version=self._queue.config_version + 1,
        )

    def _next_window(self) -> int:
        """The first that neither we nor a gate has closed."""
        return max(self._queue.closed_through, self._seen.gates_closed_through) + 1

    def _start_anew(self) -> int:
        return min(int(self._now), self._queue.schedule.closes_at - 1)

    async def _move(self, step: RateStep) -> int:
        """Moves the frontiers; gives the number of people called."""
        queue, called, elapsed_s = self._queue, 0, self._elapsed_s()
        frontier = queue.frontier
        if (step.calls > 0 and queue.joined > queue.called) or _has_passed_all(queue):
            people = step.calls / 60 * elapsed_s
            known = await window_rows.people_by_window(
                self._tx, queue.number, frontier.window, limit=_WINDOWS
            )
            frontier, called, _ = frontier_moves.advance(frontier, known, people)
        rate = round(step.rate)
        if frontier != queue.frontier:
            self._say(_moved(Lane.NEW, frontier, self._steering.epoch, rate))
        keep_s = queue.policy.claim_minutes * 60
        trail = frontier_moves.trail_after_pause(step.memory.trail, self._shut_s)
        if step.state is not QueueState.CLOSED:  # then it stays as the closing found it: certificates ask it
            trail = frontier_moves.trail_with(trail, frontier, self._now, keep_s=keep_s)
        late = max(queue.late, frontier_moves.frontier_then(trail, self._now, ago_s=keep_s))
        if late != queue.late:
            self._say(_moved(Lane.RETURNER, late, self._steering.epoch, rate))
        past = observed(
            step.memory.past,
            0.0 if self._waits_for_draw(frontier) else step.calls,
            is_contended=queue.joined > queue.called,
            now=self._now,
            elapsed_s=elapsed_s,
        )
        late_then = (late.window, str(late.x))
        memory = msgspec.structs.replace(step.memory, trail=trail, late=late_then, past=past)
        moved_at = self._now if self._is_set_back() else max(queue.moved_at, self._now)
        self._change(frontier=frontier, memory=memory, moved_at=moved_at, called=queue.called + called)
        return called

    def _waits_for_draw(self, frontier: Frontier) -> bool:
        """Whether all who are drawn are called, and the next draw is late: nobody can be called, whatever the
        site bears."""
        window = self._queue.revealed_through + 1
        if not window <= min(frontier.window, self._queue.closed_through):
            return False
        due = ended_at(self._queue.schedule, window, self._now) + REVEAL_AFTER_S
        source, number = self._steering.beacon, self._queue.memory.beacon_rounds.get(str(window))
        if source is not None and number is not None:
            due = max(due, due_at(source.name, number))
        return self._now - due > OUTAGE_MIN_S

    async def _log_config(self) -> bytes:
        """The rules in force; in front of everything else of this step when they are new."""
        beacon = self._steering.beacon.name if self._steering.beacon else ""
        config = config_document(self._queue, self._steering.keys, self._steering.chain, beacon)
        if (sha256 := digest(config)) != self._queue.config_sha256:
            version = self._queue.config_version
            facts = ConfigFacts(sha256=sha256, version=version)
            await log_rows.keep_config(self._tx, self._queue.number, version, config)
            self._entries.insert(0, (int(self._now), facts))
            self._change(config_sha256=sha256)
        return config

    def _note_published(self) -> None:
        """One step late, so that it costs no statement."""
        if (at := self._seen.published_at) is not None:
            self._change(memory=msgspec.structs.replace(self._queue.memory, published_at=at))

    async def _write(self, step: RateStep) -> None:
        queue = self._queue
        if self._entries:
            await log_rows.add_entries(self._tx, queue.number, queue.log_size, self._entries)
        self._change(
            epoch=self._steering.epoch,
            sequence=queue.sequence + 1,
            log_size=queue.log_size + len(self._entries),
        )
        await queues.save_queue(self._tx, self._queue, epoch=self._steering.epoch, rate=step.rate)


def beacon_value(beacon: str) -> bytes:
    """What goes into the seed of `round:hex`; empty without a beacon."""
    return bytes.fromhex(beacon.partition(":")[2])


def _enters_freely(queue: queues.Queue) -> bool:
    """Whether everybody enters without a place, as the site sees it (`queries.queue_signs`)."""
    is_unheard = queue.state is QueueState.HALTED and queue.halted_because is None
    return queue.state.stands_still or (is_unheard and queue.memory.is_direct)


def _has_passed_all(queue: queues.Queue) -> bool:
    """Empty windows that are revealed lie in front of the frontier: nobody is called by passing them."""
    return queue.joined == queue.called and queue.frontier.window <= queue.revealed_through


def _moved(lane: Lane, frontier: Frontier, epoch: int, rate: int) -> FrontierFacts:
    return FrontierFacts(lane=lane, window=frontier.window, x=str(frontier.x), epoch=epoch, rate=rate)


def _starts_at(queue: queues.Queue, window: int) -> int:
    try:
        return window_of(queue.schedule, window).starts_at
    except ValueError:
        return queue.schedule.opens_at


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
