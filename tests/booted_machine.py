"""A booted machine: systemd as PID 1 in namespaces of its own. What its files are, a boot script says."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from tests.waiting import until

_NEEDLESS: Final = (
    "dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount "
    "sys-kernel-config.mount sys-fs-fuse-connections.mount systemd-udevd.service systemd-logind.service "
    "systemd-modules-load.service systemd-sysctl.service systemd-tmpfiles-setup-dev.service "
    "systemd-tmpfiles-setup-dev-early.service systemd-timesyncd.service systemd-remount-fs.service "
    "systemd-firstboot.service networking.service console-getty.service getty.target"
)
"""Units of a real machine that would wait for hardware."""
MOUNTS: Final = """
mount -t proc proc proc
mount -t sysfs sysfs sys -o ro
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs none run -o mode=755
mount -t tmpfs none tmp -o mode=1777
mount --rbind /dev dev
"""
"""The lines of a boot script that come first in the root folder."""
START: Final = f"""
for unit in {_NEEDLESS}; do ln -sf /dev/null "etc/systemd/system/$unit"; done
mkdir -p old
pivot_root . old
umount -l /old
mount --make-rshared /  # as on a real machine; units get their credentials over it
exec env -i container=other PATH=/usr/bin:/usr/sbin /usr/lib/systemd/systemd --log-target=null --show-status=0
"""
"""The last lines of a boot script, in the root folder."""
_NAMESPACES: Final = ("--mount", "--pid", "--cgroup")
_BOOT_SECONDS: Final = 180


class BootedMachine:
    """One booted machine; `init` is its systemd, seen from here. `apart`: its namespaces beside the usual."""

    def __init__(self, init: int, *, apart: Sequence[str] = (), outer: subprocess.Popen[bytes] | None = None):
        self.init = init
        self.namespaces = (*_NAMESPACES, *apart)
        self._outer = outer

    @classmethod
    def boot(cls, script: str, arguments: Sequence[str], *, apart: Sequence[str] = ()) -> Self:
        """Boots one. `script` makes the root folder with `arguments`, and ends with `START`.

        Raises: TimeoutError when it does not boot.
        """
        outer = subprocess.Popen(
            ["unshare", *_NAMESPACES, *apart, "--fork", "--propagation", "private", "--kill-child",
             "sh", "-c", script, "boot", *arguments],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        machine = cls(_child_of(outer), apart=apart, outer=outer)
        machine._until_booted()
        return machine

    def entering(self, *words: str) -> list[str]:
        """The words that run a command there."""
        return ["nsenter", "-t", str(self.init), *self.namespaces, *words]

    def run(self, command: str, *, as_user: str = "", fails: bool = False, typed: str = "") -> str:
        """Runs a shell command there as root or as another user. Returns its output, errors included.

        `typed`: what it reads from its standard input.

        Raises: AssertionError when it fails, or with `fails` when it does not.
        """
        as_whom = ["runuser", "-u", as_user, "--"] if as_user else []
        words = self.entering(*as_whom, "sh", "-c", command)
        done = subprocess.run(
            words, input=typed, capture_output=True, text=True, timeout=600, env=clean_environment()
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, f"{command}\n{output}"
        return output

    def write(self, path: str, text: str) -> None:
        """Writes a file there."""
        folder = shlex.quote(str(Path(path).parent))
        self.run(f"mkdir -p {folder} && cat > {shlex.quote(path)}", typed=text)

    def close(self) -> None:
        """Ends every process of the machine."""
        if self._outer is not None:
            self._outer.kill()
            self._outer.wait()
        while True:  # the namespace's first process takes all others with it
            try:
                os.kill(self.init, signal.SIGKILL)
            except ProcessLookupError:
                return
            time.sleep(0.05)

    def _until_booted(self) -> None:
        def is_up() -> bool:
            asked = self.entering("systemctl", "is-system-running")
            told = subprocess.run(asked, capture_output=True, text=True, env=clean_environment())
            return told.stdout.strip() in ("running", "degraded")

        until(is_up, "systemd does not boot", seconds=_BOOT_SECONDS)


def _child_of(outer: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    ask = lambda: next(map(int, children.read_text().split()), 0)  # noqa: E731
    return until(ask, "the machine does not start", seconds=_BOOT_SECONDS)


def clean_environment() -> dict[str, str]:
    """The environment of commands there: nothing of ours."""
    return {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LANG": "C.UTF-8"}
