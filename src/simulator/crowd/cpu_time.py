"""CPU time and memory of the service's processes, read from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root_pid: int) -> dict[str, float]:
    """CPU seconds (user and system) so far by part: site, worker, signer, jails, postgres, launcher, sandbox.

    Counts every living descendant of `root_pid`, each with its reaped children. Differences of two readings
    stay right when processes were replaced in between.
    """
    parents, times = _table()
    spent: dict[str, float] = defaultdict(float)
    for pid, (own, reaped) in times.items():
        if _descends(pid, root_pid, parents):
            part = _part(pid, root_pid, parents)
            spent[part] += own
            spent[_REAPED.get(part, part)] += reaped
    return dict(spent)


def cpu_nanoseconds(root_pid: int) -> dict[str, int]:
    """The same in nanoseconds (proc(5), schedstat), of the threads that live now: for short spans.

    Children that ended and processes that were replaced are not in it.
    """
    parents, _ = _table()
    spent: dict[str, int] = defaultdict(int)
    for pid in parents:
        if _descends(pid, root_pid, parents):
            spent[_part(pid, root_pid, parents)] += sum(map(_on_cpu, _threads(pid), repeat(pid)))
    return dict(spent)


def memory_mb(root_pid: int) -> dict[str, float]:
    """Proportional set size (proc(5), smaps_rollup) in MB by part, without the twins."""
    parents, _ = _table()
    found: dict[str, float] = defaultdict(float)
    for pid in parents:
        if _descends(pid, root_pid, parents) and (part := _part(pid, root_pid, parents)) != "sandbox":
            found[part] += _pss_mb(pid)
    return {part: round(found[part], 1) for part in sorted(found)}


def pids_of(root_pid: int, part: str) -> list[int]:
    """The processes of a part."""
    parents, _ = _table()
    below = [pid for pid in parents if _descends(pid, root_pid, parents)]
    return [pid for pid in below if _part(pid, root_pid, parents) == part]


@contextmanager
def set_apart(root_pid: int, *, product_cpu: int = 0, crowd_cpu: int = 1) -> Iterator[None]:
    """Puts the product's processes below `root_pid` on one CPU, this process and the twins on another; in the
    end each may run where it could before.

    Processes that they start meanwhile stay with them (sched_setaffinity(2)), and may run in the end where
    that of `root_pid` may.
    """
    own = os.sched_getaffinity(0)
    before: dict[int, set[int]] = {}
    try:
        os.sched_setaffinity(0, {crowd_cpu})
        for thread, part in _threads_below(root_pid):
            with suppress(ProcessLookupError):
                before[thread] = os.sched_getaffinity(thread)
                os.sched_setaffinity(thread, {crowd_cpu if part == "sandbox" else product_cpu})
        yield
    finally:
        os.sched_setaffinity(0, own)
        for thread, _ in _threads_below(root_pid):
            with suppress(ProcessLookupError):
                os.sched_setaffinity(thread, before.get(thread, before.get(root_pid, own)))


def _threads_below(root_pid: int) -> list[tuple[int, str]]:
    """Each thread of the living descendants of `root_pid`, with its part."""
    parents, _ = _table()
    below = [pid for pid in parents if _descends(pid, root_pid, parents)]
    return [(thread, _part(pid, root_pid, parents)) for pid in below for thread in _threads(pid)]


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def _on_cpu(thread: int, pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
    except OSError:
        return 0  # it ended while we looked


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it ended while we looked
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _table() -> tuple[dict[int, int], dict[int, tuple[float, float]]]:
    """By process: its parent, and CPU seconds: (its own, of the children that it has reaped)."""
    parents: dict[int, int] = {}
    times: dict[int, tuple[float, float]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        parents[int(entry.name)] = int(fields[1])
        user, system, reaped_user, reaped_system = (int(ticks) / _TICKS for ticks in fields[11:15])
        times[int(entry.name)] = (user + system, reaped_user + reaped_system)
    return parents, times


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == root:
            return True
        pid = parents.get(pid, 0)
    return False


def _part(pid: int, root: int, parents: dict[int, int]) -> str:
    """By the nearest ancestor whose command line says what it is."""
    while pid > 1 and pid != root:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            words = ""
        for name, mark in _MARKS.items():
            if mark in words:
                return name
        pid = parents.get(pid, 0)
    return "launcher"


_MARKS = {
    "sandbox": "sandbox.",
    "jails": "meterai.jail",
    "signer": "meterai.processes.signer",
    "worker": "meterai.processes.worker",
    "site": "meterai.processes.site",
    "gate": "meterai.processes.gate",
    "queue": "meterai.processes.controller",
    "postgres": "postgres",
}
_REAPED = {"site": "jails", "worker": "jails"}
"""What a part's children were that it has reaped."""
