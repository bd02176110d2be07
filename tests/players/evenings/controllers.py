"""Controllers in this process: one leads, one wakes up too late, one dies in the middle of a step."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

from meterai.kit.fail_points import FailPoint, never
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.selection_loop import SelectionController
from meterai.waiting_room.control.step_draft import Beacon, StepContext
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.store import lease_rows
from tests.storage_fixtures import TestDatabase

CHAIN_LINKS = 4_000


class Killed(Exception):
    """The process is gone."""


class Controllers:
    """The controllers of one queue."""

    def __init__(self, database: TestDatabase, folder: QueueFolder, beacon: Beacon | None) -> None:
        self._database, self._folder, self._beacon = database, folder, beacon
        self._keys = folder.keys()
        self._chain = SeedChains(self._keys.chain, CHAIN_LINKS)
        self._numbers = count(1)
        self._leading: SelectionController | None = None
        self._former: list[SelectionController] = []

    async def take_over(self, fail_point: FailPoint = never) -> None:
        """Lets another controller lead. The one before it sleeps, and does not know."""
        name = f"controller {next(self._numbers)}"
        async with self._database.app.transaction() as tx:
            await tx.execute("UPDATE waiting_room.lease SET until = 'epoch'")
            epoch = await lease_rows.take_lease(tx, name, 36_000)
        assert epoch is not None
        context = StepContext(
            self._database.app, self._folder.slug, name, epoch, self._keys, self._chain, self._beacon
        )
        self.end()
        publisher = Publisher(self._folder, epoch, self._keys.controller)
        self._leading = SelectionController(context, publisher, fail_point)

    def end(self) -> None:
        """Stops the controller that leads. Nobody leads until the next one takes over."""
        if self._leading is not None:
            self._former.append(self._leading)
        self._leading = None

    async def step(self, now: float) -> None:
        """A step of the controller that leads, if one does."""
        if self._leading is None:
            return
        try:
            await self._leading.step(now)
        except Killed:
            self.end()

    async def wake_former(self, now: float) -> None:
        """Lets the controller that led before take a step. It must not."""
        if not self._former:
            return
        with suppress(Superseded):
            await self._former[-1].step(now)
            raise AssertionError("a controller without its lease took a step")

    async def close(self) -> None:
        """Ends all of them."""
        self.end()
        for one in self._former:
            await one.close()


def dies_at(point: str, *, after: int) -> FailPoint:
    """Kills the controller when it reaches this point once more than `after` times."""
    reached = count()

    def fail(name: str) -> None:
        if name == point and next(reached) >= after:
            raise Killed(name)

    return fail
