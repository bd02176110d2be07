"""The outboxes of a gate whose host has a queue folder of its own, and what a gate asks before it opens.

A folder without files asks the stream first whether this gate ever ran. So does a gate that ended in order,
because controllers no longer expect tickets of it. Any other gate asks too, and goes on without an answer.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog

from meterai.waiting_room.carrying.gate_messages import SIGN, GateMessage, folder_id, read_message
from meterai.waiting_room.carrying.gate_outbox import NatsOutbox
from meterai.waiting_room.carrying.gate_port import Carried
from meterai.waiting_room.carrying.line_names import GATES, SIGNS, gate_subject, sign_subject
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.unsent_files import UnsentFiles
from meterai.waiting_room.files.gate_journal import SEQUENCE
from meterai.waiting_room.files.gate_numbers import refuse_another_host
from meterai.waiting_room.files.queue_folder import QueueFolder

log = structlog.get_logger(__name__)

ASKS_FOR_S: Final = 3.0
"""A gate that has its files goes on after so long without an answer of the stream."""
_AGAIN_S: Final = 0.5


@dataclass(slots=True)
class _Opening:
    """An event that this gate wants to open."""

    asking: asyncio.Task[Carried | None]
    since: float
    outbox: NatsOutbox | None = None
    sender: asyncio.Task[None] | None = None


@dataclass(slots=True)
class NatsGateCarrier:
    """See `port.GateCarrier`."""

    line: NatsConnection
    gate: int
    host: str
    _openings: dict[str, _Opening] = field(default_factory=dict)

    async def run(self) -> None:
        """See `port.GateCarrier`."""
        await self.line.open()
        await asyncio.Event().wait()

    def outbox(self, folder: QueueFolder) -> NatsOutbox | None:
        """See `port.GateCarrier`."""
        opening = self._openings.get(folder.slug)
        if opening is None:
            asking = asyncio.create_task(self._ask(folder))
            opening = self._openings[folder.slug] = _Opening(asking, time.monotonic())
        if opening.outbox is None:
            before = None
            if opening.asking.done():
                before = opening.asking.result()
            elif time.monotonic() - opening.since < ASKS_FOR_S or self._must_ask(folder):
                return None
            opening.asking.cancel()
            opening.outbox = NatsOutbox(self.line, folder, self.gate, before=before)
            opening.sender = asyncio.create_task(opening.outbox.run())
        return opening.outbox

    async def close(self) -> None:
        """See `port.GateCarrier`."""
        for opening in self._openings.values():
            opening.asking.cancel()
            if opening.sender is not None:
                opening.sender.cancel()
        if self.line.is_up:
            outboxes = [one.outbox for one in self._openings.values() if one.outbox is not None]
            ends = await asyncio.gather(*(one.finish() for one in outboxes), return_exceptions=True)
            for end in ends:
                if end is not None:
                    log.warning("gate_not_signed_off", gate=self.gate, error=type(end).__name__)
        await self.line.close()

    def _must_ask(self, folder: QueueFolder) -> bool:
        """Whether this gate may give no ticket before the stream has answered."""
        is_new = not (folder.gate(self.gate) / SEQUENCE).exists()
        return is_new or UnsentFiles(folder, self.gate).mark.has_ended

    async def _ask(self, folder: QueueFolder) -> Carried | None:
        """What the stream knows of this gate; None: it never ran. Tells controllers that it runs.

        Raises: BlockingIOError when a gate of another host has this number.
        """
        while True:
            with suppress(ConnectionError):
                sign = await self.line.last_message(SIGNS, sign_subject(folder.slug, self.gate))
                last = await self.line.last_message(GATES, gate_subject(folder.slug, self.gate))
                refuse_another_host(sign.body if sign else b"", number=self.gate, host=self.host)
                if self._must_ask(folder):
                    await self._announce(folder)
                known = [read_message(one.subject, one.headers, one.body) for one in (sign, last) if one]
                if not known:
                    return None
                return Carried(max(one.sequence for one in known), max(one.window for one in known))
            await asyncio.sleep(_AGAIN_S)

    async def _announce(self, folder: QueueFolder) -> None:
        """Says that this gate is about to give tickets: from now on silence may hide some."""
        told: dict[str, Any] = {}
        with suppress(OSError, msgspec.MsgspecError):
            told = msgspec.json.decode(folder.gate_sign(self.gate).read_bytes(), type=dict[str, Any])
        told |= {"gate": self.gate, "host": self.host, "at": int(time.time()), "is_carried": True}
        body = msgspec.json.encode(told)
        message = GateMessage(
            event=folder.slug,
            gate=self.gate,
            folder=folder_id(folder),
            file=SIGN,
            offset=None,
            body=body,
        )
        await self.line.store(sign_subject(folder.slug, self.gate), body, message.headers())
