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

    def __init__(self, connection: NatsConnection, stream: str, subjects: Sequence[str], take: Take) -> None:
        self._connection, self._stream, self._subjects, self._take = connection, stream, subjects, take
        self.position = 0
        """The sequence of the last message that was applied."""
        self.is_up_to_date = False
        """Whether everything had been applied when the stream was last asked."""

    async def run(self) -> None:
        """Applies what comes, until it is cancelled."""
        while True:
            try:
                await self._read(to_end=False)
            except OSError as error:
                if self._connection.is_up and not isinstance(error, Rewound):
                    log.warning("line_waits", stream=self._stream, reason=str(error))
            self.is_up_to_date = False
            await asyncio.sleep(_RETRY_S)

    async def to_end(self) -> None:
        """Applies what is there now. Raises: OSError."""
        await self._read(to_end=True)

    async def _read(self, *, to_end: bool) -> None:
        try:
            following = self._connection.follow(self._stream, self._subjects, after=self.position)
            async with aclosing(following) as messages:
                async for message in messages:
                    if message is not None:
                        await self._take(message)
                        self.position = message.sequence
                    self.is_up_to_date = message is None or not message.left
                    if to_end and self.is_up_to_date:
                        return
        except Rewound:
            self.position = 0
            raise
