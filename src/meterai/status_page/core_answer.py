"""What the service says of itself: the answer of `GET /api/v1/status`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, Protocol

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.http.outside_service import CallLimits, OutsideService
from meterai.texts.mechanism.languages import of_two

PATH: Final = "/api/v1/status"
SILENT: Final = "status_page.no_answer"
LIMITS: Final = CallLimits(connect_seconds=3, total_seconds=8, body_bytes_max=512 * 1024, connections_max=4)
_LISTED_MAX: Final = 200

Slug = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z_-]{1,64}$")]
Number = Annotated[int, msgspec.Meta(ge=0)]
"""Stands in names of files and in ids of the feed."""
Sentence = Annotated[str, msgspec.Meta(max_length=4_000)]


class Words(msgspec.Struct, frozen=True):
    """A text that an officer wrote in both languages."""

    id: Sentence
    en: Sentence

    def in_language(self, language: str) -> str:
        """The text in the language of a page."""
        return of_two(language, self.id, self.en)


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What officers said of an incident at a moment."""

    at: datetime
    state: str = ""
    text: Words


class ApologyOfIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the service that says what an incident did to people and their money."""

    url: Annotated[str, msgspec.Meta(max_length=500, pattern="^https?://")]
    published_at: datetime


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as officers declared it."""

    number: Number
    severity: str
    title: Words
    components: Sequence[str] = ()
    started_at: datetime
    ended_at: datetime | None = None
    """None: it goes on."""
    next_update_at: datetime | None = None
    updates: Annotated[Sequence[Update], msgspec.Meta(max_length=1_000)] = ()
    apology: ApologyOfIncident | None = None


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that officers announce."""

    number: Number
    title: Words
    text: Words
    """Empty: the title says it all."""
    starts_at: datetime
    ends_at: datetime


class CorePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the service, and how it runs by its own account (`texts.service_states`)."""

    part: str
    state: str


class CoreDay(msgspec.Struct, frozen=True, kw_only=True):
    """The newest closed day."""

    date: date
    statement_url: Annotated[str, msgspec.Meta(max_length=500, pattern="^https?://")]
    balanced: bool


class CoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The service's own figures."""

    people_waiting: int
    median_minutes_to_stamp: float | None = None
    oldest_open_case_hours: float | None = None
    day: CoreDay | None = None


class CoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. A newer service may say more: that is left out."""

    at: datetime
    environment: str = "production"
    parts: Annotated[Sequence[CorePart], msgspec.Meta(max_length=_LISTED_MAX)] = ()
    lines: Annotated[Sequence[Slug], msgspec.Meta(max_length=_LISTED_MAX)] = ()
    figures: CoreFigures | None = None
    incidents: Annotated[Sequence[Incident], msgspec.Meta(max_length=_LISTED_MAX)] | None = None
    """None: the service does not know now, because its database is down."""
    announcements: Annotated[Sequence[Announcement], msgspec.Meta(max_length=_LISTED_MAX)] | None = None

    def state_of(self, part: str) -> str:
        """How a part runs; empty: nothing is said of it."""
        return next((one.state for one in self.parts if one.part == part), "")


class AsksCore(Protocol):
    """Asks the service how it is."""

    async def ask(self) -> CoreAnswer | None:
        """The answer; None: there is none that can be read."""
        ...


class Core:
    """Asks the site over HTTP, as anybody may."""

    def __init__(self, site: OutsideService) -> None:
        self._site = site

    async def ask(self) -> CoreAnswer | None:
        try:
            answer = await self._site.call("GET", PATH, repeat=True)
            return msgspec.json.decode(answer.body, type=CoreAnswer) if answer.status == 200 else None
        except (Refusal, msgspec.DecodeError):
            return None
