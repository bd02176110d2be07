"""A machine of its own for tests of the units: systemd as PID 1, in namespaces, on an overlay of our files.

What it writes is in memory and gone at the end. Our checkout is its /opt/meterai. It has no installation,
even when our machine has one. It shares our network and reaches a database of the test.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
UNITS: Final = CHECKOUT / "deploy" / "systemd"
_MASKED: Final = """
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
    sys-kernel-config.mount sys-fs-fuse-connections.mount systemd-udevd.service systemd-logind.service
    systemd-modules-load.service systemd-sysctl.service systemd-tmpfiles-setup-dev.service
    systemd-tmpfiles-setup-dev-early.service systemd-timesyncd.service systemd-remount-fs.service
    systemd-firstboot.service networking.service
"""
"""Units of a real machine that would wait for hardware."""
_BOOT: Final = r"""
set -e
mount -t tmpfs none "$1"; cd "$1"
mkdir root up work opt-up opt-work
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
cd root
mount -t proc proc proc
mount -t sysfs sysfs sys -o ro
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs none run -o mode=755
mount -t tmpfs none tmp -o mode=1777
mount --rbind /dev dev
mkdir -p opt/meterai old etc/systemd/system
mount -t overlay overlay -o lowerdir="$2",upperdir=../opt-up,workdir=../opt-work opt/meterai
chmod 755 opt/meterai
sed -i "s|^$2/|/opt/meterai/|" opt/meterai/.venv/lib/python3*/site-packages/*.pth
rm -rf etc/systemd/system/*.wants etc/systemd/system/default.target
rm -rf etc/meterai var/lib/meterai
ln -s /usr/lib/systemd/system/basic.target etc/systemd/system/default.target
for unit in $3; do ln -sf /dev/null "etc/systemd/system/$unit"; done
cp opt/meterai/deploy/systemd/*.service opt/meterai/deploy/systemd/*.target etc/systemd/system/
cp opt/meterai/deploy/systemd/*.timer etc/systemd/system/
pivot_root . old
umount -l /old
mount --make-rshared /  # as on a real machine; units get their credentials over it
exec env -i container=other PATH=/usr/bin:/usr/sbin /usr/lib/systemd/systemd --log-target=null --show-status=0
"""


class Machine:
    """One booted machine. Raises: TimeoutError when it does not boot."""

    def __init__(self, folder: Path) -> None:
        self._outer = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--cgroup", "--propagation", "private", "--kill-child",
             "sh", "-c", _BOOT, "boot", str(folder), str(CHECKOUT), _MASKED],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._init = self._child_of_outer()
        self._until_booted()

    def run(self, command: str, *, as_user: str = "", fails: bool = False) -> str:
        """Runs a shell command there as root or as another user. Returns its output, errors included.

        Raises: AssertionError when it fails, or with `fails` when it does not.
        """
        words = ["nsenter", "-t", str(self._init), "--mount", "--pid", "--cgroup"]
        if as_user:
            words += ["runuser", "-u", as_user, "--"]
        done = subprocess.run(
            [*words, "sh", "-c", command], capture_output=True, text=True, timeout=600, env=_environment()
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, f"{command}\n{output}"
        return output

    def write(self, path: str, text: str) -> None:
        """Writes a file there."""
        folder = shlex.quote(str(Path(path).parent))
        self.run(f"mkdir -p {folder} && printf %s {shlex.quote(text)} > {shlex.quote(path)}")

    def close(self) -> None:
        """Ends every process of the machine."""
        self._outer.kill()
        self._outer.wait()
        while True:  # the namespace's first process takes all others with it
            try:
                os.kill(self._init, signal.SIGKILL)
            except ProcessLookupError:
                return
            time.sleep(0.05)

    def _child_of_outer(self) -> int:
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        return _until(lambda: next(map(int, children.read_text().split()), 0), "the machine does not start")

    def _until_booted(self) -> None:
        def is_up() -> int:
            asked = ["nsenter", "-t", str(self._init), "--mount", "--pid", "systemctl", "is-system-running"]
            told = subprocess.run(asked, capture_output=True, text=True, env=_environment())
            return told.stdout.strip() in ("running", "degraded")

        _until(is_up, "systemd does not boot")


def _until(ask: Callable[[], int], trouble: str, *, seconds: float = 180) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := ask():
            return found
        time.sleep(0.1)
    raise TimeoutError(trouble)


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LANG": "C.UTF-8"}
