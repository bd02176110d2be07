"""A line of people for tests of the admission: real keys, tickets and published documents, and a stored
queue.

The test plays the controller: `close` publishes a window and its seed, `call` moves the frontier.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Config, Reveal
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.rules import merkle, seeds
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.model import U_MAX, Frontier, Lane, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_model import ControllerMemory
from meterai.waiting_room.rules.tickets import Ticket, contact_id, event_number, join_record, sign_ticket
from meterai.waiting_room.store import queues
from tests.storage_fixtures import TestDatabase

NOON = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)
OPENS = int(NOON.timestamp()) - 3_600
SCHEDULE = Schedule(joins_from=OPENS, opens_at=OPENS, closes_at=OPENS + 8 * 3_600)
ANI, BUDI, CITRA = "email:ani@contoh.id", "email:budi@contoh.id", "phone:+6281234567890"


class LineOfPeople:
    """An event's queue as the site sees it. Windows are numbered from 1, ten seconds each."""

    def __init__(self, root: Path, database: TestDatabase, policy: Policy) -> None:
        self.database = database
        self.policy = policy
        self.folder = QueueFolder(root / "casn")
        self.keys = self.folder.keys()
        self.chain = seeds.SeedChain(self.keys.chain, 5_000)
        self.now = NOON
        self.listed: dict[int, list[bytes]] = {}
        self.number = 0
        self._sequence = 0
        config = Config(
            event="casn",
            version=1,
            schedule=SCHEDULE,
            policy=policy,
            commitment=self.chain.commitment.hex(),
            chain_length=5_000,
            ticket_keys={KEY_ID: self.keys.ticket.public_key().public_bytes_raw().hex()},
            controller_key=self.keys.controller.public_key().public_bytes_raw().hex(),
        )
        publish(self.folder.config, published_documents.sign(config, self.keys.controller))
        self.published = Published(self.folder)

    async def open(self, *, rate: float = 600.0) -> None:
        """Stores event and queue. The admission is as full of places as it can be."""
        await set_events(self.database.app, load_events())
        async with self.database.app.transaction() as tx:
            await queues.add_queue(tx, "casn", SCHEDULE, self.policy, is_on=True, now=self.now)
            queue = await queues.read_queue(tx, "casn")
        assert queue is not None
        self.number = queue.number
        await self.set_state(QueueState.OPEN)
        await self.set_rate(rate)

    def join(
        self, contact: str, *, window: int = 1, gate: int = 1, is_listed: bool = True, **told: object
    ) -> str:
        """Makes a ticket. It is in its window's list unless the gate lost it."""
        self._sequence += 1
        facts: dict[str, object] = {
            "key_id": KEY_ID,
            "event": event_number("casn"),
            "window": window,
            "joined_at": OPENS + (window - 1) * 10 + 1,
            "lane": Lane.NEW,
            "gate": gate,
            "sequence": self._sequence,
            "id": contact_id(self.keys.event, contact),
        }
        ticket = Ticket(**(facts | told))  # type: ignore[arg-type]
        if is_listed:
            self.listed.setdefault(window, []).append(join_record(ticket))
        return sign_ticket(ticket, self.keys.ticket)

    def close(self, *numbers: int) -> None:
        """Publishes lists and seeds of windows."""
        for window in numbers:
            records = sorted(self.listed.get(window, []), key=lambda record: record[12:])
            publish(self.folder.window_ids(window), b"".join(records))
            root = merkle.root_of(records)
            link = self.chain.link(window)
            seed = window_seed(link, root)
            reveal = Reveal(event="casn", window=window, link=link.hex(), beacon="", seed=seed.hex())
            publish(self.folder.window_reveal(window), published_documents.sign(reveal, self.keys.controller))

    async def call(self, window: int, x: int = 0, *, ago_s: int = 0) -> None:
        """Moves the frontier to (window, x), as if it had come there `ago_s` ago."""
        at = int(self.now.timestamp()) - ago_s
        lapsed = ago_s >= self.policy.claim_minutes * 60
        memory = ControllerMemory(
            is_direct=False, trail=((at, window, str(x)),), late=(window, str(x)) if lapsed else (0, "0")
        )
        await self.database.owner.execute(
            "UPDATE waiting_room.queue SET frontier_window = $1, frontier_x = $2::text::numeric,"
            " memory = $3::text::jsonb",
            window,
            str(x),
            msgspec.json.encode(memory).decode(),
        )

    async def call_everybody(self, *, ago_s: int = 0) -> None:
        """Closes the first windows and calls everybody in them."""
        self.close(*self.listed)
        last = max(self.listed, default=1)
        await self.database.owner.execute("UPDATE waiting_room.queue SET revealed_through = $1", last)
        await self.call(last + 1, ago_s=ago_s)

    async def set_state(self, state: QueueState) -> None:
        """What the queue does now."""
        await self.database.owner.execute("UPDATE waiting_room.queue SET state = $1", state)

    async def set_rate(self, rate: float, *, new: float = 10_000.0, returner: float = 10_000.0) -> None:
        """Sets the admission's rate, in people a minute, and how many may enter at once (at most what the
        rate allows)."""
        await self.database.owner.execute(
            "UPDATE waiting_room.door SET rate = $1, new_level = $2, returner_level = $3, filled_at = $4",
            rate,
            new,
            returner,
            self.now.timestamp(),
        )

    def place_of(self, text: str) -> int:
        """The place of a ticket in its closed window."""
        place = self.published.place_of(self.published.read_ticket(text))
        assert place is not None
        return place

    def in_order(self, texts: Sequence[str]) -> list[str]:
        """Tickets of one window in the order in which they are called."""
        return sorted(texts, key=self.place_of)

    def pass_time(self, seconds: float) -> None:
        """Moves the clock on."""
        self.now += timedelta(seconds=seconds)


def forged(text: str) -> str:
    """The ticket with an earlier window written into it."""
    raw = bytearray(base64.urlsafe_b64decode(text))
    raw[8] = 0
    return base64.urlsafe_b64encode(bytes(raw)).decode()


FIRST, LAST = Frontier(1, 0), Frontier(1, U_MAX - 1)
