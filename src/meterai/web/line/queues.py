"""What the site knows of the waiting room.

That is the state of each queue, read at most once a second; the address of the gate; and the cookies of
people who are inside. A pass cookie names a pass. An inside cookie names the form of somebody who came before
anybody had to wait (`form_rights.py`). Both are tagged with our secret, and hold nothing personal.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.kit.http.client_network import network_of
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.kit.settings import Settings, gate_address, queue_root
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.queries import QueueSign, queue_signs
from meterai.waiting_room.rules import bypasses
from meterai.waiting_room.rules.tickets import INSTEAD_OF, mark_of
from meterai.web.line.general_places import GeneralPlaces
from meterai.web.requests.mac import read_tagged_text, to_tagged_text
from meterai.web.requests.visits import localise

log = structlog.get_logger(__name__)

LOOK_S = 1.0
SOON_S = 0.3
"""The longest wait for the database of a page that only says where people wait."""
PASS_S = 2 * 3600
"""How long a pass cookie opens the purchase. Afterwards the ticket gives the same pass again."""
INSIDE_S = bypasses.INSIDE_S
"""How long people who entered freely stay inside once others have to wait."""
INSIDE_PER_NETWORK = 60
"""How many people of one network stay inside in that time, whichever network they go on from.

A form costs nothing. Somebody who collects thousands could sell them as places ahead of the line.
"""
INSIDE_AT_NETWORK = 3_000
"""How many further people go on from that network only.

All others enter freely too. They must join the line if people have to wait before they have sent the form.
"""
_PURPOSE = b"queue pass"
_PASS = struct.Struct(">12s16sI")


class HeldPass(msgspec.Struct, frozen=True):
    """The content of a pass cookie."""

    id: bytes
    pass_id: UUID
    until: int


class Queues:
    """The queues, once in each process.

    - `entered`: people who came in freely since its start, by event.
    - `begun`: forms given to people who may go on with them, by event; empty: for no event.
    - `general`: the places of the general shop while people wait.
    - `gate_origin`: where the gates' pages come from (RFC 6454).
    """

    def __init__(self, db: Database, root: Path, gate_url: str, *, general_per_minute: int = 0) -> None:
        self.entered: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self._inside, self._inside_at = (
            NetworkLimits(burst=many, per_second=many / INSIDE_S, hard_factor=1)
            for many in (INSIDE_PER_NETWORK, INSIDE_AT_NETWORK)
        )
        self.general = GeneralPlaces(db, general_per_minute)
        self._db = db
        self._root = root
        self._gate_url = gate_url
        self.gate_origin = "://".join(urlsplit(gate_url)[:2])
        self._signs: dict[str, QueueSign] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._published: dict[str, Published] = {}

    async def sign_of(self, event: str) -> QueueSign | None:
        """The state of an event's queue, at most a second old; None when it has none.

        While the database is down, the last known state. Raises: OSError or asyncpg.PostgresError when there
        is none.
        """
        await self._look_if_due()
        return self._signs.get(event)

    async def lines(self) -> list[QueueSign]:
        """The queues in which people wait now, the first to close first. Raises: as `sign_of`."""
        await self._look_if_due()
        return self._lines()

    async def lines_soon(self) -> list[QueueSign]:
        """As `lines`, but as they were known before when the database takes longer than `SOON_S`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_S):
                await self._look_if_due()
        return self._lines()

    def _lines(self) -> list[QueueSign]:
        waited_in = [sign for sign in self._signs.values() if sign.has_line]
        return sorted(waited_in, key=lambda sign: sign.schedule.closes_at)

    def stays_inside(self, address: str, now: float) -> str | None:
        """The network from which a person who enters freely may go on when people have to wait.

        Empty: from any. None: they must join the line.
        """
        if self._inside.take(address, now) is Answer.WELCOME:
            return ""
        return network_of(address) if self._inside_at.take(address, now) is Answer.WELCOME else None

    async def _look_if_due(self) -> None:
        if time.monotonic() - self._looked_at >= LOOK_S:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
            looking = self._looking
            await asyncio.shield(looking)

    async def _look(self) -> None:
        try:
            self._signs = await queue_signs(self._db)
            self._looked_at = time.monotonic()
        except DATABASE_IS_DOWN as error:
            if self._looked_at == float("-inf"):
                raise
            self._looked_at = time.monotonic()
            log.warning("queues_not_looked_up", error=type(error).__name__)
        finally:
            self._looking = None

    def published(self, event: str) -> Published:
        """What a queue has published. Raises: Refusal UNAVAILABLE `queue.not_published`."""
        try:
            known = self._published.get(event)
            if known is None:
                known = self._published[event] = Published(queue_of(self._root, event))
            known.look()
        except (OSError, Refusal):
            raise Refusal(Kind.UNAVAILABLE, "queue.not_published") from None
        return known

    def join_page(self, event: str, language: str, *, instead_of: str = "") -> str:
        """The page on which people take a place, or see the one they have.

        `instead_of`: a ticket that is worth nothing, which the gate deletes from the browser.
        """
        mark = f"?{INSTEAD_OF}={mark_of(instead_of)}" if instead_of else ""
        return self._gate_url + localise(f"/antre/{event}", language) + mark

    def wait_page(self, event: str, ticket: str, language: str) -> str:
        """The wait page of a ticket."""
        return self._gate_url + localise(f"/antre/{event}/t/{ticket}", language)


def queues_of(settings: Settings, db: Database) -> Queues:
    """The queues of the settings."""
    return Queues(
        db,
        queue_root(settings),
        gate_address(settings),
        general_per_minute=settings.general_purchases_per_minute,
    )


def pass_cookie(event: str) -> str:
    """The name of the cookie of somebody who has a pass."""
    return f"lewat_{event}"


def inside_cookie(event: str) -> str:
    """The name of the cookie of somebody who entered freely. It holds the name of their form."""
    return f"dalam_{event}"


def seal_pass(secret: bytes, event: str, held: HeldPass) -> str:
    """Writes a pass as text that nobody else can make."""
    body = _PASS.pack(held.id, held.pass_id.bytes, held.until)
    return to_tagged_text(secret, _PURPOSE, body, about=_about(event))


def open_pass(secret: bytes, event: str, text: str, now: float) -> HeldPass | None:
    """Reads the pass in a cookie. None when it is not ours, of another event, or too old."""
    body = read_tagged_text(secret, _PURPOSE, text, about=_about(event))
    if body is None or len(body) != _PASS.size:
        return None
    id, raw, until = _PASS.unpack(body)
    return HeldPass(id, UUID(bytes=raw), until) if now < until else None


def _about(event: str) -> bytes:
    return event.encode() + b"\x00"
