"""Brings what a gate writes into the stream of gates, in order, and again until it is acknowledged.

The gate never depends on it: while NATS is away everything stays in the gate's folder, and is sent
afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from meterai.waiting_room.carrying.gate_messages import SIGN, GateMessage, folder_id
from meterai.waiting_room.carrying.gate_port import JOINS_WAIT_S, Carried, OutboxFigures
from meterai.waiting_room.carrying.line_names import GATES, gate_subject, sign_subject
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.unsent_files import Piece, UnsentFiles
from meterai.waiting_room.files.queue_folder import QueueFolder

log = structlog.get_logger(__name__)

_AGAIN_S: Final = 0.5
"""Between two tries while NATS is away."""
_KEPT_EVERY_S: Final = 1.0
_PROGRESS_S: Final = 10.0
"""Controllers wait for joins that are on their way while some were stored within so many seconds."""
_ENDS_WITHIN_S: Final = 3.0


class NatsOutbox:
    """See `port.GateOutbox`."""

    def __init__(
        self, line: NatsConnection, folder: QueueFolder, gate: int, *, before: Carried | None
    ) -> None:
        """Raises: OSError."""
        self.before = before
        self._line, self._event, self._gate = line, folder.slug, gate
        self._files = UnsentFiles(folder, gate)
        self._files.mark.has_ended = False
        self._folder_id = folder_id(folder)
        self._sequence, self._window = 0, -1
        self._sign: bytes | None = None
        self._last_sign = b"{}"
        self._wake, self._joins_stored = asyncio.Event(), asyncio.Event()
        self._knows_stream = self._is_away = self._gives_unstored = False
        self._kept_at = self._progress_at = 0.0
        self._behind_since: float | None = None
        self._unacknowledged = 0

    # ---------------------------------------------------------- what the gate says

    def opened(self, *, closed_through: int, sequence: int, window: int) -> None:
        """See `port.GateOutbox`."""
        self._sequence, self._window = sequence, window
        self._files.look(closed_through)
        self._wake.set()

    async def joined(self, windows: Sequence[int], *, last_sequence: int) -> None:
        """See `port.GateOutbox`."""
        given, self._sequence = last_sequence - self._sequence, last_sequence
        self._window = max(self._window, *windows)
        self._files.add_joins(windows)
        self._behind_since = self._behind_since or time.monotonic()
        self._joins_stored.clear()
        self._wake.set()
        if self._line.is_up and not self._is_away:
            with suppress(TimeoutError):
                async with asyncio.timeout(JOINS_WAIT_S):
                    await self._joins_stored.wait()
                return
        self._unacknowledged += given
        if not self._gives_unstored:
            self._gives_unstored = True
            log.warning("joins_not_carried", queue=self._event, gate=self._gate)

    def closed(self, windows: Sequence[int], *, through: int) -> None:
        """See `port.GateOutbox`."""
        self._files.add_closed(windows, through=through)
        self._wake.set()

    def changed(self, names: Sequence[str]) -> None:
        """See `port.GateOutbox`."""
        for name in names:
            self._files.add(name)
        if names:
            self._wake.set()

    def signed(self, sign: bytes) -> None:
        """See `port.GateOutbox`."""
        self._sign = self._last_sign = sign
        self._wake.set()

    def figures(self) -> OutboxFigures:
        """See `port.GateOutbox`."""
        since = self._behind_since
        behind_s = 0.0 if since is None else time.monotonic() - since
        is_up = self._line.is_up and not self._is_away
        return OutboxFigures(is_up=is_up, unacknowledged=self._unacknowledged, behind_s=behind_s)

    # --------------------------------------------------------------------- sending

    async def run(self) -> None:
        """Sends what is new, until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._send_all()
                continue
            except OSError:
                self._is_away, self._knows_stream = True, False
            except Exception as error:  # whatever it is, the gate goes on
                log.exception(
                    "gate_not_carried", queue=self._event, gate=self._gate, error=type(error).__name__
                )
            await asyncio.sleep(_AGAIN_S)
            self._wake.set()

    async def finish(self) -> None:
        """Sends the rest, and says that the gate gives no more tickets. Raises: OSError; TimeoutError."""
        async with asyncio.timeout(_ENDS_WITHIN_S):
            self._files.look_again()
            await self._send_all()
            self._files.mark.has_ended = True  # first: if it is stored, the next start must take it back
            self._files.keep()
            await self._store_sign(self._last_sign, is_carried=False)

    async def _send_all(self) -> None:
        if not self._knows_stream:
            await self._look_at_stream()
        while True:
            if (sign := self._sign) is not None:
                self._sign = None
                await self._store_sign(sign, is_carried=True)
            piece = self._files.next_piece()
            if not self._files.has_joins:
                self._note_stored()
            if piece is not None:
                await self._store(piece)
            if (now := time.monotonic()) - self._kept_at >= _KEPT_EVERY_S:
                self._kept_at = now
                self._files.keep()
            if piece is None and self._sign is None:
                return

    async def _look_at_stream(self) -> None:
        """Begins anew when the stream has lost the last message, as after a loss of NATS' disk."""
        last = await self._line.last_message(GATES, gate_subject(self._event, self._gate))
        if self._files.mark.stored > (last.sequence if last else 0):
            log.warning("line_sent_again", queue=self._event, gate=self._gate)
            self._files.start_again()
        self._knows_stream, self._progress_at = True, time.monotonic()

    async def _store(self, piece: Piece) -> None:
        message = self._message(piece.file, piece.offset, piece.body)
        subject = gate_subject(self._event, self._gate)
        self._files.stored(piece, await self._line.store(subject, piece.body, message.headers()))
        self._is_away, self._progress_at = False, time.monotonic()

    async def _store_sign(self, sign: bytes, *, is_carried: bool) -> None:
        """Stores a sign of life that says of windows only what is true once the files before it were read."""
        told: dict[str, Any] = msgspec.json.decode(sign)
        told["closed_through"] = min(told.get("closed_through", -1), self._files.closed_through)
        told["is_carried"] = is_carried
        if time.monotonic() - self._progress_at < _PROGRESS_S:
            told["unsent_from"] = self._files.unsent_from
        body = msgspec.json.encode(told)
        message = self._message(SIGN, None, body, after=self._files.mark.stored)
        await self._line.store(sign_subject(self._event, self._gate), body, message.headers())
        self._is_away = False

    def _message(self, file: str, offset: int | None, body: bytes, *, after: int = 0) -> GateMessage:
        return GateMessage(
            event=self._event,
            gate=self._gate,
            folder=self._folder_id,
            file=file,
            offset=offset,
            sequence=self._sequence,
            window=self._window,
            after=after,
            body=body,
        )

    def _note_stored(self) -> None:
        self._joins_stored.set()
        self._behind_since = None
        if self._gives_unstored:
            self._gives_unstored = False
            log.info("joins_carried_again", queue=self._event, gate=self._gate)
