"""System calls that fail: strace attached to a running process, as root or its owner."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.row import NotFired

_ATTACHES_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Injected:
    """What strace has written of the calls that it looked at."""

    file: Path

    def lines(self) -> list[str]:
        """The calls that it let fail."""
        with contextlib.suppress(FileNotFoundError):
            text = self.file.read_text(errors="replace")
            return [line for line in text.splitlines() if "INJECTED" in line]
        return []


@asynccontextmanager
async def failing_calls(
    pid: int, calls: str, how: str, *, out: Path, more: Sequence[str] = ()
) -> AsyncIterator[Injected]:
    """Lets system calls of a process and its threads fail meanwhile: `how` is strace's, such as `error=EIO`.

    Raises: NotFired when strace is missing or may not attach here.
    """
    if shutil.which("strace") is None:
        raise NotFired("strace is not installed")
    errors = out.with_suffix(".errors")
    command = [
        "strace",
        "-f",
        "-y",
        *more,
        "-o",
        str(out),
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:{how}",
    ]
    with errors.open("wb") as told:
        tracer = subprocess.Popen([*command, "-p", str(pid)], stderr=told, stdin=subprocess.DEVNULL)
    try:
        await _until_attached(tracer, errors)
        yield Injected(out)
    finally:
        tracer.send_signal(signal.SIGINT)  # detaches
        await asyncio.to_thread(tracer.wait)


async def _until_attached(tracer: subprocess.Popen[bytes], errors: Path) -> None:
    for _ in range(int(_ATTACHES_WITHIN_S / 0.05)):
        told = errors.read_text(errors="replace")
        if tracer.poll() is not None:
            raise NotFired(f"strace ended: {told.strip()[-200:]}")
        if "attached" in told:
            return
        await asyncio.sleep(0.05)
    raise NotFired("strace did not attach")
