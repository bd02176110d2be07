"""What an incident and an announcement are, who reads which, and how long their texts may be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.mechanism.languages import of_two

TITLE_BYTES_MAX: Final = 160
"""Bytes of a title in both languages together, as every wait page shows it."""
TEXT_LENGTH_MAX: Final = 600
"""Characters of a text, in each language."""
NEXT_UPDATE_MAX: Final = timedelta(hours=12)
"""The longest time until the next update of an open incident. Pages show its time without the day."""
LASTS_MAX: Final = timedelta(days=90)
"""The longest time that an announcement stands there."""


class Component(StrEnum):
    """A part of the service, as people know it from the page /status."""

    SITE = "site"
    PAYMENT = "payment"
    STAMPING = "stamping"
    LINE = "line"
    MESSAGES = "messages"
    VERIFICATION = "verification"
    PARTNERS = "partners"
    """The API of partners."""


class Severity(StrEnum):
    """How bad an incident is."""

    MINOR = "minor"
    """Some people notice it."""
    MAJOR = "major"
    """A part does not work for many people."""
    CRITICAL = "critical"
    """Nearly nobody can do what they came for, or money or stamps are in danger."""

    @property
    def rank(self) -> int:
        """The worst has the greatest."""
        return list(Severity).index(self)


class IncidentState(StrEnum):
    """How far the work on an incident is."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    WATCHING = "watching"
    """It is mended, and we watch whether it stays so."""
    RESOLVED = "resolved"


class Audience(StrEnum):
    """The people who read an announcement."""

    ALL = "all"
    EVENT = "event"
    """Everybody who looks at an event, or waits for it."""
    LINE = "line"
    """People in the line of an event."""
    PARTNERS = "partners"


class BothLanguages(msgspec.Struct, frozen=True):
    """What an officer wrote, in Indonesian and in English."""

    id: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text for readers of a language."""
        return of_two(language, self.id, self.en)

    @property
    def bytes_long(self) -> int:
        """The bytes of both together, in UTF-8."""
        return len(self.id.encode()) + len(self.en.encode())


class IncidentUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of an incident at a time."""

    state: IncidentState
    text: BothLanguages
    at: datetime


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble that people notice, from its start to its end."""

    number: int
    components: tuple[Component, ...]
    severity: Severity
    state: IncidentState
    title: BothLanguages
    started_at: datetime
    ended_at: datetime | None = None
    next_update_at: datetime | None = None
    """When people can expect the next update; None: it is over."""
    apologised_at: datetime | None = None
    """When the apology for it was published, at /kabar/NUMBER; None: there is none."""
    updates: tuple[IncidentUpdate, ...] = ()
    """The newest first."""

    def overdue_s(self, now: datetime) -> float:
        """How many seconds ago the next update was due; 0: it is not."""
        due = self.next_update_at
        return max(0.0, (now - due).total_seconds()) if due else 0.0


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """A few words for an audience, for a time."""

    number: int
    audience: Audience
    event: str | None = None
    """Of the audiences EVENT and LINE."""
    title: BothLanguages
    text: BothLanguages = BothLanguages()
    """More words; empty: the title says it all. Wait pages show the title only."""
    starts_at: datetime
    ends_at: datetime

    def is_for(self, event: str | None, *, in_line: bool = False) -> bool:
        """Whether visitors read it who look at `event` (None: at none), or are `in_line` for it."""
        match self.audience:
            case Audience.ALL:
                return True
            case Audience.EVENT:
                return event == self.event
            case Audience.LINE:
                return in_line and event == self.event
            case Audience.PARTNERS:
                return False

    def is_current(self, now: datetime) -> bool:
        """Whether it stands there now."""
        return self.starts_at <= now < self.ends_at


class ApologyNotice(msgspec.Struct, frozen=True, kw_only=True):
    """That an apology for an incident is published, at /kabar/NUMBER."""

    incident: int
    title: BothLanguages
    """Of the incident."""
    published_at: datetime


class News(msgspec.Struct, frozen=True):
    """What is told at a moment."""

    incidents: tuple[Incident, ...] = ()
    """The open ones, the worst first, with all updates."""
    announcements: tuple[Announcement, ...] = ()
    """Of all audiences, the newest first."""
    apologies: tuple[ApologyNotice, ...] = ()
    """Those that are new, the newest first."""

    def at(self, now: datetime) -> News:
        """The same without announcements that are over."""
        return self._with(one for one in self.announcements if one.is_current(now))

    def for_visitors(self, event: str | None = None) -> News:
        """What visitors of the site read; with what is for those of `event`."""
        return self._with(one for one in self.announcements if one.is_for(event))

    def for_line(self, event: str) -> News:
        """What people in the line of an event read."""
        return self._with(one for one in self.announcements if one.is_for(event, in_line=True))

    def for_partners(self, event: str | None = None) -> News:
        """What partners read: also what visitors read."""
        return self._with(
            one for one in self.announcements if one.audience is Audience.PARTNERS or one.is_for(event)
        )

    def for_everybody(self) -> News:
        """What the status page shows: all but what is for partners, or for one line."""
        public = (Audience.ALL, Audience.EVENT)
        return self._with(one for one in self.announcements if one.audience in public)

    def _with(self, announcements: Iterable[Announcement]) -> News:
        return msgspec.structs.replace(self, announcements=tuple(announcements))


def checked_title(title: BothLanguages) -> BothLanguages:
    """The title on one line. Raises: Refusal INVALID `news.both_languages`, `news.title_too_long`."""
    found = BothLanguages(*(" ".join(one.split()) for one in (title.id, title.en)))
    if not (found.id and found.en):
        raise Refusal(Kind.INVALID, "news.both_languages")
    if found.bytes_long > TITLE_BYTES_MAX:
        raise Refusal(Kind.INVALID, "news.title_too_long", bytes_max=TITLE_BYTES_MAX)
    return found


def checked_text(text: BothLanguages, *, may_be_empty: bool = False) -> BothLanguages:
    """The text without space around it.

    Raises: Refusal INVALID `news.both_languages`, `news.text_too_long`.
    """
    found = BothLanguages(text.id.strip(), text.en.strip())
    if bool(found.id) != bool(found.en) or not (found.id or may_be_empty):
        raise Refusal(Kind.INVALID, "news.both_languages")
    if max(len(found.id), len(found.en)) > TEXT_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "news.text_too_long", maximum=TEXT_LENGTH_MAX)
    return found


def checked_next_update(at: datetime, now: datetime) -> datetime:
    """The time of the next update. Raises: Refusal INVALID `news.next_update`."""
    if not now < at <= now + NEXT_UPDATE_MAX:
        raise Refusal(Kind.INVALID, "news.next_update")
    return at
