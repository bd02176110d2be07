"""The user of a program that refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """The user as which a child runs, and the owner of its files."""

    uid: int
    """The user as which the child sees itself."""
    gid: int
    files_uid: int
    """The owner of its files, seen from here."""
    files_gid: int
    changes_user: bool
    """The child becomes `uid` for good and has only the rights of that user."""
    in_namespace: bool
    """The child keeps our rights, and a user namespace shows it as `uid` (user_namespaces(7))."""

    def own(self, path: Path) -> None:
        """Gives `path` and all below it to this identity.

        The top comes last, so that an interrupted change is continued the next time.
        """
        if os.getuid() != 0 or path.lstat().st_uid == self.files_uid:
            return
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                os.lchown(os.path.join(folder, name), self.files_uid, self.files_gid)
        os.lchown(path, self.files_uid, self.files_gid)

    def reaches(self, path: Path) -> bool:
        """Whether a child may enter or run `path`."""
        if not self.changes_user:
            return os.access(path, os.X_OK)
        return _may_execute(path, self.uid, self.gid)

    def popen(self, before: Callable[[], None]) -> dict[str, Any]:
        """Arguments for subprocess.Popen. `before` runs first in the child, as this identity."""
        if self.changes_user:
            return {"user": self.uid, "group": self.gid, "extra_groups": [], "preexec_fn": before}
        if not self.in_namespace:
            return {"preexec_fn": before}

        def enter() -> None:
            _enter_namespace(self.uid, self.gid)
            before()

        return {"preexec_fn": enter}


def choose_identity(folder: Path) -> Identity | None:
    """Chooses the user for a child that keeps its files in `folder`.

    - the user of this process, when that is not root
    - `nobody`, where that user can reach `folder`
    - else root, shown as `nobody` in a user namespace
    - None where nothing of this works
    """
    uid, gid = os.getuid(), os.getgid()
    if uid != 0:
        return Identity(uid, gid, uid, gid, changes_user=False, in_namespace=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return None
    if _may_execute(folder.parent, nobody.pw_uid, nobody.pw_gid):
        return Identity(
            nobody.pw_uid, nobody.pw_gid, nobody.pw_uid, nobody.pw_gid, changes_user=True, in_namespace=False
        )
    shown = Identity(nobody.pw_uid, nobody.pw_gid, 0, 0, changes_user=False, in_namespace=True)
    return shown if _works(shown) else None


def _may_execute(path: Path, uid: int, gid: int) -> bool:
    try:
        return (
            subprocess.run(
                ["/usr/bin/test", "-x", str(path)], user=uid, group=gid, extra_groups=[], check=False
            ).returncode
            == 0
        )
    except (OSError, subprocess.SubprocessError):  # a container without the right to change users
        return False


def _works(identity: Identity) -> bool:
    try:
        return subprocess.run(["/usr/bin/true"], **identity.popen(lambda: None)).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _enter_namespace(uid: int, gid: int) -> None:
    os.unshare(os.CLONE_NEWUSER)
    for file, line in (("setgroups", "deny"), ("uid_map", f"{uid} 0 1"), ("gid_map", f"{gid} 0 1")):
        with open(f"/proc/self/{file}", "w") as handle:
            handle.write(line)
