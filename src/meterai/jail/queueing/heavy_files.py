"""Files that were seen to be too heavy: the same bytes cost nothing again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

_KEPT_SECONDS = 3600.0
_KEPT_MAX = 10_000


class HeavyFiles:
    """Remembers for an hour which task broke a limit on which bytes, and on which page of them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[bytes, float] = {}

    def has(self, task: str, request: Any) -> bool:
        """Whether this task is known to break a limit. The bytes are hashed only if there are such files."""
        if not self._until:
            return False
        return self._until.get(_name(task, request), 0.0) > self._clock()

    def add(self, task: str, request: Any) -> None:
        """Remembers that the task broke a limit. The oldest ones are forgotten."""
        now = self._clock()
        self._until = {name: until for name, until in self._until.items() if until > now}
        while len(self._until) >= _KEPT_MAX:
            del self._until[next(iter(self._until))]
        self._until[_name(task, request)] = now + _KEPT_SECONDS


def _name(task: str, request: Any) -> bytes:
    about = f"{task}\0{getattr(request, 'page', '')}\0"
    return hashlib.sha256(about.encode() + getattr(request, "data", b"")).digest()
