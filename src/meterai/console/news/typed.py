"""What an officer typed into a form of news, and the struct that a use case takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from meterai.console.pages import Asked
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.display import JAKARTA
from meterai.news.model import Audience, BothLanguages, Component, IncidentState, Severity
from meterai.news.use_cases.announce import AnnouncementForm
from meterai.news.use_cases.declare_incident import IncidentForm
from meterai.news.use_cases.update_incident import UpdateForm

COMPONENTS: Final = "bagian"
STEP: Final = "langkah"
MINUTES: Final = 30
"""Until the next update, when nothing else is typed."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form, and the parts of the service that were chosen."""

    fields: Mapping[str, str]
    components: Sequence[str] = ()

    def text(self, name: str) -> str:
        """A field; empty when it is not there."""
        return self.fields.get(name, "")

    @property
    def step(self) -> str:
        """What the officer wants: a preview, to send, or to change what was typed."""
        return self.text(STEP)

    @property
    def title(self) -> BothLanguages:
        """The title in both languages."""
        return BothLanguages(self.text("judul_id"), self.text("judul_en"))

    @property
    def words(self) -> BothLanguages:
        """The text in both languages."""
        return BothLanguages(self.text("teks_id"), self.text("teks_en"))

    def incident(self, now: datetime) -> IncidentForm:
        """A new incident. Raises: Refusal INVALID `form.unreadable`."""
        return IncidentForm(
            components=[_one_of(Component, one) for one in self.components],
            severity=_one_of(Severity, self.text("berat")),
            title=self.title,
            text=self.words,
            started_at=self.moment("mulai"),
            next_update_at=self._next_update(now),
        )

    def update(self, now: datetime) -> UpdateForm:
        """An update of an incident. Raises: Refusal INVALID `form.unreadable`."""
        return UpdateForm(
            text=self.words,
            next_update_at=self._next_update(now),
            state=_one_of(IncidentState, self.text("keadaan")),
            severity=_one_of(Severity, self.text("berat")),
        )

    def announcement(self) -> AnnouncementForm:
        """A new announcement. Raises: Refusal INVALID `form.unreadable`, `news.announcement_times`."""
        ends_at = self.moment("sampai")
        if ends_at is None:
            raise Refusal(Kind.INVALID, "news.announcement_times")
        audience = _one_of(Audience, self.text("pembaca"))
        is_of_event = audience in (Audience.EVENT, Audience.LINE)
        return AnnouncementForm(
            audience=audience,
            event=(self.text("acara") or None) if is_of_event else None,
            title=self.title,
            text=self.words,
            starts_at=self.moment("mulai"),
            ends_at=ends_at,
        )

    def moment(self, name: str) -> datetime | None:
        """A date and time in WIB, as browsers send it; None: nothing was typed.

        Raises: Refusal INVALID `form.unreadable`.
        """
        typed = self.text(name)
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(JAKARTA)) if typed else None
        except ValueError:
            raise Refusal(Kind.INVALID, "form.unreadable") from None

    def number(self, name: str) -> int:
        """A whole number. Raises: Refusal INVALID `form.unreadable`."""
        typed = self.text(name)
        if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
            raise Refusal(Kind.INVALID, "form.unreadable")
        return int(typed)

    def _next_update(self, now: datetime) -> datetime:
        return now + timedelta(minutes=self.number("menit"))


async def read_typed(request: Asked) -> Typed:
    """Reads the form of a request. Fields that are no text are left out."""
    form = await request.form()
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return Typed(dict(pairs), [value for name, value in pairs if name == COMPONENTS])


def _one_of[Choice: StrEnum](choices: type[Choice], typed: str) -> Choice:
    try:
        return choices(typed)
    except ValueError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None
