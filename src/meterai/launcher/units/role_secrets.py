"""Secrets that an environment file of a role names and does not repeat."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from meterai.launcher.preparation import LaunchProblem

_OFFICERS: Final = "operator"
"""Its commands run in a shell and not in a unit, so they have no credentials."""
_OFFICERS_NEED: Final = ("METERAI_DATABASE_OPERATOR_URL", "METERAI_DATABASE_READER_URL")


def without_secrets(variables: Mapping[str, str], elsewhere: Mapping[str, str]) -> dict[str, str]:
    """The variables of a role, with the path of each secret that stands in a file.

    A credential is left out: its unit brings it.
    """
    kept = {name: value for name, value in variables.items() if name not in elsewhere}
    files = {name: path for name, path in elsewhere.items() if path and name in variables}
    return kept | {f"{name}_FILE": path for name, path in files.items()}


def refuse_unreadable(found: Mapping[str, Mapping[str, str]], elsewhere: Mapping[str, str]) -> None:
    """Refuses a secret that the user of its role can't read. `found`: the variables of each role.

    Raises: LaunchProblem.
    """
    for name in _OFFICERS_NEED:
        if elsewhere.get(name) == "":
            raise LaunchProblem(
                f"{name}: commands of officers have no credentials. Name a file that the user "
                f"meterai-{_OFFICERS} can read, in {name}_FILE."
            )
    files = {f"{name}_FILE": path for name, path in elsewhere.items() if path}
    for name, path in files.items():
        if Path(path).stat().st_mode & 0o007:
            raise LaunchProblem(
                f"{name}: every user of this machine can use {path}. First run: chmod o= {path}"
            )
        for role in (role for role, variables in found.items() if name in variables):
            if not _can_read(f"meterai-{role}", path):
                raise LaunchProblem(
                    f"{name}: the user meterai-{role} can't read {path}. Give it the file (chown, chmod "
                    "0400); users share one by their group meterai-files (chgrp, chmod 0640). Or make it a "
                    "credential (docs/configuration.md)."
                )


def _can_read(user: str, path: str) -> bool:
    """Whether a process of this user could open the file. The kernel answers, for folders and groups too."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise LaunchProblem(
            f"There is no user {user}. First run: systemd-sysusers deploy/systemd/meterai-users.conf"
        ) from None
    groups = os.getgrouplist(user, account.pw_gid)
    asked = [shutil.which("test") or "/usr/bin/test", "-r", path]
    done = subprocess.run(asked, user=account.pw_uid, group=account.pw_gid, extra_groups=groups, check=False)
    return done.returncode == 0
