"""The carrier of a controller whose hosts share one folder: there is nothing to carry."""

from __future__ import annotations

import asyncio


class SharedFolder:
    """See `port.DocumentCarrier`."""

    may_lead = True
    hears_gates = True

    async def run(self) -> None:
        """Rests until it is cancelled."""
        await asyncio.Event().wait()

    async def lead(self, epoch: int) -> None:
        """The stage of the folder keeps earlier leaders out (`window_files.FencedFolder`)."""

    async def leave(self) -> None:
        """Nothing was held."""

    async def open(self, event: str) -> None:
        """There is one folder."""

    def publish(self, event: str, path: str, content: bytes) -> None:
        """Others read the file itself."""

    def append(self, event: str, path: str, offset: int, piece: bytes) -> None:
        """Others read the file itself."""
