"""A cache for values that never change."""

from __future__ import annotations

CACHED_MAX = 20_000


class RecentCache[Key, Value](dict[Key, Value]):
    """Keeps values that never change. When it is full it forgets everything; look-ups fill it again."""

    def keep(self, key: Key, value: Value) -> None:
        """Keeps a value, at most `CACHED_MAX` in all."""
        if len(self) >= CACHED_MAX:
            self.clear()
        self[key] = value
