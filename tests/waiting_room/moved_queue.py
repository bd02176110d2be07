"""A queue in this process whose clock the test moves, with the real controller, store, files and gate.

Other tests use processes, for what only processes can show (a crash, a frozen controller, two at once).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.kit.fail_points import FailPoint, never
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.selection_loop import SelectionController
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from meterai.waiting_room.control.step_draft import Beacon, StepContext
from meterai.waiting_room.files.published_documents import Status, read
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import GateSign
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.rules.tickets import Ticket, sign_ticket
from meterai.waiting_room.store import lease_rows
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_log import QueueLog
from tests.waiting_room.wishes import wish

START = int(datetime(2026, 9, 5, 14, 0, tzinfo=UTC).timestamp())
CALM = SiteLoad(p95_ms=20, in_flight=1, requests=50, faults=0, entered={})
CHAIN_LINKS = 2_000


def schedule_of(*, open_s: int = 3_600, window_s: int = 1, lottery_s: int = 0) -> Schedule:
    """Opens at `START`, or after a lottery."""
    opens = START + lottery_s
    return Schedule(joins_from=START, opens_at=opens, closes_at=opens + open_s, window_s=window_s)


@dataclass
class MovedQueue(QueueLog):
    """One event, one gate, and one controller after another. `load`: the site's report; None: the site is
    silent."""

    database: TestDatabase
    folder: QueueFolder
    now: float = START
    load: SiteLoad | None = CALM
    beacon: Beacon | None = None
    general_share: int | None = None
    seen: list[Status] = field(default_factory=list)
    """Every status that was published, in order."""
    is_gate_away: bool = False
    _holders: int = 0

    async def open(
        self,
        schedule: Schedule,
        policy: Policy | None = None,
        *,
        always: bool = False,
        chain_links: int = CHAIN_LINKS,
    ) -> None:
        """Makes the queue, publishes its rules and starts a gate."""
        db = self.database.app
        await set_events(db, load_events())
        moment = datetime.fromtimestamp(self.now, UTC)
        await set_queue(db, self.folder.slug, schedule, policy or Policy(), is_on=True, now=moment)
        await self.wish("always_in_line", always)
        self.keys = self.folder.keys()
        self.chain = SeedChains(self.keys.chain, chain_links)
        await self.take_over()
        await self._step()
        self.gate = TicketIssuer(PublishedCache(self.folder), self.keys, gate=1, wall=lambda: self.now)
        self._tick()

    async def take_over(self, fail_point: FailPoint = never) -> None:
        """Makes another controller lead. The former one is gone, as after `kill -9`."""
        self._holders += 1
        name = f"controller {self._holders}"
        async with self.database.app.transaction() as tx:
            await tx.execute("UPDATE waiting_room.lease SET until = 'epoch'")
            epoch = await lease_rows.take_lease(tx, name, 3_600)
        assert epoch is not None
        steering = StepContext(
            self.database.app,
            self.folder.slug,
            name,
            epoch,
            self.keys,
            self.chain,
            self.beacon,
            self.general_share,
        )
        self.controller = SelectionController(
            steering, Publisher(self.folder, epoch, self.keys.controller), fail_point
        )

    async def wish(self, column: str, value: object) -> None:
        """What an operator wants."""
        moment = datetime.fromtimestamp(self.now, UTC)
        await wish(self.database.app, self.folder.slug, column, value, now=moment)

    async def seconds(self, count: int) -> Status:
        """Lets this many seconds pass for everything. Returns the last status."""
        for _ in range(count):
            self.now += 1
            self._tick()
            await self._step()
        return self.seen[-1]

    async def until(self, what: Callable[[Status], bool], seconds: int = 60) -> Status:
        """Returns the first status that fulfils this condition."""
        for _ in range(seconds):
            if what(status := await self.seconds(1)):
                return status
        raise AssertionError(f"never: the status is {self.seen[-1]}")

    def join(self, contact: str, *, is_durable: bool = True) -> Ticket:
        """Makes a ticket. Its record is on the disk, or gets there with the next one."""
        window = self.gate.window()
        assert window is not None
        issued = self.gate.issue(self.gate.id_of(contact), window.number)
        if is_durable:
            self.gate.journal.flush()
        return issued.ticket

    async def close(self) -> None:
        """Ends everything."""
        self.gate.close()
        await self.controller.close()

    async def enter(self, ticket: Ticket, contact: str) -> None:
        """Enters the site. Raises: as `claim_pass`."""
        text, now = sign_ticket(ticket, self.keys.ticket), datetime.fromtimestamp(self.now, UTC)
        await claim_pass(self.database.app, Published(self.folder), text, contact=contact, now=now)

    async def _step(self) -> None:
        await self._report()
        decided = await self.controller.step(self.now)
        status = read(self.folder.status.read_bytes(), Status, self.keys.controller.public_key())
        assert status.sequence == decided.queue.sequence
        self.seen.append(status)

    async def _report(self) -> None:
        if self.load is not None:
            await report_site_load(self.database.app, "test", self.load)
            return
        async with self.database.app.transaction() as tx:  # as if the time had passed for the site, too
            await tx.execute("UPDATE waiting_room.site_load SET at = at - interval '1 second'")

    def _tick(self) -> None:
        """The regular work of a gate."""
        if self.is_gate_away:
            return
        self.gate.published.look()
        self.gate.close_windows()
        self.gate._found_until = 0.0
        sign = GateSign(1, self.now, self.gate.journal.closed_through)
        (self.folder.gate(1) / "gate.json").write_bytes(msgspec.json.encode(sign))
