"""The operator's machine: an empty Debian, its changes in a folder of the day, a network of its own.

Its network reaches the twins of the outside world alone. Commands that fetch packages use the host's.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.booted_machine import MOUNTS, START, BootedMachine

OWN_ADDRESS: Final = "192.0.2.10"
"""Of documentation (RFC 5737), and no loopback. `World` lays the cable."""
_APART: Final = ("--ipc", "--uts", "--net")
_BOOT: Final = (
    r"""
exec > "$1/boot.log" 2>&1
set -e
ip link set lo up
cd "$1"; mkdir -p root up work
mount -t overlay overlay -o lowerdir="$2",upperdir=up,workdir=work root
cd root
"""
    + MOUNTS
    + r"""
mount -t tmpfs none dev/shm -o mode=1777
mkdir -p mnt/release root/.cache var/cache/apt/archives
mount --bind "$3/apt" var/cache/apt/archives
mount --bind "$3/packages" root/.cache
mount --bind "$4" mnt/release
echo meterai > etc/hostname; hostname meterai
"""
    + START
)


class OperatorMachine(BootedMachine):
    """The machine of the day."""

    @classmethod
    def start(cls, folder: Path, *, debian: Path, cache: Path, releases: Path) -> OperatorMachine:
        """Boots it with what `folder` holds of it. `releases`: where our code is cloned from."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("apt", "packages"):
            (cache / name).mkdir(parents=True, exist_ok=True)
        arguments = [str(folder), str(debian), str(cache), str(releases)]
        machine = cls.boot(_BOOT, arguments, apart=_APART)
        resolver = Path("/etc/resolv.conf").read_text()
        machine.write("/etc/resolv.conf", resolver)
        return machine

    @classmethod
    def left_running(cls, init: int) -> OperatorMachine:
        """The one that an earlier run has left."""
        return cls(init, apart=_APART)

    def entering_with_internet(self, *words: str) -> list[str]:
        """As `entering`, with the host's network."""
        return [word for word in self.entering(*words) if word != "--net"]

    def journal(self) -> str:
        """The machine's journal."""
        words = self.entering("journalctl", "--no-pager", "--lines=20000")
        return subprocess.run(words, capture_output=True, text=True).stdout


def remove(folder: Path) -> None:
    """Deletes the files of a machine that does not run."""
    shutil.rmtree(folder, ignore_errors=True)
