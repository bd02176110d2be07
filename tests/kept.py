"""What is dear to start, handed on from file to file of tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack


class Kept[T]:
    """Something that is there from `begin` to `end`.

    `start`: makes a new one, and ends it.
    """

    def __init__(self, start: Callable[[], AbstractContextManager[T]]) -> None:
        self._start = start
        self._stack = ExitStack()
        self._one: T | None = None

    def __enter__(self) -> Kept[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> T:
        """The one that is there, or a new one."""
        if self._one is None:
            self._one = self._stack.enter_context(self._start())
        return self._one

    def end(self) -> None:
        """Ends it, if it is there."""
        self._one = None
        self._stack.close()
