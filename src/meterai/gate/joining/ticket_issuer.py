"""One event at this gate: which window takes joins now, tickets, and the end of windows.

The time is the machine's, unless the controller's differs from it by more than two seconds: then the
controller's, as the status tells it, for all gates must cut time in the same way; also when it falls silent
afterwards, for what a wrong clock closes stays closed. A window that was closed, here or by the controller,
takes nobody any more, whatever any clock says. While nobody has to wait, windows stand still
(`QueueState.stands_still`): who takes a ticket then is in the next window that will be cut.
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
from meterai.waiting_room.files.gate_journal import SEQUENCE, Journal
from meterai.waiting_room.files.gate_register import GateRegister
from meterai.waiting_room.files.queue_folder import KEY_ID, QueueKeys
from meterai.waiting_room.files.window_files import sign_of
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.rules.tickets import Ticket, contact_id, parse_data, sign_data

log = structlog.get_logger(__name__)

CLOCK_TOLERANCE_S = 2.0
STATUS_IS_ALIVE_S = 10.0
"""A status that was not renewed for so long says nothing of the state, nor of the time when this gate has
only found it."""
GRACE_S = 0.5
"""A window is closed so long after its end: a clock that lags a little finds it open still."""
CLOSED_AT_ONCE = 20
"""Windows, ten times a second: faster than the controller closes them (`GATHER_AT_ONCE` in a second)."""
_REMEMBERED_MAX = 10_000
"""Twice as many of the latest joins are known by their id, so that a form sent twice gives one ticket."""
_FOUND_FOR_S = 0.02
_APART_S = 0.03
_FEW = 32
"""After a visit to the disk for fewer joins the next one comes no sooner than `_APART_S`: joins that come
meanwhile share it, for a visit costs more than a join."""
_AGAIN_S = 2.0
"""After the disk took nothing it is tried so often."""
_TRIAL_BYTES = 1 << 16


UNREADABLE = (OSError, ValueError, Refusal, msgspec.MsgspecError)
"""What is raised for a file that is damaged, or can't be read just now."""


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket."""

    text: str
    ticket: Ticket
    is_durable: bool
    """True: its record is on the disk. False: `TicketIssuer.when_durable` calls back when it is."""


class NoTicket(Enum):
    """Why a join gives none."""

    SHUT = auto()
    """Nobody can join: not yet, or no more."""
    DIRECT = auto()
    """Nobody has to wait: straight to the site."""


class TicketIssuer:
    """The joins of one event. `wall`: the machine's clock, Unix seconds; `monotonic`: the shelf's."""

    def __init__(
        self,
        published: PublishedCache,
        keys: QueueKeys,
        *,
        gate: int,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.published = published
        self.gate = gate
        self._keys = keys
        self._wall = wall
        self._monotonic = monotonic
        self._folder = published.folder.gate(gate)
        self._is_broken = False
        """The disk takes no joins, and nobody gets a ticket."""
        self._open_files()
        self.started_in = self._number(self.now())
        """The first window that this process closes also when nobody joined in it."""
        self._latest: dict[bytes, bytes] = {}
        self._earlier: dict[bytes, bytes] = {}
        """Id -> data of the latest tickets in the windows that take joins."""
        self._found: windows.Window | None = None
        self._found_until = 0.0
        self._waiting: list[Callable[[bool], None]] = []
        self._wake = asyncio.Event()

    def _open_files(self) -> None:
        self._register = GateRegister(self.published.folder.known_gate(self.gate))
        is_new = not (self._folder / SEQUENCE).exists()  # or the folder was lost: then the register knows it
        if is_new:
            self.published.read_counts()
        high = self.published.highest_sequence(self.gate)
        if is_new:
            self.journal = Journal(self._folder, self.gate, published_high=max(high, self._register.highest))
        else:
            read_from = self.published.closed_through + 1
            self.journal = Journal(self._folder, self.gate, published_high=high, read_from=read_from)
        unsure = sign_of(self._folder).unsure_through
        if self.journal.lost:
            log.error("gate_files_lost", queue=self.published.slug, gate=self.gate)
            unsure = max(unsure, self._number(self.now()), self._register.window)
        self.journal.unsure_through = unsure

    # ----------------------------------------------------------------- joins

    def now(self) -> float:
        """Unix seconds, the controller's where ours is wrong."""
        wall = self._wall()
        published = self.published
        if published.status is None:
            return wall
        since = self._monotonic() - published.status_seen
        told = published.status.at + since
        says_nothing = since > STATUS_IS_ALIVE_S and not published.is_heard
        return wall if says_nothing or abs(wall - told) <= CLOCK_TOLERANCE_S else told

    def window(self) -> windows.Window | None:
        """The window that takes joins now; None before and after. Found anew fifty times a second."""
        moment = self._monotonic()
        if moment >= self._found_until:
            self._found = self._find_window()
            self._found_until = moment + _FOUND_FOR_S
        return self._found

    def enters_directly(self) -> bool:
        """Whether who comes now need not wait, as far as is known: a status that was not renewed for some
        seconds says nothing, and then a place is taken, which costs a short wait and is never wrong."""
        is_alive = self._monotonic() - self.published.status_seen <= STATUS_IS_ALIVE_S
        return is_alive and self._stands_still() and self.now() >= self.published.config.schedule.opens_at

    def _find_window(self) -> windows.Window | None:
        schedule, now = self.published.config.schedule, self.now()
        if not schedule.joins_from - CLOCK_TOLERANCE_S <= now < schedule.closes_at:
            return None  # the tolerance: where time was cut anew just now, our clock may be a little behind
        number = max(self._number(now), self.journal.closed_through + 1)
        while self.published.is_closed(number):
            number += 1
        return windows.window_of(schedule, number) if number <= windows.last_number(schedule) else None

    def id_of(self, contact: str) -> bytes:
        """The id of a contact, by its name in line, in this event."""
        return contact_id(self._keys.event, contact)

    def issue(self, id: bytes, window: int, *, lane: Lane = Lane.NEW) -> IssuedTicket:
        """A ticket in the window, signed and counted; valid for its holder once `when_durable` has told.

        Who joined in this window before gets that ticket again. Raises: OSError; nothing is given then.
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
        """Calls back when everything issued so far is on the disk (True), or can't be written (False)."""
        self._waiting.append(tell)
        self._wake.set()

    # ---------------------------------------------------------------- upkeep

    async def keep(self) -> None:
        """Writes joins to the disk, many with one visit, and closes windows whose time is over; for ever.

        When the disk takes no more, those whose joins were not written get no ticket, nor does anybody until
        it takes something again. Then the files are read anew, as after a crash: what they hold goes on.

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
            for tell in waiting:  # they joined while the disk failed
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
        """Until the disk takes no more. Raises: OSError."""
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
                is_durable = True
            except OSError:
                self._is_broken = True  # before anybody is told, who may join again at once
                raise
            finally:
                for tell in waiting:
                    tell(is_durable)
            self.close_windows()

    def close_windows(self) -> None:
        """Closes what is over by the clock, or was closed by the controller without us."""
        over = self._number(self.now() - GRACE_S) - 1
        while self.published.is_closed(over + 1):
            over += 1
        # After a clock that went ahead there are many: the gate's pages go on between.
        over = min(over, max(self.journal.closed_through, self.started_in - 1) + CLOSED_AT_ONCE)
        if over > self.journal.closed_through:
            empty_from = max(self.started_in, self.journal.closed_through + 1)
            self.journal.close_through(over, empty_from=empty_from)
            self._latest, self._earlier = {}, {}
            self._found_until = 0.0

    def _number(self, unix: float) -> int:
        """The window of a moment; before the first one, and after the last, the number next to them."""
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
        """Makes everything durable, if the disk takes it."""
        if not self._is_broken:
            self.journal.close()


def _try_to_write(folder: Path) -> None:
    """Raises: OSError while the disk would take no join."""
    trial = folder / "trial.part"
    try:
        with trial.open("wb") as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    finally:
        trial.unlink(missing_ok=True)
