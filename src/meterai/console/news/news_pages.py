"""What pages of news show: forms with what was typed, previews, and the problem if there is one."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from meterai.console.news.typed import MINUTES, Typed
from meterai.console.pages import language_of, page
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.news.model import TEXT_LENGTH_MAX, BothLanguages, IncidentState
from meterai.texts.mechanism.translation import translate
from meterai.texts.news_words import AUDIENCES, COMPONENTS, INCIDENT_STATES, SEVERITIES
from meterai.texts.refusals import TABLE

OPEN_STATES = {state: words for state, words in INCIDENT_STATES.items() if state != IncidentState.RESOLVED}


def news_page(
    request: Request[Any, Any, Any], template: str, *, refusal: Refusal | None = None, **context: Any
) -> Response[bytes]:
    """Renders a page with the words about incidents. `refusal`: why what was sent is not done."""
    return page(
        request,
        f"news/{template}",
        status_of(refusal.kind) if refusal else 200,
        problem=_problem(request, refusal),
        severities=SEVERITIES,
        components=COMPONENTS,
        incident_states=INCIDENT_STATES,
        open_states=OPEN_STATES,
        audiences=AUDIENCES,
        text_length_max=TEXT_LENGTH_MAX,
        minutes=MINUTES,
        **context,
    )


def preview_page(
    request: Request[Any, Any, Any],
    typed: Typed,
    *,
    title: BothLanguages,
    text: BothLanguages,
    heading: str,
    is_in_line: bool = True,
) -> Response[bytes]:
    """Shows how people will read it, in both languages, before it is sent."""
    return news_page(
        request,
        "preview.html",
        typed=typed,
        title=title,
        text=text,
        heading=heading,
        is_in_line=is_in_line,
    )


def _problem(request: Request[Any, Any, Any], refusal: Refusal | None) -> tuple[str, ...]:
    if refusal is None:
        return ()
    words = TABLE.get(refusal.code) or TABLE["server.fault"]
    known, language = {**words.facts, **refusal.facts}, language_of(request)
    return tuple(translate(sentence, language, known) for sentence in (words.what, words.next))
