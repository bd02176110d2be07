"""The page of a certificate of attempt: what it says, and what the line knows of its holder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.find import personal
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.operations.finding.certificate_story import tell_certificate
from meterai.sales.events import Event
from meterai.sales.queries.events import find_event
from meterai.sales.queries.order_access import read_order_number
from meterai.texts import find_words
from meterai.texts.mechanism.moments import second_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.states import STATES
from meterai.texts.told import text_of
from meterai.waiting_room.rules.certificate import Attempt

PAGE: Final = "/bukti-antre"


@get(f"{PAGE}/{{code:str}}")
async def show_certificate(
    request: Asked, service: ConsoleApp, officer: SignedIn, code: str
) -> Response[bytes]:
    """Tells the story of a certificate. Raises: Refusal NOT_FOUND `certificate.unknown`."""
    return await _page(request, service, officer, code)


@post(f"{PAGE}/{{code:str}}/{personal.PART}", guards=[needs(*personal.LOOKERS)], status_code=200)
async def show_personal_data(
    request: Asked, service: ConsoleApp, officer: SignedIn, code: str
) -> Response[Any]:
    """Shows the name on a certificate to this session. Raises: as `personal.look`."""
    refusal = await personal.look(request, service, officer, "certificate", read_order_number(code) or "")
    if refusal:
        return await _page(request, service, officer, code, refusal)
    return Redirect(f"{PAGE}/{code}", status_code=303)


async def _page(
    request: Asked, service: ConsoleApp, officer: SignedIn, code: str, refusal: Refusal | None = None
) -> Response[bytes]:
    language = language_of(request)
    story = await tell_certificate(service.db, code, session=officer.session_id, now=service.clock())
    event = await find_event(service.db, story.event, also_former=True)
    return page(
        request,
        "find/certificate.html",
        status_of(refusal.kind) if refusal else 200,
        problem=refusal and text_of(refusal.code, language, refusal.facts),
        story=story,
        outcomes=find_words.ATTEMPTS,
        event_name=event.name_in(language),
        sentence=_sentence(story.attempt, event, language) if story.attempt else "",
        moments=_moments(story.attempt, event, language) if story.attempt else {},
        may_look=officer.has(*personal.LOOKERS),
    )


def _sentence(attempt: Attempt, event: Event, language: str) -> str:
    """What the certificate states, as its holder reads it."""
    facts = {
        "contact": attempt.contact,
        "event": event.name_in(language),
        "joined": _told(attempt.joined_at, event, language),
        "closed": _told(attempt.closed_at, event, language),
        "knocked": _told(attempt.knocked_at, event, language),
    }
    return translate(STATES[f"certificate.{attempt.outcome}"].what, language, facts)


def _moments(attempt: Attempt, event: Event, language: str) -> dict[str, str]:
    """The moments that it names, as people read them."""
    names = ("joined_at", "closed_at", "seen_at", "knocked_at")
    return {name: _told(getattr(attempt, name), event, language) for name in names}


def _told(unix: int | None, event: Event, language: str) -> str:
    return "" if unix is None else second_text(datetime.fromtimestamp(unix, UTC), language, event.zone)


ROUTES: Final[list[Any]] = [show_certificate, show_personal_data]
