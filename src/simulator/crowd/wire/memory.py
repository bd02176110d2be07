"""What a client has noted of a document, as the database of an integrator would: it outlives the client."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec


class Memory:
    """Answers by the name of the call. `file`: where they stand; each note is written before it counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._noted: dict[str, Any] = msgspec.json.decode(file.read_bytes()) if file.exists() else {}

    def __contains__(self, name: str) -> bool:
        return name in self._noted

    def __getitem__(self, name: str) -> Any:
        return self._noted[name]

    def get(self, name: str, otherwise: Any = None) -> Any:
        """What was noted under a name."""
        return self._noted.get(name, otherwise)

    def note(self, **facts: object) -> None:
        """Keeps facts."""
        self._noted |= facts
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self._noted))
        os.replace(new, self._file)
