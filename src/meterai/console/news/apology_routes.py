"""The apology after an incident: what it would say now, and its publication by two officers."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.approval import ask_here, is_checked_here, sign_request_here
from meterai.console.news.apology_page import Draft, apology_page, draft_page, show_draft
from meterai.console.news.incident_routes import PAGE
from meterai.console.news.news_pages import WRITERS
from meterai.console.news.typed import Typed, read_typed
from meterai.console.pages import Asked
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor
from meterai.news.apology.publish import KIND, changes_of, publish_apology
from meterai.news.apology.queries import find_apology
from meterai.operations.officers.requests import asked_for

ADDRESS: Final = f"{PAGE}/gangguan/{{number:int}}/maaf"


@get(ADDRESS)
async def show_apology(request: Asked, service: ConsoleApp, number: int) -> Response[bytes]:
    """Shows the published apology, the one that waits for a second officer, or the form for what changes."""
    async with service.db.connection() as connection:
        published = await find_apology(connection, number)
        asked = await asked_for(connection, KIND, str(number))
    if published or asked is None:
        return await apology_page(request, number, Typed({}), published=published)
    changes = changes_of(asked.facts)
    typed = Typed({"teks_id": changes.id, "teks_en": changes.en})
    return await _draft_or_form(request, service, number, typed)


@post(ADDRESS, guards=[needs(*WRITERS)], status_code=200)
async def write_apology(request: Asked, service: ConsoleApp, officer: SignedIn, number: int) -> Response[Any]:
    """Shows what the apology would say now. The first officer asks for it, a second one publishes it.

    Where no officers are recorded, it is published at once.
    """
    typed = await read_typed(request)
    if typed.step == "ubah":
        return await apology_page(request, number, typed)
    if typed.step != "kirim":
        return await _draft_or_form(request, service, number, typed)
    try:
        await _go_on(service, officer, await show_draft(service, number, typed.words), typed)
    except Refusal as refusal:
        return await _draft_or_form(request, service, number, typed, refusal=refusal)
    return Redirect(f"{PAGE}/gangguan/{number}/maaf", status_code=303)


async def _draft_or_form(
    request: Asked, service: ConsoleApp, number: int, typed: Typed, *, refusal: Refusal | None = None
) -> Response[bytes]:
    """Shows the draft, or the form where there can be none. Raises: what `apology_page` raises."""
    try:
        draft = await show_draft(service, number, typed.words)
    except Refusal as without:
        return await apology_page(request, number, typed, refusal=refusal or without)
    return await draft_page(request, typed, draft, refusal=refusal)


async def _go_on(service: ConsoleApp, officer: SignedIn, draft: Draft, typed: Typed) -> None:
    """Asks for exactly this text, or approves the request for it."""
    if not await is_checked_here(service):
        number, actor = draft.apology.incident, Actor(name=officer.officer)
        await publish_apology(service.db, number, draft.act.facts, actor=actor, now=service.clock())
    elif draft.request is None:
        await ask_here(service, officer, draft.act, typed.fields)
    else:
        await sign_request_here(service, officer, draft.request, typed.fields, roots=list)  # it adds no key


ROUTES: Final[list[Any]] = [show_apology, write_apology]
