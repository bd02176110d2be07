"""The object store that both hosts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chaos.hosts.parts import Part


@dataclass(slots=True)
class ObjectStorePart:
    """A store: how it is named, and the program that serves it."""

    url: str
    part: Part | None = None
    variables: dict[str, str] = field(default_factory=dict)

    async def make_ready(self) -> None:
        """Waits until it answers."""


def object_store(folder: Path) -> ObjectStorePart:
    """A folder that both hosts reach."""
    folder.mkdir(parents=True)
    return ObjectStorePart(f"file://{folder}")
