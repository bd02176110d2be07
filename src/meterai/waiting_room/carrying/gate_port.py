"""What a gate asks of whatever brings its files to the controllers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from meterai.waiting_room.files.queue_folder import QueueFolder

JOINS_WAIT_S: Final = 0.25
"""So long a gate waits until new joins are known elsewhere. Then it hands the tickets out either way."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What is known elsewhere of a gate."""

    sequence: int
    """The greatest sequence."""
    window: int
    """The latest window in which it gave a ticket."""


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """How it stands with the files of one event at this gate."""

    is_up: bool
    unacknowledged: int
    """Tickets that were given before anybody else knew them."""
    behind_s: float
    """Since when joins wait; 0: none do."""


class GateOutbox(Protocol):
    """The files of one event at one gate. No method raises because of a network."""

    before: Carried | None
    """What was known of this gate when it started; None: nothing, or nobody was there to tell."""

    def opened(self, *, closed_through: int, sequence: int, window: int) -> None:
        """The gate's files were read. `sequence`, `window`: the latest ones. Raises: OSError."""

    async def joined(self, windows: Sequence[int], *, last_sequence: int) -> None:
        """Joins in these windows are on the disk. Returns once they are known elsewhere, at most
        `JOINS_WAIT_S` later. Raises: OSError when the disk can't be read."""

    def closed(self, windows: Sequence[int], *, through: int) -> None:
        """These windows were closed, and all others up to `through` are. Raises: OSError."""

    def changed(self, names: Sequence[str]) -> None:
        """These files of the gate have grown."""

    def signed(self, sign: bytes) -> None:
        """The gate gave a sign of life."""

    def figures(self) -> OutboxFigures | None:
        """How it stands; None: there is nothing to carry."""


class GateCarrier(Protocol):
    """The files of all events at one gate."""

    def outbox(self, folder: QueueFolder) -> GateOutbox | None:
        """That of an event; None: not yet, because nobody can tell whether this gate's files are complete.

        Raises: BlockingIOError when a gate of another host has this number; OSError.
        """

    async def run(self) -> None:
        """Carries until it is cancelled."""

    async def close(self) -> None:
        """Hands in the rest: the gate gives no more tickets."""


class NothingToCarry:
    """See `GateOutbox`: controllers read the gate's own files."""

    before: Carried | None = None

    def opened(self, *, closed_through: int, sequence: int, window: int) -> None:
        """See `GateOutbox`."""

    async def joined(self, windows: Sequence[int], *, last_sequence: int) -> None:
        """See `GateOutbox`."""

    def closed(self, windows: Sequence[int], *, through: int) -> None:
        """See `GateOutbox`."""

    def changed(self, names: Sequence[str]) -> None:
        """See `GateOutbox`."""

    def signed(self, sign: bytes) -> None:
        """See `GateOutbox`."""

    def figures(self) -> OutboxFigures | None:
        """See `GateOutbox`."""
        return None


NOTHING_TO_CARRY: Final = NothingToCarry()


class SharedFolder:
    """See `GateCarrier`: all hosts share the gate's folder, so there is nothing to carry."""

    def outbox(self, folder: QueueFolder) -> GateOutbox:
        """See `GateCarrier`."""
        return NOTHING_TO_CARRY

    async def run(self) -> None:
        """See `GateCarrier`."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """See `GateCarrier`."""


SHARED_FOLDER: Final = SharedFolder()
