"""Reads a stream from its start and goes on as it grows, whatever happens to the connection or the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import structlog

from meterai.waiting_room.carrying.nats_connection import Message, NatsConnection, Rewound

log = structlog.get_logger(__name__)

_RETRY_S = 1.0

Take = Callable[[Message], Awaitable[None]]
"""Applies a message. It may come again. Raises: OSError when it can't be applied now."""


class StreamReader:
    """One reader of a stream. Its next start applies all messages again, so it keeps no position."""

    def __init__(
        self,
        connection: NatsConnection,
        stream: str,
        subjects: Sequence[str],
        *,
        take: Take,
        begin: Callable[[], None],
    ) -> None:
        """`begin`: forgets what was known of the stream, because it is read from its start."""
        self._connection, self._stream, self._subjects = connection, stream, subjects
        self._take, self._begin = take, begin
        self._times_connected = 0
        self.position = 0
        """The sequence of the last message that was applied."""
        self._has_all = False
        self._told = ""
        """Why it could not read, as the log has it."""

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything had been applied when the stream was last asked, on this connection."""
        return self._has_all and self._times_connected == self._connection.times_connected

    async def run(self) -> None:
        """Applies what comes, until it is cancelled."""
        while True:
            if self._times_connected != self._connection.times_connected:
                self.begin_anew()
            try:
                await self._read(to_end=False)
            except OSError as error:
                is_same = self._times_connected == self._connection.times_connected
                if self._connection.is_up and is_same and not isinstance(error, Rewound):
                    self._tell(str(error))
            self._has_all = False
            await asyncio.sleep(_RETRY_S)

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            log.warning("line_waits", stream=self._stream, reason=reason)
            self._told = reason

    def begin_anew(self) -> None:
        """Reads everything again."""
        self.position = 0
        self._times_connected = self._connection.times_connected
        self._begin()

    async def to_end(self, *, after: int | None = None) -> None:
        """Applies what is there now. `after`: this sequence; None: what was not applied. Raises: OSError."""
        if after is not None:
            self.position = after
        elif self._times_connected != self._connection.times_connected:
            self.begin_anew()  # a server that was away may have lost messages, and taken others since
        await self._read(to_end=True)

    async def _read(self, *, to_end: bool) -> None:
        try:
            following = self._connection.follow(self._stream, self._subjects, after=self.position)
            async with aclosing(following) as messages:
                async for message in messages:
                    if message is not None:
                        await self._take(message)
                        self.position = message.sequence
                    self._has_all = message is None or not message.left
                    self._told = ""
                    if to_end and self._has_all:
                        return
        except Rewound:
            self.begin_anew()
            raise
