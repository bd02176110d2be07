"""What a process has seen lately and need not look up again."""

from __future__ import annotations

REMEMBERED_MAX = 20_000


class Memory[Key, Value](dict[Key, Value]):
    """For what never changes. Forgets everything when it is full; the next look-ups bring it back."""

    def keep(self, key: Key, value: Value) -> None:
        """Remembers it, as one of at most `REMEMBERED_MAX`."""
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        self[key] = value
