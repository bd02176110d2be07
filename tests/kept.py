"""What is dear to start, handed on from file to file of tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Final

from tests.browser.chromium import running_chromium
from tests.running_service import running_service


class Kept[T]:
    """Something that is there from `begin` to `end`.

    `start`: makes a new one, and ends it.
    """

    def __init__(self, start: Callable[[], AbstractContextManager[T]]) -> None:
        self._start = start
        self._stack = ExitStack()
        self._one: T | None = None

    def begin(self) -> T:
        """The one that is there, or a new one."""
        if self._one is None:
            self._one = self._stack.enter_context(self._start())
        return self._one

    def end(self) -> None:
        """Ends it, if it is there."""
        self._one = None
        self._stack.close()


SERVICE: Final = Kept(running_service)
BROWSER: Final = Kept(running_chromium)
KEPT: Final[dict[str, Kept[Any]]] = {"service": SERVICE, "chromium": BROWSER}
"""By the fixture that hands it out."""
