"""Gives up every right of a jail process before it reads the first byte of a stranger's file (Linux).

Several walls are built. Each is enough against most attacks, so that a hole in one opens nothing:

- namespaces: no network interface, and a root folder with `readable_paths()` only, read-only (`namespaces`)
- Landlock: reading below `readable_paths()`, nothing else (`landlock`)
- seccomp: no sockets, processes, programs, writing, mounts, or signals to others (`seccomp`)
- no capability, and limits on memory, files and CPU time

The kernel enforces the limits: a compression bomb ends the process, not the machine.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
from contextlib import suppress

import msgspec

from meterai.jail import namespaces as view
from meterai.jail import seccomp
from meterai.jail.kernel_calls import prctl, system_call
from meterai.jail.landlock import allow_reading_only
from meterai.jail.readable_paths import readable_paths

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """The walls that stand around a process."""

    namespaces: bool = False
    """No network interface; separate System V objects."""
    view: bool = False
    landlock_version: int = 0
    """Version of Landlock; 0 if the kernel has none."""
    seccomp: bool = False

    def missing(self) -> list[str]:
        """Which of `network`, `files`, `processes` no wall protects. Empty if all are protected."""
        kept = {
            "network": self.namespaces or self.seccomp,
            "files": self.view or self.landlock_version > 0,
            "processes": self.seccomp,
        }
        return [name for name, holds in kept.items() if not holds]


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when its parent ends. A check afterwards closes the race."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def confine(memory_bytes: int) -> Confinement:
    """Gives up every right that this machine allows to give up. Returns the walls that stand."""
    os.chdir("/")
    paths = readable_paths()
    namespaces = _enter_namespaces()
    in_view = namespaces and _enter_view(paths)
    _limit_resources(memory_bytes)
    landlock_version = _restrict_files(paths)
    _drop_capabilities()
    return Confinement(
        namespaces=namespaces,
        view=in_view,
        landlock_version=landlock_version,
        seccomp=_filter_calls(),
    )


def _enter_namespaces() -> bool:
    try:
        view.leave_namespaces()
    except (OSError, AttributeError):
        return False
    return True


def _enter_view(paths: list[str]) -> bool:
    try:
        view.enter_view(paths)
    except (OSError, KeyError):
        return False
    return True


def _limit_resources(memory_bytes: int) -> None:
    """Limits address space, open files, written files and core dumps. For CPU time see `CpuTimer`."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    prctl(_PR_SET_DUMPABLE, 0)


def _restrict_files(paths: list[str]) -> int:
    try:
        return allow_reading_only(paths)
    except OSError:
        return 0


def _drop_capabilities() -> None:
    """Drops the capabilities of the new user namespace, or root's own if there is none (capset(2)).

    It fails only on an unknown architecture. Then seccomp fails too and reports it.
    """
    with suppress(KeyError, OSError):
        header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
        system_call(_CAPSET[os.uname().machine], header, bytes(24))


def _filter_calls() -> bool:
    try:
        seccomp.forbid_calls()
    except OSError:
        return False
    return True
