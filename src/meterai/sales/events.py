"""Events: a selection (CASN, ...) with its agency, its deadline with a zone, and what the agency accepts."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX
from meterai.texts.mechanism.languages import languages, of_two
from meterai.waiting_room.files.shown_event import ShownEvent
from meterai.waiting_room.rules.model import Policy, Schedule

EXAMPLE = Path(__file__).with_name("events.toml")
_MOMENT = timedelta(seconds=1)
_STAMPED_BYTES_MIN = 20_000
"""No stamped file is smaller: a smaller limit is meant in kilobytes."""
OUR_ADDRESSES = frozenset(
    (
        *("aksesibilitas", "antre", "antrean", "api", "aset", "bantuan", "beli", "hari", "harga", "healthz"),
        *languages()[1:],
        *("hentikan", "kabar", "ketentuan", "kontak", "kuota", "pengaduan", "pengembalian", "pengembang"),
        *("periksa", "pesan", "pesanan", "pki", "privasi"),
        *("saya", "status", "tentang", "uang", "uji", "undangan", "wire"),
    )
)
"""First parts of addresses of site and gates. An event of such a name would hide them (a test compares)."""


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has a name in each language."""

    name_id: str
    name_en: str

    def name_in(self, language: str) -> str:
        """The name on pages of a language."""
        return of_two(language, self.name_id, self.name_en)


class RequiredDocument(Named, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that an event asks for."""

    kind: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,39}$")]


class HandingIn(Named, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where people hand in the stamped documents of an event: `[event.hand_in]`."""

    name_id: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    name_en: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    address: Annotated[str, msgspec.Meta(pattern=r"^https://[^\s\"<>]+$")]


class EventQueue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The waiting room in front of an event: `[event.queue]`. Times need their zone offset."""

    on: bool = True
    """At the first start; afterwards `meterai queue on` and `off` decide."""
    joins_from: datetime | None = None
    """When people may join before the opening, all of them equal (the lottery). None: no lottery."""
    opens_at: datetime | None = None
    """None: as soon as the queue is switched on."""
    last_call_at: datetime | None = None
    closes_at: datetime | None = None
    """None: when the event closes, which is the latest."""
    window_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 10
    line_counts: bool = False
    returners_percent: Annotated[int, msgspec.Meta(ge=0, le=50)] = 15
    claim_minutes: Annotated[int, msgspec.Meta(ge=2, le=120)] = 10
    rate_floor: Annotated[int, msgspec.Meta(ge=1)] = 60
    rate_cap: Annotated[int, msgspec.Meta(ge=1)] = 6000
    """People a minute, as the floor."""

    @property
    def policy(self) -> Policy:
        """What those who wait are promised."""
        return Policy(
            line_counts=self.line_counts,
            returners_percent=self.returners_percent,
            claim_minutes=self.claim_minutes,
            rate_floor=self.rate_floor,
            rate_cap=self.rate_cap,
        )

    def schedule(self, event_closes_at: datetime, now: datetime) -> Schedule | None:
        """When it does what; None: its closing is over. Raises: ValueError when it doesn't fit together."""
        closes_at = _unix(min(self.closes_at or event_closes_at, event_closes_at))
        if closes_at <= now.timestamp():
            return None
        opens_at = _unix(self.opens_at or max(now, self.joins_from or now))
        return Schedule(
            joins_from=min(opens_at, _unix(self.joins_from) if self.joins_from else opens_at),
            opens_at=opens_at,
            closes_at=closes_at,
            last_call_at=min(_unix(self.last_call_at), closes_at) if self.last_call_at else None,
            window_s=self.window_s,
        )


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as it is configured and shown."""

    slug: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{1,39}$")]
    """Its page is /{slug}."""
    name: str
    name_en: str = ""
    """Of the English pages; empty: as in Indonesian."""
    agency: str
    agency_en: str = ""
    opens_at: datetime
    closes_at: datetime
    zone: Literal["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
    """In which the agency announces its times."""
    required_documents: tuple[RequiredDocument, ...]
    output_bytes_max: Annotated[int, msgspec.Meta(ge=_STAMPED_BYTES_MIN)]
    """The largest stamped file that the agency's upload takes."""
    pdf_version_min: Annotated[str, msgspec.Meta(pattern=r"^[12]\.[0-9]$")]
    signed_later: bool = True
    """Whether people may want to sign a stamped file digitally. False: they are not asked."""
    queue: EventQueue | None = None
    """None: nobody ever waits."""
    hand_in: HandingIn | None = None
    """None: people know where."""

    def name_in(self, language: str) -> str:
        """The event's name on pages of a language."""
        return of_two(language, self.name, self.name_en or self.name)

    def agency_in(self, language: str) -> str:
        """The agency's name on pages of a language."""
        return of_two(language, self.agency, self.agency_en or self.agency)

    def is_open(self, now: datetime) -> bool:
        """Whether the event takes applications now."""
        return self.opens_at <= now < self.closes_at

    def is_over(self, now: datetime) -> bool:
        """Whether the event has closed."""
        return now >= self.closes_at


def shown_event(event: Event) -> ShownEvent:
    """What wait pages say of the event."""
    return ShownEvent(
        names={language: event.name_in(language) for language in ("id", "en")},
        zone=event.zone,
        documents={
            language: tuple(document.name_in(language) for document in event.required_documents)
            for language in ("id", "en")
        },
    )


def line_schedule(event: Event, now: datetime) -> Schedule | None:
    """When the event's line does what. None: it has none, its closing is over, or officers ended the event
    before its line would open."""
    if event.queue is None:
        return None
    try:
        return event.queue.schedule(event.closes_at, now)
    except ValueError:
        return None


class UnfitEvent(ValueError):
    """An event that can't be offered. `code`: of the refusal that officers read."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: tuple[Event, ...] = ()


def load_events(path: Path | None = None) -> tuple[Event, ...]:
    """Reads a TOML file of `[[event]]` tables; without a path the shipped example.

    Raises: OSError; ValueError naming the field that can't be read (times need their zone offset).
    """
    text = (path or EXAMPLE).read_text(encoding="utf-8")
    events = msgspec.convert(tomllib.loads(text), _File).event
    for event in events:
        try:
            check_event(event)
        except UnfitEvent as unfit:
            raise ValueError(f"event {event.slug}: {unfit}") from None
    if len({event.slug for event in events}) != len(events):
        raise ValueError("two events have the same slug")
    return events


def check_event(event: Event) -> None:
    """Checks what no field says by itself. Raises: UnfitEvent."""
    if event.opens_at.tzinfo is None or event.closes_at.tzinfo is None:
        raise UnfitEvent("event.times", "times need a zone offset such as +07:00")
    if event.closes_at <= event.opens_at:
        raise UnfitEvent("event.times", "closes_at must be after opens_at")
    _check_papers(event)
    if event.slug in OUR_ADDRESSES:
        raise UnfitEvent("event.slug", f"/{event.slug} is a page of the site: take another slug")
    if event.queue is not None:
        _check_queue(event.queue, event.closes_at)


def _check_papers(event: Event) -> None:
    """One order holds all of them, and the form has one place for each kind."""
    kinds = [document.kind for document in event.required_documents]
    if not 1 <= len(kinds) <= DOCUMENTS_PER_ORDER_MAX:
        said = f"it has {len(kinds)} required_documents, and must have 1 to {DOCUMENTS_PER_ORDER_MAX}"
        raise UnfitEvent("event.papers", said)
    if len(set(kinds)) != len(kinds):
        raise UnfitEvent("event.papers", "two required_documents have the same kind")


def _check_queue(queue: EventQueue, closes_at: datetime) -> None:
    times = (queue.joins_from, queue.opens_at, queue.last_call_at, queue.closes_at)
    if any(time is not None and time.tzinfo is None for time in times):
        raise UnfitEvent("event.line", "times of its queue need a zone offset such as +07:00")
    if queue.joins_from is not None and queue.opens_at is None:
        raise UnfitEvent("event.line", "a queue that people join before it opens needs opens_at")
    if queue.rate_floor > queue.rate_cap:
        raise UnfitEvent("event.line", "rate_floor is above rate_cap")
    if queue.last_call_at and queue.closes_at and queue.last_call_at > queue.closes_at:
        raise UnfitEvent("event.line", "last_call_at is after closes_at")
    begins = min(time for time in (closes_at, *times) if time) - _MOMENT
    try:
        queue.schedule(closes_at, begins)
    except ValueError as error:
        raise UnfitEvent("event.line", str(error)) from None


def _unix(time: datetime) -> int:
    return int(time.timestamp())
