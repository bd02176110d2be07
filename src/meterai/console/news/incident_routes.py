"""Incidents: the list, a new one, its updates, its end, and messages to its customers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.news.news_pages import WRITERS, news_page, preview_page
from meterai.console.news.typed import Typed, read_typed
from meterai.console.pages import Asked
from meterai.console.session import SignedIn, needs
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.news.messages.affected import affected_by, prices_of
from meterai.news.messages.queries import message_states
from meterai.news.model import IncidentState, checked_text
from meterai.news.queries import incident, incidents_since, newest_announcements
from meterai.news.use_cases.declare_incident import declare_incident, incident_of
from meterai.news.use_cases.message_affected import message_affected
from meterai.news.use_cases.update_incident import resolve_incident, update_incident
from meterai.texts.mechanism.marks import N_

PAGE: Final = "/kabar"
_SHOWN_DAYS: Final = 90


@get(PAGE)
async def show_news(request: Asked, service: ConsoleApp) -> Response[bytes]:
    """Lists incidents of the last 90 days, the open ones first, and announcements."""
    now = service.clock()
    async with service.db.connection() as connection:
        found = await incidents_since(connection, now - timedelta(days=_SHOWN_DAYS))
        announcements = await newest_announcements(connection)
    return news_page(
        request,
        "list.html",
        open_ones=[one for one in found if one.state is not IncidentState.RESOLVED],
        past=[one for one in found if one.state is IncidentState.RESOLVED],
        announcements=announcements,
        now=now,
    )


@get(f"{PAGE}/gangguan/baru", guards=[needs(*WRITERS)])
async def new_incident(request: Asked) -> Response[bytes]:
    """Shows the form of a new incident."""
    return _incident_form(request, Typed({}))


@post(f"{PAGE}/gangguan/baru", guards=[needs(*WRITERS)], status_code=200)
async def declare(request: Asked, service: ConsoleApp, officer: SignedIn) -> Response[Any]:
    """Shows a preview, then declares the incident. Raises: what the use case raises, but INVALID."""
    typed, now = await read_typed(request), service.clock()
    if typed.step == "ubah":
        return _incident_form(request, typed)
    try:
        form = typed.incident(now)
        if typed.step != "kirim":
            drafted = incident_of(form, now)
            return preview_page(
                request,
                typed,
                title=drafted.title,
                text=drafted.updates[0].text,
                heading=N_("Begini orang membacanya"),
            )
        made = await declare_incident(service.db, form, actor=Actor(name=officer.officer), now=now)
    except Refusal as refusal:
        return _incident_form(request, typed, _shown(refusal))
    return Redirect(f"{PAGE}/gangguan/{made.number}", status_code=303)


@get(f"{PAGE}/gangguan/{{number:int}}")
async def show_incident(request: Asked, service: ConsoleApp, number: int) -> Response[bytes]:
    """Shows an incident: its updates, the next one, and its customers with the cost of messages."""
    return await _incident_page(request, service, number, Typed({}))


@post(f"{PAGE}/gangguan/{{number:int}}/kabar", guards=[needs(*WRITERS)], status_code=200)
async def update(request: Asked, service: ConsoleApp, officer: SignedIn, number: int) -> Response[Any]:
    """Shows a preview, then adds an update, or resolves the incident."""
    typed, now, actor = await read_typed(request), service.clock(), Actor(name=officer.officer)
    if typed.step == "ubah":
        return await _incident_page(request, service, number, typed)
    try:
        if typed.step != "kirim":
            async with service.db.connection() as connection:
                title = (await incident(connection, number)).title
            return preview_page(
                request,
                typed,
                title=title,
                text=checked_text(typed.words),
                heading=N_("Begini orang membacanya"),
            )
        if typed.text("keadaan") == IncidentState.RESOLVED:
            await resolve_incident(
                service.db, number, typed.words, ended_at=typed.moment("berakhir"), actor=actor, now=now
            )
        else:
            await update_incident(service.db, number, typed.update(now), actor=actor, now=now)
    except Refusal as refusal:
        return await _incident_page(request, service, number, typed, _shown(refusal))
    return Redirect(f"{PAGE}/gangguan/{number}", status_code=303)


@post(f"{PAGE}/gangguan/{{number:int}}/pesan", guards=[needs(*WRITERS)], status_code=200)
async def message(request: Asked, service: ConsoleApp, officer: SignedIn, number: int) -> Response[Any]:
    """Writes messages to the customers, not more than the officer has seen."""
    typed = await read_typed(request)
    try:
        await message_affected(
            service.db,
            number,
            messages_max=typed.number("pesan"),
            prices=prices_of(service.settings),
            actor=Actor(name=officer.officer),
            now=service.clock(),
        )
    except Refusal as refusal:
        return await _incident_page(request, service, number, Typed({}), refusal)
    return Redirect(f"{PAGE}/gangguan/{number}", status_code=303)


def _shown(refusal: Refusal) -> Refusal:
    """A refusal that stands above the form. Raises: it, when there is nothing to mend in the form."""
    if refusal.kind is not Kind.INVALID:
        raise refusal
    return refusal


def _incident_form(request: Asked, typed: Typed, refusal: Refusal | None = None) -> Response[bytes]:
    return news_page(request, "incident_form.html", typed=typed, refusal=refusal)


async def _incident_page(
    request: Asked, service: ConsoleApp, number: int, typed: Typed, refusal: Refusal | None = None
) -> Response[bytes]:
    now = service.clock()
    async with service.db.connection() as connection:
        found = await incident(connection, number)
        affected = await affected_by(connection, number, prices_of(service.settings), now=now)
        states = await message_states(connection, incident=number, now=now)
    officer: SignedIn = request.user
    return news_page(
        request,
        "incident.html",
        incident=found,
        affected=affected,
        states={state.value: count for state, count in states.items()},
        typed=typed,
        refusal=refusal,
        now=now,
        may_write=officer.has(*WRITERS),
    )


ROUTES: Final[list[Any]] = [show_news, new_incident, declare, show_incident, update, message]
