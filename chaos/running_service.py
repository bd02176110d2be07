"""The whole service as a newcomer starts it (`meterai up`), driven from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from meterai.kit.child_processes import ProcessStamp
from meterai.kit.installation import Addresses, read_addresses
from simulator.rehearsal.victims import command_of, process_stats

START_SECONDS_MAX: Final = 180
_QUICKER: Final = {
    "METERAI_CONSOLE_PROCESSES": "0",
    "METERAI_JAIL_SLOTS": "1",
    "METERAI_PAYMENT_GATEWAYS": "midtrans",
    "METERAI_PROBE": "off",
    "METERAI_REFUND_WAIT_MINUTES": "0",
    "METERAI_STATUS_PAGE": "off",
}


class RunningService:
    """A launcher and everything below it. `addresses` says where it listens, `data` is its directory."""

    def __init__(self, launcher: subprocess.Popen[bytes], data: Path, output: Path) -> None:
        self.launcher = launcher
        self.data = data
        self.addresses: Addresses
        self._output = output

    @property
    def output(self) -> str:
        """What the launcher printed so far."""
        return self._output.read_text()

    def wait_until_ready(self) -> None:
        """Raises: AssertionError with the launcher's words when it ends or takes too long."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while "\nNext: " not in self.output:  # its last line: the addresses stand before it
            assert self.launcher.poll() is None, f"the launcher ended: {self.output}"
            assert time.monotonic() < deadline, f"not ready in time: {self.output}"
            time.sleep(0.05)
        self.addresses = read_addresses(self.data)

    def children(self) -> list[ProcessStamp]:
        """The processes the launcher remembers (the database is not among them)."""
        return msgspec.json.decode(
            (self.data / "run" / "processes.json").read_bytes(), type=list[ProcessStamp]
        )

    def sessions(self) -> set[int]:
        """The sessions of everything that runs below the launcher: each child leads one."""
        stats = process_stats()
        own = stats[self.launcher.pid][3]
        children = [fields for fields in stats.values() if int(fields[1]) == self.launcher.pid]
        return {int(fields[3]) for fields in children if fields[3] != own}

    def stop(self, sign: signal.Signals = signal.SIGINT, seconds: float = 30) -> int:
        """Ends it and returns the launcher's exit status."""
        self.launcher.send_signal(sign)
        return self.launcher.wait(seconds)


def launch(
    data: Path,
    *,
    arguments: Sequence[str],
    prefix: Sequence[str] = (),
    python: Path = Path(sys.executable),
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> RunningService:
    """Starts `meterai up` on `data`, without waiting. `arguments` say on which ports.

    A process has one PDF jail instead of two, and there are no console, no status page and no probe, unless
    `env` says otherwise: it is ready sooner. Refunds to an account do not wait.
    `prefix`: words before it, such as a change of user. `python`: of the environment that has the product.
    """
    written = output or data.with_name(data.name + ".output")
    heeding = ["env", "--default-signal=INT"]  # tests in the background of a shell inherit that it is ignored
    command = [*heeding, *prefix, str(python), "-m", "meterai.cli", "up", *arguments, "--data", str(data)]
    with written.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**without_settings(), **_QUICKER, **(env or {})},
        )
    return RunningService(process, data, written)


def without_settings() -> dict[str, str]:
    """The environment of this process without the product's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("METERAI_")}


def environment_of(pid: int) -> dict[str, str]:
    """The variables with which a process was started. Raises: OSError when there is no such process."""
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode()
    return dict(pair.split("=", 1) for pair in raw.rstrip("\0").split("\0"))


def processes_of(sessions: set[int]) -> list[str]:
    """Command lines of living processes in these sessions."""
    living = [
        pid for pid, fields in process_stats().items() if int(fields[3]) in sessions and fields[0] not in "ZX"
    ]
    return [f"{pid} {' '.join(command_of(pid)) or '?'}" for pid in living]


def parent_of(pid: int) -> int:
    """The parent of a living process; 0 when it has just ended."""
    return int(process_stats().get(pid, ["", "0"])[1])
