"""Announcements: a new one with its preview, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.news.incident_routes import PAGE
from meterai.console.news.news_pages import WRITERS, news_page, preview_page
from meterai.console.news.typed import Typed, read_typed
from meterai.console.pages import Asked
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.news.model import Audience
from meterai.news.use_cases.announce import add_announcement, announcement_of, end_announcement
from meterai.sales.events import Event
from meterai.sales.queries.events import events
from meterai.texts.mechanism.marks import N_


@get(f"{PAGE}/pengumuman/baru", guards=[needs(*WRITERS)])
async def new_announcement(request: Asked, service: ConsoleApp) -> Response[bytes]:
    """Shows the form of a new announcement."""
    return _form(request, Typed({}), await events(service.db))


@post(f"{PAGE}/pengumuman/baru", guards=[needs(*WRITERS)], status_code=200)
async def announce(request: Asked, service: ConsoleApp, officer: SignedIn) -> Response[Any]:
    """Shows a preview, then announces. Raises: what the use case raises, but INVALID."""
    typed, now = await read_typed(request), service.clock()
    offered = await events(service.db)
    if typed.step == "ubah":
        return _form(request, typed, offered)
    try:
        form = typed.announcement()
        if typed.step != "kirim":
            drafted = announcement_of(form, now)
            return preview_page(
                request,
                typed,
                title=drafted.title,
                text=drafted.text,
                heading=N_("Begini orang membacanya"),
                is_in_line=drafted.audience is not Audience.PARTNERS,
            )
        await add_announcement(service.db, form, actor=Actor(name=officer.officer), now=now)
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return _form(request, typed, offered, refusal)
    return Redirect(PAGE, status_code=303)


@post(f"{PAGE}/pengumuman/{{number:int}}/akhiri", guards=[needs(*WRITERS)], status_code=303)
async def end(service: ConsoleApp, officer: SignedIn, number: int) -> Redirect:
    """Takes an announcement away now. Raises: what the use case raises."""
    await end_announcement(service.db, number, actor=Actor(name=officer.officer), now=service.clock())
    return Redirect(PAGE, status_code=303)


def _form(
    request: Asked, typed: Typed, offered: Sequence[Event], refusal: Refusal | None = None
) -> Response[bytes]:
    return news_page(request, "announcement_form.html", typed=typed, refusal=refusal, offered=offered)


ROUTES: Final[list[Any]] = [new_announcement, announce, end]
