"""Ends a whole service by SIGKILL, and starts it again as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from chaos.running_service import RunningService, environment_of, launch
from simulator.rehearsal.victims import Victim, is_alive, processes_below, strike

_GONE_SECONDS: Final = 20.0


async def kill_all(launcher: subprocess.Popen[bytes]) -> int:
    """Kills the launcher and everything below it, the database included. Returns how many are seen gone.

    The launcher is frozen first, so that it starts nothing again meanwhile. Raises: TimeoutError.
    """
    os.kill(launcher.pid, signal.SIGSTOP)
    killed = list[Victim]()
    while living := processes_below(launcher.pid, lambda _: True):
        for victim in living:
            strike(victim, signal.SIGKILL)
        killed += [victim for victim in living if victim not in killed]
        await asyncio.sleep(0.02)
    launcher.kill()
    await asyncio.to_thread(launcher.wait)
    deadline = time.monotonic() + _GONE_SECONDS
    while any(is_alive(victim) for victim in killed):
        if time.monotonic() > deadline:
            raise TimeoutError("some processes are still there after SIGKILL")
        await asyncio.sleep(0.02)
    return len(killed) + 1


def start_again(service: RunningService, settings: dict[str, str]) -> RunningService:
    """Starts the service on the same data and ports. `settings`: METERAI_... as it had them."""
    port = service.addresses.site.rpartition(":")[2]
    output = Path(service.data.parent.parent / "launcher-again.output")
    return launch(service.data, arguments=("--port", port), env=settings, output=output)


def settings_of(service: RunningService) -> dict[str, str]:
    """The METERAI_... variables of a running launcher."""
    variables = environment_of(service.launcher.pid)
    return {name: value for name, value in variables.items() if name.startswith("METERAI_")}
