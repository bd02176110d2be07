"""A real NATS server with JetStream for tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from meterai.kit.child_processes import ending_with_parent
from tests.places import passing_folder
from tests.ports import free_port

_START_SECONDS_MAX = 20


class NatsServer:
    """The server, at the same port and with the same messages after each start.

    `config`: its settings. `variables`: of its environment, such as passwords.
    """

    def __init__(self, folder: Path, config: str = "", variables: Mapping[str, str] | None = None) -> None:
        self._folder, self.port = folder, free_port()
        self._environment = os.environ | (variables or {})
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "nats.conf").write_text(config)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        command = ["nats-server", "-c", str(self._folder / "nats.conf"), "-a", "127.0.0.1"]
        command += ["-p", str(self.port), "-js", "-sd", str(self._folder / "store")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                preexec_fn=ending_with_parent(signal.SIGKILL),
                env=self._environment,
            )
        deadline = time.monotonic() + _START_SECONDS_MAX
        while not self._listens():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "the NATS server does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Ends it, as a killed one ends."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose_disk(self) -> None:
        """Ends it, and takes away what it kept."""
        self.end()
        shutil.rmtree(self._folder / "store")


@contextmanager
def running_nats(config: str = "", variables: Mapping[str, str] | None = None) -> Iterator[NatsServer]:
    """A ready server without messages, gone at the end."""
    with passing_folder("nats-") as folder:
        server = NatsServer(folder, config, variables)
        try:
            server.start()
            yield server
        finally:
            server.end()
