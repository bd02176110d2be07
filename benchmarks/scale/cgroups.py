"""Groups of processes with a limit of CPU: control groups of version 1 or 2, as the machine has them."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.rehearsal.victims import process_stats

_PERIOD_US: Final = 20_000
"""Short, so that a group waits often and little."""
_MOUNTS: Final = Path("/proc/self/mounts")


class NoCgroups(Exception):
    """This machine lets us make no control groups with a limit of CPU."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Where control groups are made."""

    limits: Path
    usage: Path
    """The same as `limits`, but for version 1 with two hierarchies."""
    is_v2: bool


def find_roots(mounts: Path = _MOUNTS) -> Roots:
    """Version 1 when it has the controller of CPU, else version 2. Raises: NoCgroups."""
    if os.geteuid() != 0:
        raise NoCgroups("only root makes control groups")
    v1: dict[str, Path] = {}
    for line in mounts.read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup":
            v1 |= {name: Path(place) for name in ("cpu", "cpuacct") if name in options.split(",")}
        elif kind == "cgroup2":
            listed = Path(place, "cgroup.controllers")
            if listed.exists() and "cpu" in listed.read_text().split():
                return Roots(Path(place), Path(place), is_v2=True)
    if "cpu" in v1 and "cpuacct" in v1:
        return Roots(v1["cpu"], v1["cpuacct"], is_v2=False)
    raise NoCgroups("no mounted control groups limit CPU (cgroup with cpu and cpuacct, or cgroup2 with cpu)")


class Group:
    """A control group. Its limit counts for the groups inside it, too."""

    def __init__(self, roots: Roots, name: str) -> None:
        self._roots, self.name = roots, name
        self._folders = list(dict.fromkeys((roots.limits / name, roots.usage / name)))
        for folder in self._folders:
            if roots.is_v2:
                with suppress(OSError):  # it is on already, or this is the root of a container
                    (folder.parent / "cgroup.subtree_control").write_text("+cpu")
            folder.mkdir()
        weight, most = ("cpu.weight", 10_000) if roots.is_v2 else ("cpu.shares", 200_000)
        (self._folders[0] / weight).write_text(str(most))  # other work of the machine comes after ours

    def inside(self, name: str) -> Group:
        """A group in this one, which then holds no process itself."""
        return Group(self._roots, f"{self.name}/{name}")

    def take(self, *roots: int) -> None:
        """Moves processes and all below them here. What they start later is here, too."""
        moved: set[int] = set()
        while new := _with_descendants(roots) - moved:
            for pid in new:
                for folder in self._folders:
                    with suppress(ProcessLookupError):
                        (folder / "cgroup.procs").write_text(str(pid))
            moved |= new

    def limit(self, cores: float | None) -> None:
        """From now on they get so many processors at most. None: as many as they want."""
        quota, folder = None if cores is None else round(cores * _PERIOD_US), self._folders[0]
        if self._roots.is_v2:
            (folder / "cpu.max").write_text(f"{quota or 'max'} {_PERIOD_US}")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (folder / "cpu.cfs_quota_us").write_text(str(quota or -1))

    def seconds(self) -> float:
        """CPU seconds so far, of the groups inside, too."""
        if not self._roots.is_v2:
            return int((self._folders[-1] / "cpuacct.usage").read_text()) / 1e9
        return int(dict(_pairs(self._folders[0] / "cpu.stat"))["usage_usec"]) / 1e6

    def remove(self) -> None:
        """Its processes go back to the root; what still ends is waited for."""
        for folder in self._folders:
            for child in folder.iterdir():
                if child.is_dir():
                    _empty(child, folder.parents[len(Path(self.name).parts) - 1])
            _empty(folder, folder.parents[len(Path(self.name).parts) - 1])


def _empty(folder: Path, root: Path) -> None:
    for _ in range(50):
        for pid in (folder / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (root / "cgroup.procs").write_text(pid)
        with suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.1)


def _pairs(path: Path) -> list[tuple[str, str]]:
    return [
        (name, value) for name, _, value in (line.partition(" ") for line in path.read_text().splitlines())
    ]


def _with_descendants(roots: tuple[int, ...]) -> set[int]:
    parents = {pid: int(fields[1]) for pid, fields in process_stats().items()}
    found = {pid for pid in roots if pid in parents}
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return found
