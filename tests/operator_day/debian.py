"""The empty Debian on which the day begins, made once and kept in the cache folder.

debootstrap is the host's, or its package is unpacked in the cache: nothing is installed on the host.
The mirror is the host's own, or the one that `--mirror` names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.debian_packages import unpack

_FIRST: Final = "systemd,systemd-sysv,dbus,ca-certificates,procps,iproute2,openssl"
"""What a server has before anybody installs something. The rest are the documents' commands."""
_SOURCES: Final = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")


def empty_debian(cache: Path, *, mirror: str, suite: str) -> Path:
    """The root folder of an empty Debian. Raises: subprocess.CalledProcessError, LookupError (no mirror)."""
    root = cache / f"debian-{suite}"
    if root.exists():
        return root
    cache.mkdir(parents=True, exist_ok=True)
    command, environment = _debootstrap(cache)
    making = root.with_name(root.name + ".part")
    shutil.rmtree(making, ignore_errors=True)
    words = [command, "--variant=minbase", f"--include={_FIRST}", suite, making, mirror or host_mirror()]
    with (cache / "debootstrap.log").open("wb") as log:
        subprocess.run(words, check=True, stdout=log, stderr=log, env={**os.environ, **environment})
    making.rename(root)
    return root


def host_mirror() -> str:
    """The mirror of the host's apt. Raises: LookupError when it names none."""
    for place in map(Path, _SOURCES):
        files = sorted(place.iterdir()) if place.is_dir() else [place] if place.exists() else []
        for file in files:
            if found := re.search(r"^(?:URIs:|deb(?: \[.*\])?) *(https?://\S+)", file.read_text(), re.M):
                return found[1]
    raise LookupError("the host's apt names no mirror: name one with --mirror")


def _debootstrap(cache: Path) -> tuple[str, dict[str, str]]:
    """The command, and what its environment needs."""
    if found := shutil.which("debootstrap"):
        return found, {}
    unpacked = cache / "debootstrap"
    if not unpacked.exists():
        unpack(unpacked, "debootstrap")
    return str(unpacked / "usr/sbin/debootstrap"), {"DEBOOTSTRAP_DIR": f"{unpacked}/usr/share/debootstrap"}
