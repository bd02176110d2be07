"""The wait page: what a ticket's holder is told now."""

from __future__ import annotations

import random

from meterai.gate.clocks import clock_text, moment_text
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.qr import qr_svg
from meterai.gate.shelf import Shelf
from meterai.gate.standing import Standing, standing_of
from meterai.gate.words import HEADLINES, TEXTS
from meterai.waiting_room import windows
from meterai.waiting_room.model import QueueState
from meterai.waiting_room.tickets import Ticket

_DRAWN_AFTER_S = 3
"""Seconds from the end of a window to its seed, and a little."""
_NEAR_S = 180
_REFRESH_MAX_S = 60
_REFRESH_UNKNOWN_S = 20
_RELOAD_S = 150
"""A page with a script is fetched anew so seldom: for the verdict, which the server works out."""


def wait_page(
    pages: Pages, shelf: Shelf, event: EventFacts, text: str, ticket: Ticket, *,
    language: str, now: float, gate_url: str,
) -> bytes:  # fmt: skip
    """The page of a ticket, about 12 kB."""
    standing = standing_of(shelf, ticket)
    status = shelf.status
    path = f"/antre/{shelf.slug}/t/{text}"
    address = f"{gate_url}{'/en' if language == 'en' else ''}{path}"
    refresh = refresh_seconds(shelf, standing, ticket, now)
    note = getattr(status.note, language) if status else ""
    return pages.render(
        "wait.html",
        language,
        path=path,
        event=_event_view(event, language),
        ticket=text,
        headline=HEADLINES[_headline(standing)].of(language),
        note=note,
        window=ticket.window,
        place="" if standing.place is None else standing.place,
        number=standing.number,
        is_exact=standing.is_exact,
        is_called=standing.is_called,
        ahead=standing.ahead,
        turn=_turn(standing, event, language, now),
        drawn=_drawn(shelf, standing, ticket, event, language),
        verdict="",
        epoch=status.epoch if status else 0,
        sequence=status.sequence if status else 0,
        claim_minutes=shelf.config.policy.claim_minutes,
        updated=clock_text(status.at if status else now, language, event.zone, seconds=True),
        refresh_s=refresh,
        reload_s=_RELOAD_S if standing.place is not None else refresh,
        address=address,
        qr=_svg(address),
    )


def refresh_seconds(shelf: Shelf, standing: Standing, ticket: Ticket, now: float) -> int:
    """When a page without a script looks again: soon after the draw, often at the front, seldom at the back.

    With jitter, so that those who came together don't come back together.
    """
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, decides nothing
    if standing.place is None:
        window = windows.window_of(shelf.config.schedule, ticket.window)
        until = window.ends_at + _DRAWN_AFTER_S - now
        if until > _REFRESH_MAX_S:
            return round(min(until, 600) * spread)
        return max(2, round(max(until, 0) + random.uniform(0, 4)))  # noqa: S311
    front, back = shelf.status.poll if shelf.status else (5, _REFRESH_MAX_S)
    if standing.soonest_s is None:
        return round(_REFRESH_UNKNOWN_S * spread)
    wished = min(max(standing.soonest_s / 10, front, 5), max(back, 5))
    return max(2, round(wished * spread))


def _headline(standing: Standing) -> str:
    match standing.state:
        case QueueState.CLOSED:
            return "called" if standing.is_called else "closed"
        case QueueState.HALTED:
            return "halted"
        case QueueState.OUT_OF_STOCK:
            return "out_of_stock"
    if standing.is_called:
        return "called"
    return "near" if standing.soonest_s is not None and standing.soonest_s <= _NEAR_S else "waiting"


def _turn(standing: Standing, event: EventFacts, language: str, now: float) -> str:
    if standing.soonest_s is None:
        return TEXTS["unknown_time"].of(language)
    soonest = clock_text(now + standing.soonest_s, language, event.zone)
    if standing.latest_s is None:
        return TEXTS["from"].of(language).format(soonest=soonest)
    latest = clock_text(now + standing.latest_s, language, event.zone)
    return TEXTS["between"].of(language).format(soonest=soonest, latest=latest)


def _drawn(shelf: Shelf, standing: Standing, ticket: Ticket, event: EventFacts, language: str) -> str:
    """When the order inside its window will be known."""
    if standing.place is not None:
        return ""
    ends_at = windows.window_of(shelf.config.schedule, ticket.window).ends_at
    moment = (
        moment_text(ends_at, language, event.zone)
        if ticket.window == 0
        else clock_text(ends_at, language, event.zone, seconds=True)
    )
    return TEXTS["waits_closing"].of(language).format(moment=moment)


def _event_view(event: EventFacts, language: str) -> dict[str, object]:
    return {
        "slug": event.slug,
        "name": event.name,
        "zone": event.zone,
        "documents": event.documents[language],
    }


def _svg(address: str) -> object:
    from markupsafe import Markup

    return Markup(qr_svg(address))  # noqa: S704 - drawn here, from checked text
