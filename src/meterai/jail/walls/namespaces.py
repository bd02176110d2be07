"""Namespaces: no network, and a root folder that holds the readable paths only, read-only.

Nothing else has a name inside: no /proc, no home folders, no data directory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from contextlib import suppress

from meterai.jail.walls.kernel_calls import mount, system_call, unmount

_MS_BIND, _MS_RECURSIVE, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_AT_RECURSIVE = 0x8000
_READ_ONLY_NO_DEVICES_NO_PRIVILEGES = 0x1 | 0x2 | 0x4  # MOUNT_ATTR_RDONLY | NOSUID | NODEV
_BASE = "/tmp"  # noqa: S108 - covered by the new root, nothing is written there


def leave_namespaces() -> None:
    """Enters empty namespaces of network, IPC and mounts. An ordinary user also enters one of users.

    Raises: OSError if the kernel grants none, for instance inside a container.
    """
    empty = os.CLONE_NEWNET | os.CLONE_NEWIPC | os.CLONE_NEWNS
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        with suppress(PermissionError):  # root inside a container may lack the right
            os.unshare(empty)
            return
    os.unshare(os.CLONE_NEWUSER | empty)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def enter_view(paths: Iterable[str]) -> None:
    """Makes `paths` (absolute) the only paths that exist. Call `leave_namespaces` first.

    Raises: OSError. Then nothing has changed and nothing is hidden.
    """
    wanted = list(paths)
    for path in wanted:
        os.stat(path)  # what can't be reached from the new namespace is missed now and not later
    mount("none", "/", None, _MS_RECURSIVE | _MS_PRIVATE)
    mount("view", _BASE, "tmpfs", 0, "size=1m,mode=755")
    os.mkdir(_BASE + "/old", 0o700)
    os.chdir(_BASE)
    system_call(_PIVOT_ROOT[os.uname().machine], b".", b"old")
    try:
        _furnish(wanted)
    except OSError:
        os.chroot("/old")
        os.chdir("/")
        raise
    os.chdir("/")
    unmount("/old", _MNT_DETACH)
    os.rmdir("/old")
    attributes = struct.pack("4Q", _READ_ONLY_NO_DEVICES_NO_PRIVILEGES, 0, 0, 0)
    system_call(_MOUNT_SETATTR, -1, b"/", _AT_RECURSIVE, attributes, len(attributes))


def _furnish(paths: list[str]) -> None:
    """Binds the real paths. A path that is reached through links becomes a link itself."""
    real = {path: _real_path(path) for path in paths}
    for path in without_nested(real.values()):
        _bind(path)
    for path, target in real.items():
        if target != path and not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            os.symlink(target, path)


def _bind(path: str) -> None:
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    if os.path.isdir("/old" + path):
        os.mkdir(path, 0o755)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    mount("/old" + path, path, None, _MS_BIND | _MS_RECURSIVE)


def without_nested(paths: Iterable[str]) -> list[str]:
    """The paths in order, without paths below another one."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path.startswith(parent.rstrip("/") + "/") for parent in kept):
            kept.append(path)
    return kept


def _real_path(path: str) -> str:
    """Resolves symbolic links against the old root; realpath would use the new one."""
    for _ in range(40):
        parts = path.strip("/").split("/")
        for count in range(1, len(parts) + 1):
            part = "/" + "/".join(parts[:count])
            if os.path.islink("/old" + part):
                target = os.path.join(os.path.dirname(part), os.readlink("/old" + part))
                path = os.path.normpath(os.path.join(target, *parts[count:]))
                break
        else:
            return path
    raise OSError(f"too many links: {path}")


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
