"""An adapter on this machine, as a partner starts one: `meterai adapter` with a shared folder."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import aiohttp

from meterai.kit.child_processes import ending_with_parent

_START_SECONDS: Final = 30.0


class AdapterProcess:
    """Starts, kills and ends it. `address`: where clients call it."""

    def __init__(self, site: str, folder: Path, *, data: Path) -> None:
        self._site, self._folder, self._data = site, folder, data
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts it without waiting."""
        command = [sys.executable, "-m", "meterai.cli", "adapter"]
        words = ["--port", str(self._port), "--folder", str(self._folder)]
        words += ["--service", f"{self._site}/wire/stampservice", "--data", str(self._data)]
        env = {**os.environ, "METERAI_LOG_LEVEL": "WARNING"}
        self._process = subprocess.Popen(
            [*command, *words],
            env=env,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=ending_with_parent(signal.SIGTERM),
        )

    async def wait_until_ready(self) -> None:
        """Raises: TimeoutError, or RuntimeError when it has ended."""
        deadline = time.monotonic() + _START_SECONDS
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError("the adapter has ended")
                try:
                    async with session.get(f"{self.address}/") as answer:
                        await answer.read()
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        raise TimeoutError("the adapter does not answer")

    def kill(self) -> None:
        """Ends it and what it has started as a power cut does (SIGKILL)."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def end(self) -> None:
        """Lets it end by itself."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def adapter_beside(site: str, folder: Path, *, data: Path) -> Iterator[AdapterProcess]:
    """An adapter that was started, until the end of the block. `data`: where it keeps its journal."""
    adapter = AdapterProcess(site, folder, data=data)
    adapter.start()
    try:
        yield adapter
    finally:
        adapter.end()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
