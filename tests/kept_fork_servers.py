"""Fork servers of jails, handed on from test to test: each takes a second of CPU time to import its tasks.

A fork server reads no file, so nothing of a test stays in it. Those that only probe the walls are not kept:
their tests look at how they begin and end.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

import pytest

from meterai.jail.fork_server import ForkServer
from meterai.jail.supply import Supply

_KEPT_MAX = 2
_PROBES = "meterai.jail.probe"

type _Kind = tuple[object, ...]
"""What must be the same: the tasks, the limits, and the rights of this process."""


class KeptForkServer(ForkServer):
    """A fork server that waits for the next pool when the pool that has used it closes."""

    kind: _Kind | None = None
    """None: nobody may use it again."""

    @classmethod
    async def start(
        cls, tasks: Iterable[str], *, memory_bytes: int, cpu_seconds: int, first_user: int
    ) -> Self:
        names = list(tasks)
        kind = (*names, memory_bytes, cpu_seconds, first_user, os.getresuid(), os.getresgid())
        while (one := _idle.pop(kind, None)) is not None:
            kept = cls(one._child, one._orders)  # with a lock for the loop of this test
            kept.kind = kind
            if _is_silent(kept._orders):
                return kept
            await ForkServer.end(kept)
        server = await super().start(
            names, memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, first_user=first_user
        )
        server.kind = kind if _may_be_kept(names) else None
        return server

    async def end(self) -> None:
        if self.kind is None:
            await super().end()
            return
        async with self._turn:  # a fork under way ends first
            same = _idle.pop(self.kind, None)
            _idle[self.kind] = self
        over = [same] if same else [_idle.pop(next(iter(_idle)))] if len(_idle) > _KEPT_MAX else []
        for server in over:
            await ForkServer.end(KeptForkServer(server._child, server._orders))


_idle: dict[_Kind, KeptForkServer] = {}
"""The longest idle first."""


def _may_be_kept(tasks: list[str]) -> bool:
    """It ends with the thread that has started it, and may have read a picture of the stamp of this test."""
    here = threading.current_thread() is threading.main_thread()
    return here and "METERAI_STAMP_ARTWORK" not in os.environ and not tasks[0].startswith(_PROBES)


def _is_silent(orders: socket.socket) -> bool:
    """Whether it lives and owes no answer."""
    with suppress(BlockingIOError):
        orders.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        return False
    return True


def keep_fork_servers(patch: pytest.MonkeyPatch) -> None:
    """Keeps those of all pools from now on. `end_kept` ends them."""
    give_up = Supply.give_up

    async def give_up_for_good(supply: Supply, server: ForkServer) -> None:
        if isinstance(server, KeptForkServer):
            server.kind = None
        await give_up(supply, server)

    patch.setattr("meterai.jail.supply.ForkServer", KeptForkServer)
    patch.setattr(Supply, "give_up", give_up_for_good)


def end_kept() -> None:
    """Ends the fork servers that nobody uses."""
    for server in _idle.values():
        asyncio.run(ForkServer.end(KeptForkServer(server._child, server._orders)))
    _idle.clear()
