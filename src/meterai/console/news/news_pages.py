"""What pages of news show: forms with what was typed, previews, and the problem if there is one."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from meterai.console.news.typed import MINUTES, Typed
from meterai.console.pages import Asked, language_of, page
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import status_of
from meterai.news.model import TEXT_LENGTH_MAX, BothLanguages, IncidentState
from meterai.texts.news_words import AUDIENCES, COMPONENTS, INCIDENT_STATES, SEVERITIES
from meterai.texts.told import text_of

WRITERS: Final = ("content", "admin")
"""The roles that write news."""
OPEN_STATES = {state: words for state, words in INCIDENT_STATES.items() if state != IncidentState.RESOLVED}


def news_page(
    request: Asked, template: str, *, refusal: Refusal | None = None, **context: Any
) -> Response[bytes]:
    """Renders a page with the words about incidents. `refusal`: why what was sent is not done."""
    return page(
        request,
        f"news/{template}",
        status_of(refusal.kind) if refusal else 200,
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
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
    request: Asked,
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
