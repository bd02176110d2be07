"""What the status page remembers across restarts: the last answer of the service, incidents, and outages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from meterai.kit.files.atomic_write import write_whole
from meterai.status_page.core_answer import CoreAnswer, Incident
from meterai.status_page.probe.run import Run
from meterai.texts.status_page import Component, Health

log = structlog.get_logger(__name__)
FILE: Final = "memory.json"
SILENT_AFTER: Final = 2
"""Questions in a row without an answer. One may be lost while a process is replaced."""
_KEPT: Final = timedelta(days=90)
_OUTAGES_MAX: Final = 200


class Outage(msgspec.Struct, kw_only=True):
    """A time in which a component was down, as seen from here."""

    component: Component
    since: datetime
    until: datetime | None = None
    """None: it goes on."""

    @property
    def id(self) -> str:
        """The same in every file that names it."""
        return f"{self.component}-{int(self.since.timestamp())}"


class Memory(msgspec.Struct, kw_only=True):
    """What is remembered."""

    core: CoreAnswer | None = None
    """The last answer of the service."""
    core_at: datetime | None = None
    """When it came, by the clock of this host."""
    unanswered: int = 0
    """Questions in a row without an answer."""
    unanswered_since: datetime | None = None
    incidents: dict[int, Incident] = {}
    """Those of the last 90 days, by number."""
    outages: list[Outage] = []
    """The newest last."""
    healths: dict[Component, Health] = {}
    """By the last look from outside."""
    looked_at: datetime | None = None
    probe: Run | None = None
    """The last purchase of the probe; None: it is off."""

    @property
    def silent_since(self) -> datetime | None:
        """Since when the service does not answer; None: it does."""
        return self.unanswered_since if self.unanswered >= SILENT_AFTER else None

    def note_core(self, answer: CoreAnswer | None, now: datetime) -> None:
        """Notes the answer to a question; None: there was none."""
        if answer is None:
            self.unanswered += 1
            self.unanswered_since = self.unanswered_since or now
            return
        self.unanswered, self.unanswered_since = 0, None
        if answer.incidents is None and self.core is not None:  # it can't read its news now
            answer = msgspec.structs.replace(
                answer, incidents=self.core.incidents, announcements=self.core.announcements
            )
        self._note_incidents(answer, now)
        self.core, self.core_at = answer, now

    def note_healths(self, healths: Mapping[Component, Health], now: datetime) -> None:
        """Notes a look from outside: begins and ends outages."""
        self.healths, self.looked_at = dict(healths), now
        for component, health in healths.items():
            going = next((one for one in self.outages if one.component is component and not one.until), None)
            if health is Health.DOWN and going is None:
                self.outages.append(Outage(component=component, since=now))
            elif going is not None and health in (Health.UP, Health.DEGRADED):
                going.until = now
        kept = [one for one in self.outages if one.until is None or now - one.until < _KEPT]
        self.outages = kept[-_OUTAGES_MAX:]

    def _note_incidents(self, answer: CoreAnswer, now: datetime) -> None:
        told = {one.number: one for one in answer.incidents or ()}
        for number, known in self.incidents.items():
            if number not in told and known.ended_at is None:
                self.incidents[number] = msgspec.structs.replace(known, ended_at=now, next_update_at=None)
        merged = self.incidents | told
        self.incidents = {
            number: one
            for number, one in merged.items()
            if one.ended_at is None or now - one.ended_at < _KEPT
        }


def read_memory(folder: Path) -> Memory:
    """Reads what was remembered. A file that can't be read is logged, and nothing is remembered."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError) as error:
        log.warning("status_memory_unreadable", path=str(path), reason=str(error))
        return Memory()


def write_memory(folder: Path, memory: Memory) -> None:
    """Writes it down. Raises: OSError."""
    write_whole(folder / FILE, msgspec.json.encode(memory) + b"\n", durable=False)
