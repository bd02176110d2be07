"""Runs the probe in a jail: each attempt has a process of its own, because a forbidden call ends it."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest, ProbeResult, attempt_names
from meterai.kernel.refusals import Refusal

PROBE = "meterai.jail.probe:probe"


async def managed_in(jail: JailPool, request: ProbeRequest) -> list[str]:
    """The attempts that work in the jail."""
    managed: list[str] = []
    for name in attempt_names(request):
        one = msgspec.structs.replace(request, attempts=[name])
        with suppress(Refusal):  # seccomp has ended the process
            managed += (await jail.run(PROBE, one, ProbeResult)).managed
    return sorted(managed)
