"""Events: a selection (CASN, ...) with its agency, its deadline with a zone, and what the agency accepts."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from meterai.kernel.clock import ZONES

EXAMPLE = Path(__file__).with_name("events.toml")


class RequiredDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that an event asks for."""

    kind: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,39}$")]
    name_id: str
    name_en: str


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as it is configured and shown."""

    slug: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{1,39}$")]
    """Its page is /{slug}."""
    name: str
    agency: str
    opens_at: datetime
    closes_at: datetime
    zone: Literal["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
    """In which the agency announces its times."""
    required_documents: tuple[RequiredDocument, ...]
    output_bytes_max: Annotated[int, msgspec.Meta(gt=0)]
    """The largest stamped file that the agency's upload takes."""
    pdf_version_min: Annotated[str, msgspec.Meta(pattern=r"^[12]\.[0-9]$")]

    @property
    def zone_label(self) -> str:
        """WIB, WITA or WIT."""
        return ZONES[self.zone]

    def is_open(self, now: datetime) -> bool:
        """Whether the event takes applications now."""
        return self.opens_at <= now < self.closes_at


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: tuple[Event, ...] = ()


def load_events(path: Path | None = None) -> tuple[Event, ...]:
    """Reads a TOML file of `[[event]]` tables; without a path the shipped example.

    Raises: OSError; ValueError naming the field that can't be read (times need their zone offset).
    """
    text = (path or EXAMPLE).read_text(encoding="utf-8")
    events = msgspec.convert(tomllib.loads(text), _File).event
    for event in events:
        if event.opens_at.tzinfo is None or event.closes_at.tzinfo is None:
            raise ValueError(f"event {event.slug}: times need a zone offset such as +07:00")
        if event.closes_at <= event.opens_at:
            raise ValueError(f"event {event.slug}: closes_at must be after opens_at")
    if len({event.slug for event in events}) != len(events):
        raise ValueError("two events have the same slug")
    return events
