"""Issues the tickets of one event at this gate, and closes its windows.

All gates must divide time into the same windows. So the issuer uses the machine's clock only while it agrees
with the controller's within two seconds. Otherwise it uses the controller's time, from the status, and goes
on from it when the controller falls silent. A closed window stays closed, whatever a clock says.

While nobody has to wait, windows stand still (`QueueState.stands_still`): tickets belong to the next window.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import msgspec
import structlog

from meterai.gate.published_cache import PublishedCache
from meterai.kernel.refusals import Refusal
from meterai.waiting_room.carrying.gate_port import NOTHING_TO_CARRY, GateOutbox
from meterai.waiting_room.files.gate_journal import SEQUENCE, Journal
from meterai.waiting_room.files.gate_register import GateRegister
from meterai.waiting_room.files.queue_keys import KEY_ID, GateKeys
from meterai.waiting_room.files.window_files import sign_of
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.rules.tickets import Ticket, contact_id, parse_data, sign_data

log = structlog.get_logger(__name__)

CLOCK_TOLERANCE_S = 2.0
STATUS_IS_ALIVE_S = 10.0
"""A status that is older says nothing about the state. It says nothing about the time either when it was
there before this gate started."""
GRACE_S = 0.5
"""The time from a window's end to its closing, for clocks that are a little late."""
CLOSED_AT_ONCE = 20
"""The most windows closed at a time, ten times a second. The controller closes `GATHER_AT_ONCE` in a
second."""
_REMEMBERED_MAX = 10_000
"""The latest 10,000 to 20,000 joins are known by their id, so that a form sent twice gets one ticket."""
_FOUND_FOR_S = 0.02
_APART_S = 0.03
_FEW = 32
"""After a write for fewer joins, the next one comes no sooner than `_APART_S` later, so that joins share it.
A write costs more than a join."""
_AGAIN_S = 2.0
"""The time between two tries after the disk failed."""
_TRIAL_BYTES = 1 << 16


UNREADABLE = (OSError, ValueError, Refusal, msgspec.MsgspecError)
"""The errors for a file that is damaged or can't be read now."""


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket."""

    text: str
    ticket: Ticket
    is_durable: bool
    """True: its record is on the disk. False: `TicketIssuer.when_durable` calls back when it is."""


class NoTicket(Enum):
    """Why a join gives no ticket."""

    SHUT = auto()
    """Nobody can join: not yet, or no longer."""
    DIRECT = auto()
    """Nobody has to wait: people go to the site."""


class TicketIssuer:
    """Issues tickets. `wall`: the machine's clock, Unix seconds; `monotonic`: the published cache's.

    `outbox`: brings the gate's files to controllers of other hosts.
    """

    def __init__(
        self,
        published: PublishedCache,
        keys: GateKeys,
        *,
        gate: int,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        outbox: GateOutbox = NOTHING_TO_CARRY,
    ) -> None:
        self.published = published
        self.gate = gate
        self.outbox = outbox
        self._keys = keys
        self._wall = wall
        self._monotonic = monotonic
        self._folder = published.folder.gate(gate)
        self._is_broken = False
        """The disk failed, so nobody gets a ticket."""
        self._open_files()
        self.started_in = self._number(self.now())
        """From this window on, the process closes windows without joins too."""
        self._latest: dict[bytes, bytes] = {}
        self._earlier: dict[bytes, bytes] = {}
        """Id -> data of the latest tickets."""
        self._found: windows.Window | None = None
        self._found_until = 0.0
        self._waiting: list[Callable[[bool], None]] = []
        self._wake = asyncio.Event()

    def _open_files(self) -> None:
        self._register = GateRegister(self.published.folder.known_gate(self.gate))
        is_new = not (self._folder / SEQUENCE).exists()  # or the folder was lost, which the register knows
        if is_new:
            self.published.read_counts()
        high = self.published.highest_sequence(self.gate)
        self.journal = Journal(
            self._folder,
            self.gate,
            published_high=max(high, self._register.highest) if is_new else high,
            carried_high=self._carried_high(is_new=is_new),
            read_from=0 if is_new else self.published.closed_through + 1,
        )
        unsure = sign_of(self._folder).unsure_through
        if self.journal.lost:
            log.error("gate_files_lost", queue=self.published.slug, gate=self.gate)
            before = self.outbox.before
            known = max(self._register.window, before.window if before else -1)
            unsure = max(unsure, self._number(self.now()), known)
        self.journal.unsure_through = unsure
        self.outbox.opened(
            closed_through=self.journal.closed_through,
            sequence=self.journal.next_sequence() - 1,
            window=self._register.window,
        )

    def _carried_high(self, *, is_new: bool) -> int:
        """The greatest sequence that other hosts know. One more when there are no files: some are lost."""
        before = self.outbox.before
        return 0 if before is None else before.sequence + is_new

    # ----------------------------------------------------------------- joins

    def now(self) -> float:
        """The time in Unix seconds: the controller's when ours is wrong."""
        wall = self._wall()
        published = self.published
        if published.status is None:
            return wall
        since = self._monotonic() - published.status_seen
        told = published.status.at + since
        says_nothing = since > STATUS_IS_ALIVE_S and not published.is_heard
        return wall if says_nothing or abs(wall - told) <= CLOCK_TOLERANCE_S else told

    def window(self) -> windows.Window | None:
        """The window that takes joins now; None before and after the event. Found fifty times a second."""
        moment = self._monotonic()
        if moment >= self._found_until:
            self._found = self._find_window()
            self._found_until = moment + _FOUND_FOR_S
        return self._found

    def enters_directly(self) -> bool:
        """Whether people who come now need not wait, by a recent status.

        Without a recent status people take a place, which costs a short wait and is never wrong.
        """
        is_alive = self._monotonic() - self.published.status_seen <= STATUS_IS_ALIVE_S
        return is_alive and self._stands_still() and self.now() >= self.published.config.schedule.opens_at

    def _find_window(self) -> windows.Window | None:
        schedule, now = self.published.config.schedule, self.now()
        if not schedule.joins_from - CLOCK_TOLERANCE_S <= now < schedule.closes_at:
            return None  # the tolerance: after a change of the schedule our clock may be a little late
        number = max(self._number(now), self.journal.closed_through + 1)
        while self.published.is_closed(number):
            number += 1
        return windows.window_of(schedule, number) if number <= windows.last_number(schedule) else None

    def id_of(self, contact: str) -> bytes:
        """The id of a contact, by its name in line, in this event."""
        return contact_id(self._keys.event, contact)

    def issue(self, id: bytes, window: int, *, lane: Lane = Lane.NEW) -> IssuedTicket:
        """Issues a signed ticket in the window. It counts when `when_durable` calls back.

        An id that joined in this window before gets the same ticket again. Raises: OSError; no ticket is
        issued.
        """
        if self._is_broken:
            raise OSError(errno.EIO, "the disk takes no joins")
        before = self._latest.get(id) or self._earlier.get(id)
        if before is not None and (kept := parse_data(before)).window == window:
            return IssuedTicket(sign_data(before, self._keys.ticket), kept, is_durable=False)
        ticket = Ticket(
            key_id=KEY_ID,
            event=self.published.event,
            window=window,
            joined_at=int(self.now()),
            lane=lane,
            gate=self.gate,
            sequence=self.journal.next_sequence(),
            id=id,
        )
        self._register.note(window, ticket.sequence)
        data = ticket.data()
        text = sign_data(data, self._keys.ticket)
        self.journal.append(window, data)
        if len(self._latest) >= _REMEMBERED_MAX:
            self._earlier, self._latest = self._latest, {}
        self._latest[id] = data
        return IssuedTicket(text, ticket, is_durable=False)

    def when_durable(self, tell: Callable[[bool], None]) -> None:
        """Calls back when all tickets so far are on the disk (True), or can't be written (False)."""
        self._waiting.append(tell)
        self._wake.set()

    # ---------------------------------------------------------------- upkeep

    async def keep(self) -> None:
        """Writes joins to the disk, many at a time, and closes windows that are over. Never ends.

        When the disk fails, joins that are not written get no ticket. Nobody gets one until the disk takes
        writes again. Then the files are read again, as after a crash.

        Raises: BlockingIOError when another process has taken this gate's number meanwhile; FileNotFoundError
        when the gate's folder is gone.
        """
        while True:
            try:
                await self._write_and_close()
            except OSError as error:
                log.error("joins_not_written", queue=self.published.slug, gate=self.gate, reason=str(error))
            self._is_broken = True
            self.journal.abandon()
            waiting, self._waiting = self._waiting, []
            self._wake.clear()
            for tell in waiting:  # these joined while the disk failed
                tell(False)
            while self._is_broken:
                await asyncio.sleep(_AGAIN_S)
                self._go_on()
            log.info("joins_written_again", queue=self.published.slug, gate=self.gate)

    def _go_on(self) -> None:
        try:
            _try_to_write(self._folder)
            self._open_files()
        except (BlockingIOError, FileNotFoundError):
            raise
        except UNREADABLE:
            return
        self._latest, self._earlier = {}, {}
        self._found_until = 0.0
        self._is_broken = False

    async def _write_and_close(self) -> None:
        """Works until the disk fails. Raises: OSError."""
        loop = asyncio.get_running_loop()
        next_at = 0.0
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), timeout=0.1)
            except TimeoutError:
                self.close_windows()
                continue
            if (rest := next_at - loop.time()) > 0:
                await asyncio.sleep(rest)
            self._wake.clear()
            waiting, self._waiting = self._waiting, []
            next_at = loop.time() + _APART_S if len(waiting) < _FEW else 0.0
            is_durable = False
            try:
                if (batch := self.journal.write()) is not None:
                    await loop.run_in_executor(None, batch.sync)
                    await self.outbox.joined(batch.windows, last_sequence=batch.last_sequence)
                is_durable = True
            except OSError:
                self._is_broken = True  # first: people who are called back may join again at once
                raise
            finally:
                for tell in waiting:
                    tell(is_durable)
            self.close_windows()

    def close_windows(self) -> None:
        """Closes windows that are over by the clock, or that the controller closed without us."""
        over = self._number(self.now() - GRACE_S) - 1
        while self.published.is_closed(over + 1):
            over += 1
        # There are many when a clock was ahead. The gate answers people in between.
        over = min(over, max(self.journal.closed_through, self.started_in - 1) + CLOSED_AT_ONCE)
        if over > self.journal.closed_through:
            empty_from = max(self.started_in, self.journal.closed_through + 1)
            closed = self.journal.close_through(over, empty_from=empty_from)
            self.outbox.closed(closed, through=over)
            self._latest, self._earlier = {}, {}
            self._found_until = 0.0

    def _number(self, unix: float) -> int:
        """The window of a moment: the first before the event, and the one after the last when it is over."""
        schedule = self.published.config.schedule
        if unix >= schedule.opens_at and self._stands_still():
            return (
                max(self.published.closed_through, self.journal.closed_through, schedule.first_window - 1) + 1
            )
        number = windows.number_at(schedule, unix)
        if number is not None:
            return number
        if unix < schedule.joins_from:
            return windows.first_number(schedule)
        return windows.last_number(schedule) + 1

    def _stands_still(self) -> bool:
        status = self.published.status
        return status is not None and status.state.stands_still

    def close(self) -> None:
        """Makes everything durable, unless the disk failed."""
        if not self._is_broken:
            self.journal.close()


def _try_to_write(folder: Path) -> None:
    """Writes a trial file. Raises: OSError while the disk would take no join."""
    trial = folder / "trial.part"
    try:
        with trial.open("wb") as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    finally:
        trial.unlink(missing_ok=True)
