"""Forms of acts on events: what was typed as an event, and an event as it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from meterai.console.acts.forms import Line, Text, Whole
from meterai.console.acts.model import Change, Figure, Word
from meterai.kernel.clock import ZONES
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.events import Event, HandingIn, RequiredDocument
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX
from meterai.texts.console_acts import NO, YES
from meterai.texts.event_acts import FIELDS, NOT_OFFERED

_KILOBYTE: Final = 1024
_NOWHERE: Final = "-"
"""Typed where people hand nothing in."""


class Zone(Enum):
    """The time zone of an event."""

    WIB = "Asia/Jakarta"
    WITA = "Asia/Makassar"
    WIT = "Asia/Jayapura"


class Answer(Enum):
    """Yes or no; in a change empty, too."""

    YES = "ya"
    NO = "tidak"


class OpenForm(msgspec.Struct, frozen=True, kw_only=True):
    """A new event."""

    event: Line
    name: Line
    name_en: Line = ""
    agency: Line
    agency_en: Line = ""
    zone: Zone
    opens_at: datetime
    closes_at: datetime
    documents: Text
    kilobytes: Whole
    pdf_version: Line
    signed_later: Answer
    hand_in: Line = ""
    line: Answer
    reason: Line


class ChangeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of an event. The rest stays empty."""

    event: Line
    name: Line = ""
    name_en: Line = ""
    agency: Line = ""
    agency_en: Line = ""
    zone: Zone | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    documents: Text = ""
    kilobytes: Whole = 0
    pdf_version: Line = ""
    signed_later: Answer | None = None
    hand_in: Line = ""
    reason: Line


def read_event(form: OpenForm | ChangeForm, before: Event | None = None) -> Event:
    """The event that was typed; what is empty stays as `before` says.

    Raises: Refusal INVALID `event.slug`, `event.papers`, `event.unreadable`.
    """
    known: dict[str, Any] = {} if before is None else msgspec.to_builtins(before)
    said = {**known, "slug": form.event, **_typed(form)}
    try:
        return msgspec.convert(said, Event)
    except msgspec.ValidationError as error:
        code = "event.slug" if "$.slug" in str(error) else "event.unreadable"
        raise Refusal(Kind.INVALID, code) from None


def _typed(form: OpenForm | ChangeForm) -> dict[str, object]:
    """What is not empty, as an event has it."""
    said: dict[str, object] = {
        "name": form.name,
        "name_en": form.name_en,
        "agency": form.agency,
        "agency_en": form.agency_en,
        "zone": form.zone and form.zone.value,
        "opens_at": form.opens_at,
        "closes_at": form.closes_at,
        "required_documents": [_document(line) for line in form.documents.splitlines() if line.strip()],
        "output_bytes_max": form.kilobytes * _KILOBYTE,
        "pdf_version_min": form.pdf_version,
    }
    kept = {name: value for name, value in said.items() if value}
    if form.signed_later is not None:
        kept["signed_later"] = form.signed_later is Answer.YES
    if form.hand_in:
        kept["hand_in"] = None if form.hand_in == _NOWHERE else _hand_in(form.hand_in)
    if isinstance(form, OpenForm) and form.line is Answer.YES:
        kept["queue"] = {}
    return kept


def _document(line: str) -> dict[str, str]:
    parts = _parts(line)
    if len(parts) != 3:
        raise Refusal(Kind.INVALID, "event.papers", maximum=DOCUMENTS_PER_ORDER_MAX)
    return {"kind": parts[0], "name_id": parts[1], "name_en": parts[2]}


def _hand_in(line: str) -> dict[str, str]:
    parts = _parts(line)
    if len(parts) != 3:
        raise Refusal(Kind.INVALID, "event.unreadable")
    return {"name_id": parts[0], "name_en": parts[1], "address": parts[2]}


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split("|")]


def compared(before: Event | None, after: Event | None) -> Sequence[Figure]:
    """What of an event changes, field by field as it is typed."""
    was, becomes, none = _told(before), _told(after), Word(NOT_OFFERED)
    return [
        (FIELDS[name].label, Change(was.get(name, none), becomes.get(name, none)))
        for name in FIELDS
        if was.get(name) != becomes.get(name)
    ]


def _told(event: Event | None) -> Mapping[str, Word | str]:
    if event is None:
        return {}
    return {
        "name": event.name,
        "name_en": event.name_en or event.name,
        "agency": event.agency,
        "agency_en": event.agency_en or event.agency,
        "zone": ZONES[event.zone],
        "opens_at": _moment(event.opens_at, event.zone),
        "closes_at": _moment(event.closes_at, event.zone),
        "documents": "\n".join(_document_line(one) for one in event.required_documents),
        "kilobytes": f"{event.output_bytes_max / _KILOBYTE:g}",
        "pdf_version": event.pdf_version_min,
        "signed_later": Word(YES if event.signed_later else NO),
        "hand_in": _hand_in_line(event.hand_in),
        "line": Word(YES if event.queue else NO),
    }


def _moment(moment: datetime, zone: str) -> str:
    """A moment with the short name of its zone, in any language: `2027-09-06 23:59 WIB`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {ZONES[zone]}"


def _document_line(document: RequiredDocument) -> str:
    return f"{document.kind} | {document.name_id} | {document.name_en}"


def _hand_in_line(place: HandingIn | None) -> str:
    return _NOWHERE if place is None else f"{place.name_id} | {place.name_en} | {place.address}"
