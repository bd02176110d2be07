"""A log may grow during its audit. The audit waits for entries that follow within a second, up to a limit."""

from __future__ import annotations

from collections.abc import Callable

STEP_S = 0.5


class Patience:
    """The seconds that one audit may wait in all. `pause` waits for a number of seconds."""

    def __init__(self, seconds: float, pause: Callable[[float], None]) -> None:
        self._left, self._pause = seconds, pause

    def wait(self) -> bool:
        """Waits a little. Returns False when no patience is left."""
        if self._left <= 0:
            return False
        self._left -= STEP_S
        self._pause(STEP_S)
        return True
