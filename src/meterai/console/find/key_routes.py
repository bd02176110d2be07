"""The page of a signing key: its state, its certificates, and who did what."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.registry import acts_of
from meterai.console.pages import Asked, page
from meterai.console.session import SignedIn
from meterai.operations.finding.key_story import tell_key
from meterai.texts import find_words

PAGE: Final = "/kunci"


@get(f"{PAGE}/{{key_id:str}}")
async def show_key(request: Asked, service: ConsoleApp, officer: SignedIn, key_id: str) -> Response[bytes]:
    """Tells the story of a signing key. Raises: Refusal NOT_FOUND `find.no_key`."""
    story = await tell_key(service.db, key_id, now=service.clock())
    return page(
        request,
        "find/key.html",
        story=story,
        key=story.key,
        acts=acts_of(officer).get("signing", []),
        states=find_words.KEY_STATES,
        purposes=find_words.KEY_PURPOSES,
    )


ROUTES: Final[list[Any]] = [show_key]
