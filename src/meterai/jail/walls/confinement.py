"""Gives up every right of a jail process before it reads the first byte of a stranger's file (Linux).

Several walls are built. Each is enough against most attacks, so that a hole in one opens nothing:

- namespaces: no network interface, no other process, and a root folder with `readable_paths()` only,
  read-only (`namespaces`)
- an own user where root starts it
- Landlock: reading below `readable_paths()`, nothing else (`landlock`)
- seccomp: the system calls that parsing needs, nothing else (`seccomp`)
- no capability, and limits on memory, files and CPU time

The fork server builds what its copies can share (`Walls`). Each copy closes itself in (`confine`).
"""

from __future__ import annotations

import os
import platform
import resource
import signal
import struct
from contextlib import suppress

import msgspec

from meterai.jail.walls import namespaces as view
from meterai.jail.walls import seccomp
from meterai.jail.walls.kernel_calls import exit_on_signal, prctl, system_call
from meterai.jail.walls.landlock import ReadingOnly
from meterai.jail.walls.readable_paths import readable_paths

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """The walls that stand around a process."""

    namespaces: bool = False
    """No network interface; separate System V objects."""
    view: bool = False
    own_pids: bool = False
    """It is alone in its PID namespace."""
    is_root: bool = False
    """It runs as the machine's root, because root started it and could not give it another user."""
    landlock_version: int = 0
    """Version of Landlock; 0 if the kernel has none."""
    seccomp: bool = False

    def missing(self) -> list[str]:
        """Which of `network`, `files`, `processes`, `users` no wall protects. Empty if all are protected."""
        kept = {
            "network": self.namespaces or self.seccomp,
            "files": self.view or self.landlock_version > 0,
            "processes": self.seccomp,
            "users": not self.is_root,
        }
        return [name for name, holds in kept.items() if not holds]


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when its parent ends. A check afterwards closes the race."""
    _die_with_parent()
    if os.getppid() != parent:
        os._exit(0)


def _die_with_parent() -> None:
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Walls:
    """What jail processes share: namespaces, the view, limits, a Landlock ruleset. The fork server has them
    too.

    `first_user`: the copies of a fork server of root run as this user plus their process number.
    """

    def __init__(self, first_user: int, memory_bytes: int) -> None:
        os.chdir("/")
        os.umask(0o022)  # with the 077 of `meterai up` the copies, other users, could not enter the view
        paths = readable_paths()
        exit_on_signal(signal.SIGPROF)  # the first process of a PID namespace would ignore it
        self._proc = os.open("/proc", os.O_PATH | os.O_CLOEXEC)  # the view has none
        self.namespaces = _enter_namespaces()
        self.view = self.namespaces and _enter_view(paths)
        self._ruleset = _landlock(paths)
        self._first_user = first_user if _can_be_read(paths, first_user) else 0
        with suppress(OSError):  # no copy has to make it again
            seccomp.needed_calls(1)
        _limit_resources(memory_bytes)

    def open_own(self, name: str) -> tuple[int, int]:
        """The process number of this process outside of its namespace, and its file `name` of proc(5)."""
        number = int(os.readlink("self", dir_fd=self._proc))
        return number, os.open(f"{number}/{name}", os.O_RDONLY, dir_fd=self._proc)

    def confine(self, number: int) -> Confinement:
        """Gives up every right that this machine allows to give up. Returns the walls that stand."""
        os.close(self._proc)
        if self._first_user:
            _become(self._first_user + number)
        _die_with_parent()  # after the change of user, which ends it
        landlock_version = self._restrict_files()
        _drop_capabilities()
        return Confinement(
            namespaces=self.namespaces,
            view=self.view,
            own_pids=os.getpid() == 1,
            is_root=os.geteuid() == 0,
            landlock_version=landlock_version,
            seccomp=_filter_calls(),
        )

    def _restrict_files(self) -> int:
        if self._ruleset is None:
            return 0
        try:
            self._ruleset.restrict_this_process()
        except OSError:
            return 0
        return self._ruleset.version


def _landlock(paths: list[str]) -> ReadingOnly | None:
    try:
        return ReadingOnly(paths)
    except OSError:
        return None


def _can_be_read(paths: list[str], user: int) -> bool:
    """Whether root started this process, and its copies can read what they need as another user."""
    if not user or os.geteuid() != 0:
        return False
    try:
        os.seteuid(user)
    except OSError:  # root of a user namespace that knows no other user
        return False
    try:
        return all(os.access(path, os.R_OK, effective_ids=True) for path in paths)
    finally:
        os.seteuid(0)


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


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
    """Limits address space, open files, written files and core dumps, also of all copies.

    For CPU time see `CpuTimer`.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    prctl(_PR_SET_DUMPABLE, 0)


def _drop_capabilities() -> None:
    """Drops the capabilities of the new user namespace, or root's own if there is none (capset(2)).

    It fails only on an unknown architecture. Then seccomp fails too and reports it.
    """
    with suppress(KeyError, OSError):
        header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
        system_call(_CAPSET[platform.machine()], header, bytes(24))


def _filter_calls() -> bool:
    try:
        seccomp.allow_needed_calls()
    except OSError:
        return False
    return True
