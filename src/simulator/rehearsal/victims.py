"""Finds the service's processes below its launcher, and makes them fail. Touches no others."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.rehearsal.schedule import FaultKind


@dataclass(frozen=True, slots=True)
class Victim:
    """A process, told apart from a later one with the same number."""

    pid: int
    started: str


def is_module(name: str) -> Callable[[list[str]], bool]:
    """Whether a command line runs this module."""
    return lambda words: "-m" in words and words[words.index("-m") + 1 :][:1] == [name]


MARKS: Final[dict[FaultKind, Callable[[list[str]], bool]]] = {
    FaultKind.GATEWAY_DOWN: is_module("sandbox.gateway"),
    FaultKind.JAIL_KILLED: is_module("meterai.jail"),
    FaultKind.SIGNER_KILLED: is_module("meterai.processes.signer"),
    FaultKind.WORKER_KILLED: is_module("meterai.processes.worker"),
    FaultKind.GATE_KILLED: is_module("meterai.processes.gate"),
    FaultKind.DATABASE_RESTARTED: lambda words: words[0].endswith("/postgres") and "-D" in words,
}


def victims(launcher_pid: int, kind: FaultKind) -> list[Victim]:
    """The living processes below the launcher that a fault of this kind would strike."""
    return processes_below(launcher_pid, MARKS[kind])


def processes_below(launcher_pid: int, is_wanted: Callable[[list[str]], bool]) -> list[Victim]:
    """The living processes below the launcher whose command line is wanted."""
    parents = {pid: int(fields[1]) for pid, fields in process_stats().items()}
    found = []
    for pid, fields in process_stats().items():
        if fields[0] in "ZX" or not _descends(pid, launcher_pid, parents):
            continue
        words = command_of(pid)
        if words and is_wanted(words):
            found.append(Victim(pid, fields[19]))
    return found


def is_alive(victim: Victim) -> bool:
    """Whether it is this process that still runs."""
    fields = _stat(victim.pid)
    return fields is not None and fields[0] not in "ZX" and fields[19] == victim.started


def cpu_ticks(victim: Victim) -> int:
    """CPU time that it has used, in the kernel's ticks; 0 when it is gone."""
    fields = _stat(victim.pid)
    return int(fields[11]) + int(fields[12]) if fields is not None and fields[19] == victim.started else 0


def is_frozen(victim: Victim) -> bool:
    """Whether it is stopped by a signal."""
    fields = _stat(victim.pid)
    return fields is not None and fields[19] == victim.started and fields[0] == "T"


def strike(victim: Victim, sign: signal.Signals) -> None:
    """Sends a signal to that process and no other (pidfd_send_signal(2)). Nothing when it is gone."""
    try:
        handle = os.pidfd_open(victim.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(victim):
            signal.pidfd_send_signal(handle, sign)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def process_stats() -> dict[int, list[str]]:
    """/proc/PID/stat of every process, from its third field on: state, parent, group, session, ..."""
    names = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return {pid: fields for pid in names if (fields := _stat(pid))}


def _stat(pid: int) -> list[str] | None:
    """/proc/PID/stat from its third field on: state, parent, ..., start time at 19."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def command_of(pid: int) -> list[str]:
    """The words of a process's command line; none when it has just ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        pid = parents.get(pid, 0)
        if pid == root:
            return True
    return False
