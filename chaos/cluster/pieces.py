"""A program on a host of the cluster: it is started again when it ends, and can be held down."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from chaos.cluster.hosts import inside
from chaos.hosts.parts import Part

_NOBODY: Final = "65534"
AS_NOBODY: Final = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
"""Words before a program that does not run as root."""
FIRST: Final = ("nice", "-n", "-10")
"""Words before a program of a store. Elsewhere it has its own machine: leases run out by the clock."""


class Piece(Part):
    """A part of a host. While it is held, nothing starts it again."""

    def __init__(
        self, host: str, name: str, words: Sequence[str | Path], *, env: Mapping[str, str], logs: Path
    ) -> None:
        super().__init__(f"{host} {name}", inside(host, *words), logs / f"{host}-{name}.log", env=env)
        self.host = host
        self.is_held = False

    async def keep(self) -> None:
        """As `Part.keep`, but not while it is held."""
        while True:
            await asyncio.sleep(0.1)
            if not self.is_held and self._process is not None and self._process.poll() is not None:
                await asyncio.sleep(0.2)
                if not self.is_held:
                    self.start()

    def kill(self, *, hold: bool = False) -> None:
        """`kill -9`. `hold`: until `release`."""
        self.is_held = hold
        if self._process is not None and self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def release(self) -> None:
        """Lets it be started again."""
        self.is_held = False

    async def restart(self, env: Mapping[str, str] | None = None) -> None:
        """Ends it as a service manager does, and starts it again. `env`: more, of the new process alone.

        Raises: TimeoutExpired when it does not end.
        """
        self.is_held = True
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait, 60)
        variables = self._env
        self._env = {**variables, **(env or {})}
        self.start()
        self._env = variables
        self.is_held = False


def processes_on(host: str, names: Collection[str]) -> list[int]:
    """The living processes of a host with these names (of the kernel)."""
    own = os.stat(f"/run/netns/{host}").st_ino
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "ns/net").stat().st_ino == own and (entry / "comm").read_text().strip() in names:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def kill_on(host: str, *names: str) -> None:
    """`kill -9` of all of them, also of those that start meanwhile."""
    while living := processes_on(host, names):
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)
