"""The apology after an incident: what it would say now, and its publication."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.news.incident_routes import PAGE
from meterai.console.news.news_pages import WRITERS, news_page
from meterai.console.news.typed import Typed, read_typed
from meterai.console.pages import Asked
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.news.apology.letter import ApologyLetter, letter_of
from meterai.news.apology.model import CHANGES_LENGTH_MAX, Apology
from meterai.news.apology.publish import draft_apology, facts_of, publish_apology
from meterai.news.apology.queries import find_apology
from meterai.news.queries import incident
from meterai.operations.officers.register import is_checked
from meterai.texts.mechanism.languages import languages

ADDRESS: Final = f"{PAGE}/gangguan/{{number:int}}/maaf"


@get(ADDRESS)
async def show_apology(request: Asked, service: ConsoleApp, number: int) -> Response[bytes]:
    """Shows the published apology, or the form for what changes."""
    async with service.db.connection() as connection:
        published = await find_apology(connection, number)
    return await _page(request, service, number, Typed({}), published=published)


@post(ADDRESS, guards=[needs(*WRITERS)], status_code=200)
async def write_apology(request: Asked, service: ConsoleApp, officer: SignedIn, number: int) -> Response[Any]:
    """Shows what the apology would say now, then publishes it.

    Where officers are recorded, two of them sign it: `meterai incident apology`.
    """
    typed, now = await read_typed(request), service.clock()
    if typed.step == "ubah":
        return await _page(request, service, number, typed)
    try:
        drafted = await draft_apology(service.db, number, typed.words, now=now)
        if typed.step != "kirim":
            return await _page(request, service, number, typed, drafted=drafted)
        async with service.db.connection() as connection:
            if await is_checked(connection):
                raise Refusal(Kind.FORBIDDEN, "apology.two_sign", number=number)
        actor = Actor(name=officer.officer)
        await publish_apology(service.db, number, facts_of(drafted.changes), actor=actor, now=now)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _page(request, service, number, typed, refusal=refusal)
    return Redirect(f"{PAGE}/gangguan/{number}/maaf", status_code=303)


async def _page(
    request: Asked,
    service: ConsoleApp,
    number: int,
    typed: Typed,
    *,
    drafted: Apology | None = None,
    published: Apology | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    async with service.db.connection() as connection:
        found = await incident(connection, number)
    officer: SignedIn = request.user
    return news_page(
        request,
        "apology.html",
        incident=found,
        letters=_letters(published or drafted),
        is_published=published is not None,
        may_write=officer.has(*WRITERS) and published is None and found.ended_at is not None,
        is_drafted=drafted is not None,
        changes_length_max=CHANGES_LENGTH_MAX,
        typed=typed,
        refusal=refusal,
    )


def _letters(apology: Apology | None) -> dict[str, ApologyLetter]:
    """The text in each language; empty: there is none."""
    return {language: letter_of(apology, language) for language in languages()} if apology else {}


ROUTES: Final[list[Any]] = [show_apology, write_apology]
