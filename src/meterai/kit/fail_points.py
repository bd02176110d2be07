"""Named points at which a test may end or freeze the process. They do nothing unless one is named.

`METERAI_FAIL_POINT=after_sign` ends the process there as `kill -9` would (exit code 137);
`METERAI_FAIL_POINT=after_sign:stop` freezes it (SIGSTOP), as a worker that wakes up too late.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

FailPoint = Callable[[str], None]
"""Called with the name of the point just reached."""


def never(name: str) -> None:
    """Nothing fails."""


def from_environment(environment: Mapping[str, str], *, development: bool) -> FailPoint:
    """The fail point that `METERAI_FAIL_POINT` names; `never` without one, and always in production."""
    wanted, _, action = environment.get("METERAI_FAIL_POINT", "").partition(":")
    if not wanted or not development:
        return never

    def fail(name: str) -> None:
        if name != wanted:
            return
        if action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            os._exit(137)

    return fail
