"""How tests wait for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until[Found](
    ask: Callable[[], Found], trouble: str = "it takes too long", *, seconds: float = 60
) -> Found:
    """Asks again and again. Returns the first answer that is true. Raises: TimeoutError with `trouble`."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(trouble)
        time.sleep(0.1)
    return found
