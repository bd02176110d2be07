"""Lets obstore's threads leave Python before the process ends.

An answer wakes the event loop while the thread that brought it is still in Python. A short command may be
over before that thread goes on. Python up to 3.13 then ends the thread in the middle of obstore. That ends
the process with SIGABRT.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from typing import Final

_SECONDS_MAX: Final = 1.0


def leave_before_exit() -> None:
    """Makes the end of the process wait for them, a second at most."""
    atexit.unregister(_wait)
    atexit.register(_wait)


def _wait() -> None:
    ours = {thread.ident for thread in threading.enumerate()}
    deadline = time.monotonic() + _SECONDS_MAX
    while sys._current_frames().keys() - ours and time.monotonic() < deadline:
        time.sleep(0.001)
