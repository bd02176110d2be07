"""What a row of faults is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from chaos.stage import Stage


class NotFired(Exception):
    """The fault was not seen to happen; the text says what was missing."""


class Row(ABC):
    """One fault. Its number is that of the table in docs/reliability.md."""

    number: ClassVar[int]
    name: ClassVar[str]
    guards: ClassVar[str]
    """The invariants that it puts to the test, such as "I2 I8"."""
    short: ClassVar[bool] = True
    """Whether `--short` plays it too."""
    resumes_within_s: ClassVar[float] = 60.0
    """How long people who come afterwards may wait until one has a stamped file."""

    settings: ClassVar[Mapping[str, str]] = {}
    """Settings (METERAI_...) that the service needs for it. Rows with the same ones share a service; each
    other service costs half a minute."""

    @abstractmethod
    async def strike(self, stage: Stage) -> str:
        """Injects the fault, sees it fire, and undoes it. Returns the proof. Raises: NotFired."""

    async def check(self, stage: Stage) -> Sequence[str]:
        """Returns what is wrong, beside what the frame finds."""
        return ()
