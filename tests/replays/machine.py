"""A machine of its own for tests of the units: on an overlay of our files.

What it writes is in memory and gone at the end. Our checkout is its /opt/meterai. It has no installation,
even when our machine has one. It shares our network and reaches a database of the test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.booted_machine import MOUNTS, START, BootedMachine

CHECKOUT: Final = Path(__file__).parents[2]
UNITS: Final = CHECKOUT / "deploy" / "systemd"
_BOOT: Final = (
    r"""
set -e
mount -t tmpfs none "$1"; cd "$1"
mkdir root up work opt-up opt-work
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
cd root
"""
    + MOUNTS
    + r"""
mkdir -p opt/meterai etc/systemd/system
mount -t overlay overlay -o lowerdir="$2",upperdir=../opt-up,workdir=../opt-work opt/meterai
chmod 755 opt/meterai
sed -i "s|^$2/|/opt/meterai/|" opt/meterai/.venv/lib/python3*/site-packages/*.pth
rm -rf etc/systemd/system/*.wants etc/systemd/system/default.target
rm -rf etc/meterai var/lib/meterai
ln -s /usr/lib/systemd/system/basic.target etc/systemd/system/default.target
cp opt/meterai/deploy/systemd/*.service opt/meterai/deploy/systemd/*.target etc/systemd/system/
cp opt/meterai/deploy/systemd/*.timer etc/systemd/system/
"""
    + START
)


def boot(folder: Path) -> BootedMachine:
    """Boots one; `folder` is where its files are mounted. Raises: TimeoutError when it does not boot."""
    return BootedMachine.boot(_BOOT, [str(folder), str(CHECKOUT)])
