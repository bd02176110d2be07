"""Hosts of a line: a controller's and a front's. They share a folder, or NATS carries between theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.document_mirror import DocumentMirror
from meterai.waiting_room.carrying.document_stream import DocumentStream
from meterai.waiting_room.carrying.nats_connection import NatsConnection, User
from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.sealed_keys import SealedKeys
from meterai.waiting_room.carrying.shared_folder import SharedFolder
from meterai.waiting_room.files.queue_folder import QueueFolder
from tests.nats_server import NatsServer

EVENT = "casn"
SHARED, OWN = Seal("of all hosts" * 4), Seal("of controllers" * 4)


async def until(what: Callable[[], Any], seconds: float = 20) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


class Hosts:
    """`server`: of NATS; None: all hosts share one folder."""

    def __init__(self, root: Path, server: NatsServer | None, stack: AsyncExitStack) -> None:
        self.root, self.server, self._stack = root, server, stack
        url = server.url if server else ""
        self.settings_of: Callable[[User], Settings] = lambda user: Settings(nats_url=url)

    def folder(self, host: str) -> QueueFolder:
        """The event's folder on a host."""
        return QueueFolder(self.root / (host if self.server else "shared") / EVENT)

    async def controller(self, host: str) -> tuple[DocumentCarrier, QueueFolder]:
        """Starts the carrier of a controller that follows."""
        folder = self.folder(host)
        if self.server is None:
            return SharedFolder(), folder
        carrier = DocumentStream(
            self._connection("controller"), folder.path.parent, SHARED, OWN, notes_days=90
        )
        await self.begin(carrier.run())
        await until(lambda: carrier.may_lead)
        return carrier, folder

    async def leader(self, host: str, epoch: int) -> tuple[DocumentCarrier, QueueFolder]:
        """Starts a controller that leads with this number."""
        carrier, folder = await self.controller(host)
        await carrier.lead(epoch)
        folder.keys()
        await carrier.open(EVENT)
        return carrier, folder

    async def front(self, host: str = "front") -> QueueFolder:
        """Starts the mirror of a host with gates and sites. Returns its folder."""
        folder = self.folder(host)
        if self.server is not None:
            connection = self._connection("mirror")
            await connection.open()
            mirror = DocumentMirror(connection, folder.path.parent, SHARED)
            await self.begin(mirror.reader.run())
            await self.begin(SealedKeys(connection, folder.path.parent, SHARED).run())
        return folder

    def _connection(self, user: User) -> NatsConnection:
        connection = NatsConnection(self.settings_of(user), user)
        self._stack.push_async_callback(connection.close)
        return connection

    async def begin(self, work: Any) -> None:
        """Runs it until the test ends."""
        task = asyncio.create_task(work)
        self._stack.push_async_callback(_end, task)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def hosts(root: Path, server: NatsServer | None) -> AsyncIterator[Hosts]:
    """Hosts until the end of the block."""
    async with AsyncExitStack() as stack:
        yield Hosts(root, server, stack)
