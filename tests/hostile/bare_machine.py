"""Machines that lack something: a seccomp filter takes it from this process and its children.

`python -m tests.hostile.bare_machine WITHOUT PRODUCTION` starts a jail there and prints, as JSON, what holds
and what a process inside manages. WITHOUT is a list as in `unshare,landlock,seccomp`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import platform
import sys

import msgspec

from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest
from meterai.jail.walls import seccomp
from meterai.jail.walls.confinement import Confinement
from tests.hostile.probing import PROBE, managed_in

_PR_SET_SECCOMP = 22
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS


class Report(msgspec.Struct, frozen=True):
    """What a jail on such a machine is like."""

    confinement: Confinement
    missing: list[str]
    managed: list[str]


def take_away(names: list[str]) -> None:
    column = ("x86_64", "aarch64").index(platform.machine())
    steps = []
    if "unshare" in names:
        steps += refuse((272, 97)[column])  # unshare
    if "clone" in names:  # into a PID namespace; some container runtimes say that there is no such call
        clone = (56, 220)[column]
        new = (os.CLONE_NEWPID,)
        steps += seccomp.refuse_by_argument(
            clone, 0, seccomp.ANY_BIT, new, passing=True, refusal=_NO_SUCH_CALL
        )
    if "landlock" in names:
        steps += refuse(444)  # landlock_create_ruleset
    if "seccomp" in names:  # prctl(PR_SET_SECCOMP)
        prctl = (157, 167)[column]
        steps += seccomp.refuse_by_argument(prctl, 0, seccomp.EQUAL, (_PR_SET_SECCOMP,), passing=True)
    rest = seccomp._step(seccomp._GIVE, 0, 0, seccomp._ALLOW)
    seccomp.install(b"".join([*steps, rest]))


def refuse(number: int) -> list[bytes]:
    """Steps that return EPERM for a system call and go on otherwise."""
    return seccomp._judge([number], seccomp._REFUSE)


async def report(production: bool) -> Report:
    jail = JailPool([PROBE], spare=False, production=production)
    await jail.start()
    managed = await managed_in(jail, ProbeRequest(files=["/etc/passwd"]))
    confinement = jail.confinement
    await jail.close()
    assert confinement is not None
    return Report(confinement, confinement.missing(), managed)


if __name__ == "__main__":
    take_away(sys.argv[1].split(","))
    print(msgspec.json.encode(asyncio.run(report(sys.argv[2] == "production"))).decode())
