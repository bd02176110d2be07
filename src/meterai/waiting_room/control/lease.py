"""The lease, and the loop of the controller that holds it. Any number may run; one leads the queues of all
events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from meterai.kit.database import DATABASE_IS_DOWN, Database, log_trouble, outage_facts
from meterai.kit.fail_points import FailPoint, never
from meterai.kit.measures import seconds, timed
from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.carrying.shared_folder import SharedFolder
from meterai.waiting_room.control.beacon_source import BeaconSource
from meterai.waiting_room.control.checked_clock import CheckedClock
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.selection_loop import SelectionController
from meterai.waiting_room.control.site_load import forget_silent
from meterai.waiting_room.control.step_draft import Beacon, ReadNews, StepContext, no_news
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.store import lease_rows, queues

log = structlog.get_logger(__name__)

_LEADS = Gauge("meterai_controller_leads", "This controller leads the queues.")
_STEPS = seconds("controller_step", "Time of steps of a line.", "event", "outcome")
_CALLED = Counter("meterai_controller_calls", "People who were called.", ["event"])

LEASE_S = 4.0
STEP_S = 1.0


@dataclass(slots=True)
class LeaseLoop:
    """One controller process. `holder`: its name, which no other process ever uses."""

    db: Database
    root: Path
    """The folder of all queues."""
    holder: str
    clock: CheckedClock = field(default_factory=CheckedClock)
    fail_point: FailPoint = never
    beacon: BeaconSource | None = None
    """A public source of randomness; None: the operator is trusted with the seeds."""
    general_share: int | None = None
    """Purchases for no event that may begin in a minute while people wait; None: not promised."""
    read_news: ReadNews = no_news
    carrier: DocumentCarrier = field(default_factory=SharedFolder)
    """Hands on what is published to hosts with folders of their own."""
    leads: bool = False
    _awake: list[str] = field(default_factory=list)
    """Events whose queue needs steps."""
    _chains: dict[str, SeedChains] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Queues are opened one after the other, because a chain of seeds takes most of a second of CPU."""

    async def run(self, stop: asyncio.Event) -> None:
        """Leads whenever no other process does, until `stop`."""
        leading = asyncio.create_task(self._lead_when_possible(stop))
        carrying = asyncio.create_task(self.carrier.run())
        beside = [carrying]
        if self.beacon is not None:
            beside.append(asyncio.create_task(self.beacon.keep_asking()))
        try:
            await asyncio.wait([leading, carrying], return_when=asyncio.FIRST_COMPLETED)
            for task in (leading, carrying):
                if task.done():
                    task.result()
        finally:
            await _end([leading])
            await _end(beside)
            if self.beacon is not None:
                await self.beacon.close()

    async def _lead_when_possible(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                epoch = None
                async with self.db.connection() as connection:
                    if self.carrier.may_lead and await self.clock.agrees_with_database(connection):
                        epoch = await lease_rows.take_lease(connection, self.holder, LEASE_S)
                if epoch is not None:
                    await self._lead(epoch, stop)
            except DATABASE_IS_DOWN as error:
                log.warning("queue_store_unavailable", **outage_facts(error))
            await _pause(stop, STEP_S)

    async def _lead(self, epoch: int, stop: asyncio.Event) -> None:
        log.info("queue_leading", holder=self.holder, epoch=epoch)
        tasks: dict[str, asyncio.Task[bool]] = {}
        try:
            if not await self._take_over(epoch):
                return
            self.leads = True
            _LEADS.set(1)
            async with self.db.connection() as own:  # steps may have all others for longer than a lease lasts
                while not stop.is_set():
                    if not self.clock.runs_evenly() or not await self.clock.agrees_with_database(own):
                        break
                    if not self.carrier.may_lead:  # other hosts would not see what it publishes
                        break
                    held = await lease_rows.take_lease(own, self.holder, LEASE_S)
                    if held != epoch:
                        if held is not None:  # another process has it: this one was too late
                            log.warning("queue_lease_lapsed", holder=self.holder, lease_s=LEASE_S)
                        break
                    self._awake = await queues.events_awake(own)
                    ended = {event for event, task in tasks.items() if task.done()}
                    if not all(tasks.pop(event).result() for event in ended):
                        break
                    for event in self._awake:
                        if event not in tasks:
                            tasks[event] = asyncio.create_task(self._conduct(event, epoch))
                    await _pause(stop, STEP_S)
        finally:
            self.leads = False
            _LEADS.set(0)
            await _end(list(tasks.values()))
            await self.carrier.leave()
            log.info("queue_left", holder=self.holder, epoch=epoch)
            with suppress(*DATABASE_IS_DOWN):
                async with self.db.connection() as connection:
                    await lease_rows.end_lease(connection, self.holder, epoch)

    async def _take_over(self, epoch: int) -> bool:
        """Whether other hosts follow this controller from now on."""
        try:
            async with asyncio.timeout(LEASE_S / 2):
                await self.carrier.lead(epoch)
        except (Superseded, OSError) as error:
            log.warning("line_not_taken_over", epoch=epoch, reason=str(error))
            return False
        return True

    async def _conduct(self, event: str, epoch: int) -> bool:
        """Takes steps of one event until it rests (True), or this process may not lead any more (False).

        Trouble with one event leaves the others alone.
        """
        while event in self._awake:
            try:
                async with self._opening:
                    controller = await self._open(event, epoch)
                try:
                    if not await self._steps(event, controller):
                        return False
                finally:
                    await controller.close()
            except Superseded:
                return False
            except Exception as error:
                outage, fault = "queue_step_unavailable", "queue_step_failed"
                log_trouble(log, error, outage=outage, fault=fault, queue=event)
            await asyncio.sleep(STEP_S)
        return True

    async def _steps(self, event: str, controller: SelectionController) -> bool:
        """A step each second until the event rests (True), or somebody has set the clock (False)."""
        called: int | None = None
        while event in self._awake:
            if not self.clock.runs_evenly():
                return False
            with timed(_STEPS, event):
                decided = await controller.step(self.clock.now())
            _CALLED.labels(event).inc(max(0, decided.called - called) if called is not None else 0)
            called = decided.called
            # on the second, so that a window's end is seen at once
            await asyncio.sleep(max(0.05, STEP_S - self.clock.now() % STEP_S))
        return True

    async def _open(self, event: str, epoch: int) -> SelectionController:
        folder = queue_of(self.root, event)
        if not folder.has_keys:
            async with self.db.connection() as connection:
                queue = await queues.read_queue(connection, event)
            is_new = queue is None or not queue.log_size
            assert is_new, "the queue's files are gone: put them back from a copy (docs/backup.md)"
        keys = await asyncio.to_thread(folder.keys)
        if event not in self._chains:
            self._chains[event] = await asyncio.to_thread(SeedChains, keys.chain)
        beacon = None if self.beacon is None else Beacon(await self.beacon.name(), self.beacon.value)
        await self.carrier.open(event)
        publisher = await asyncio.to_thread(Publisher, folder, epoch, keys.controller, self.carrier)
        await forget_silent(self.db)
        steering = StepContext(
            self.db,
            event,
            self.holder,
            epoch,
            keys,
            self._chains[event],
            beacon,
            self.general_share,
            self.read_news,
        )
        return SelectionController(steering, publisher, self.fail_point)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
