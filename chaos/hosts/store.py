"""The object store that both hosts share: a bucket of a real S3 server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from chaos.hosts.pair import until
from chaos.hosts.parts import Part
from chaos.seaweed import PORTS, Seaweed
from meterai.kit.child_processes import free_port


@dataclass(slots=True)
class Store:
    """The server, and the part that keeps it running."""

    server: Seaweed
    part: Part

    @property
    def url(self) -> str:
        """METERAI_OBJECTS_URL."""
        return self.server.variables["METERAI_OBJECTS_URL"]

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the store, for everything that reads or writes files."""
        return {name: value for name, value in self.server.variables.items() if name.startswith("AWS_")}

    async def make_ready(self) -> None:
        """Starts it, and waits until it takes an object. Raises: TimeoutError."""
        self.part.start()
        await until(lambda: asyncio.to_thread(self.server.answers), "the object store")


def object_store(folder: Path) -> Store:
    """A server with its files in this folder. Not started yet."""
    folder.mkdir(parents=True)
    server = Seaweed(folder, _free_row())
    part = Part("objects", server.command(), folder.parent / "objects.log", env=server.environment)
    return Store(server, part)


def _free_row() -> int:
    """The first of as many free ports in a row as the server needs."""
    while True:
        first = free_port()
        if all(free_port(port) == port for port in range(first, first + PORTS)):
            return first
