"""The keys that never sign again, whatever the register says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.signer.key_files import read_marks, unregistered_keys, used_keys, uses_of, write_mark
from meterai.stamping.signer_wire import UnregisteredKey

log = structlog.get_logger(__name__)


class RetiredKeys:
    """Follows the register into marks that the signer keeps beside its counters, and never back.

    A register that was restored from an older copy has forgotten a retirement. The mark has not.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks: dict[str, datetime | None] = {}
        self._not_marked: dict[str, str] = {}
        self._told: set[str] = set()

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._marks

    async def follow(self, register: Sequence[SigningKey]) -> None:
        """Reads the marks, and writes those of keys that the register has retired since."""
        self._marks = read_marks(self._folder)
        for key in register:
            if key.retired_at is not None and key.key_id not in self._marks:
                await self._mark(key.key_id, key.retired_at)
            elif key.retired_at is None and key.key_id in self._marks.keys() - self._told:
                log.error("key.retirement_forgotten", key_id=key.key_id)
                self._told.add(key.key_id)

    async def _mark(self, key_id: str, retired_at: datetime) -> None:
        try:
            await asyncio.to_thread(write_mark, self._folder, key_id, retired_at)
        except OSError as error:
            if self._not_marked.get(key_id) != str(error):
                log.error("key.not_marked", key_id=key_id, reason=str(error))
            self._not_marked[key_id] = str(error)
            return
        self._marks[key_id] = retired_at
        self._not_marked.pop(key_id, None)
        log.info("key.marked", key_id=key_id)

    def retired_at(self, key_id: str) -> datetime | None:
        """When a marked key was retired, where its mark says it."""
        return self._marks.get(key_id)

    def trouble_of(self, key: SigningKey) -> str:
        """How the signer reports a retired key; empty for other keys. `retired` alone: it is marked, too."""
        if key.key_id in self._marks:
            return "retired"
        if key.retired_at is None:
            return ""
        return f"retired, but not marked: {self._not_marked.get(key.key_id, 'not yet')}"

    def forgotten(self, register: Sequence[SigningKey]) -> set[str]:
        """Ids of keys about which the register can't be right: it lacks them, or forgot their retirement."""
        retired = {key.key_id for key in register if key.retired_at is not None}
        known = {key.key_id for key in register}
        return (self._marks.keys() - retired) | (used_keys(self._folder) - known)

    def unregistered(self, register: Sequence[SigningKey]) -> list[UnregisteredKey]:
        """The keys that were used or retired here, and that the register does not know."""
        uses = {key_id: uses_of(self._folder, key_id) for key_id in used_keys(self._folder)}
        return unregistered_keys(register, uses, self._marks)
