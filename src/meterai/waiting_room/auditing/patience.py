"""A log may grow while it is audited: what follows within a second is waited for, a few seconds in all."""

from __future__ import annotations

from collections.abc import Callable

STEP_S = 0.5


class Patience:
    """Seconds that may be waited in one audit. `pause`: waits so many seconds."""

    def __init__(self, seconds: float, pause: Callable[[float], None]) -> None:
        self._left, self._pause = seconds, pause

    def wait(self) -> bool:
        """Waits a little; False when there is no patience left."""
        if self._left <= 0:
            return False
        self._left -= STEP_S
        self._pause(STEP_S)
        return True
