"""Named points at which a test may end or freeze the process. They do nothing unless one is named.

`METERAI_FAIL_POINT=after_sign` ends the process there as `kill -9` would (exit code 137);
`METERAI_FAIL_POINT=after_sign:stop` freezes it (SIGSTOP), as a worker that wakes up too late.
`METERAI_FAIL_POINT=in:/FOLDER` heeds files that come later: `/FOLDER/after_sign` strikes the one process that
takes it away, once. A file that holds `stop` freezes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

FailPoint = Callable[[str], None]
"""Called with the name of the point just reached."""


def never(name: str) -> None:
    """Nothing fails."""


def from_environment(environment: Mapping[str, str], *, development: bool) -> FailPoint:
    """The fail point that `METERAI_FAIL_POINT` names; `never` without one, and always in production."""
    wanted, _, action = environment.get("METERAI_FAIL_POINT", "").partition(":")
    if not wanted or not development:
        return never
    if wanted == "in":
        return _armed_in(Path(action))

    def fail(name: str) -> None:
        if name == wanted:
            _strike(action)

    return fail


def _armed_in(folder: Path) -> FailPoint:
    def fail(name: str) -> None:
        armed = folder / name
        try:
            action = armed.read_text()
            armed.unlink()
        except FileNotFoundError:
            return
        _strike(action)

    return fail


def _strike(action: str) -> None:
    if action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os._exit(137)
