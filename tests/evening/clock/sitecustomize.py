"""Gives every process of a service one clock that a file sets (libfaketime).

Python reads this file at its start, because PYTHONPATH names its folder. The launcher passes PYTHONPATH on to
its processes, and nothing else of its own environment. So each process sets the variables itself and begins
again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
CLOCK = {
    "LD_PRELOAD": LIBRARY,
    "FAKETIME_TIMESTAMP_FILE": os.path.join(os.path.dirname(os.path.dirname(__file__)), "offset"),
    "FAKETIME_CACHE_DURATION": "1",  # seconds until the file is read again
    "FAKETIME_DISABLE_SHM": "1",
    "DONT_FAKE_MONOTONIC": "1",
    "NO_FAKE_STAT": "1",  # Python compares times of files
}
_begin = subprocess.Popen.__init__


def _begin_with_clock(self: Any, args: Any, *more: Any, env: Any = None, **options: Any) -> None:
    """The database is no Python program: whoever starts it gives it the clock."""
    if env is not None and str(args[0]).endswith("/postgres"):
        env = {**env, **CLOCK}
    _begin(self, args, *more, env=env, **options)


if os.environ.get("LD_PRELOAD") != LIBRARY:
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **CLOCK})
subprocess.Popen.__init__ = _begin_with_clock
