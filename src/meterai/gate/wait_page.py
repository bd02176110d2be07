"""The wait page: what a ticket's holder is told now."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from markupsafe import Markup

from meterai.gate.moments import clock_text, time_text
from meterai.gate.pages import EventFacts, Pages
from meterai.gate.place_in_line import Standing, standing_of
from meterai.gate.published_cache import Shelf
from meterai.gate.ticket_code import code_image
from meterai.gate.verdict_words import Moments, said_of
from meterai.gate.words import HEADLINES, TEXTS
from meterai.kernel.clock import ZONES
from meterai.kit.formats.display import number_text
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import LOOKS_AFTER, POLL, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.rules.verdict import Advice, Verdict, is_old, verdict_of

_DRAWN_AFTER_S = 3
"""Seconds from the end of a window to its seed, and a little."""
_LOOKS_PER_S = 5_000
_LOOKS_APART_S = 4
"""Those whose window is drawn look within so many seconds after it; so many more that no more than
`_LOOKS_PER_S` come in one, for a gate makes a page in 0.1 ms."""
_NEAR_S = 180
_REFRESH_MAX_S = 60
_REFRESH_UNKNOWN_S = 20
_RELOADS = 30
"""A page with a script is fetched anew after so many looks, or when its words can't be true any more."""
_RELOAD_S = (120, 1_800)
_UNHEARD_POLL_S = 15
"""A page that calls its figures old is fetched anew with the first status that is not: never at every look,
should another gate behind the same address not have it."""
_NOTHING_TO_PREPARE = {Advice.CALLED, Advice.CLOSED, Advice.CALLED_AND_CLOSED, Advice.NOT_TONIGHT}


@dataclass(frozen=True, slots=True)
class Told:
    """What the holder of a ticket is told, and what it was worked out from."""

    standing: Standing
    verdict: Verdict


def _told_of(shelf: Shelf, ticket: Ticket, *, now: float, joined_here: int) -> Told:
    """The standing and the verdict. `joined_here`: joins at this gate in the ticket's window."""
    standing = standing_of(shelf, ticket)
    status = shelf.status
    if status is None:
        return Told(standing, Verdict(advice=Advice.UNKNOWN))
    schedule = shelf.config.schedule
    if status.state.stands_still and not standing.is_called and schedule.opens_at <= now < schedule.closes_at:
        return Told(standing, Verdict(advice=Advice.FREE))
    among = None
    if standing.place is None:
        among = max(joined_here, _among(shelf, standing, ticket))
    verdict = verdict_of(
        status,
        standing.ahead,
        now=now,
        among=among,
        is_called=standing.is_called,
        line_counts=shelf.config.policy.line_counts,
    )
    return Told(standing, verdict)


class WaitPages:
    """The wait pages of one event. `gate_url`: where their links lead, without a slash at its end.

    Before its window is drawn everybody in it is told the same, which is worked out once a second.
    """

    def __init__(self, pages: Pages, shelf: Shelf, event: EventFacts, gate_url: str) -> None:
        self._pages = pages
        self._shelf = shelf
        self._event = event
        self._gate_url = gate_url
        self._told_at: tuple[Status | None, int] = (None, 0)
        self._told: dict[int, Told] = {}
        """By window that is not drawn, as of this status and second."""

    def told(self, ticket: Ticket, *, now: float, joined_here: int) -> Told:
        """The standing and the verdict. `joined_here`: joins at this gate in the ticket's window."""
        shelf = self._shelf
        if shelf.is_drawn(ticket.window):
            return _told_of(shelf, ticket, now=now, joined_here=joined_here)
        status, second = self._told_at
        if shelf.status is not status or int(now) != second:
            self._told_at = (shelf.status, int(now))
            self._told.clear()
        found = self._told.get(ticket.window)
        if found is None:
            found = _told_of(shelf, ticket, now=now, joined_here=joined_here)
            self._told[ticket.window] = found
        return found

    def page(
        self, text: str, ticket: Ticket, told: Told, *, language: str, now: float, is_moved: bool = False
    ) -> bytes:
        """The page of a ticket, about 12 kB. `is_moved`: it is the answer to a form, and says under which
        address it stands by itself."""
        standing, verdict = told.standing, told.verdict
        shelf, event, status = self._shelf, self._event, self._shelf.status
        said = said_of(verdict, status, _moments(shelf, event, ticket), language=language)
        ahead, number = _shown_ahead(standing, verdict), standing.number
        refresh = refresh_seconds(shelf, standing, ticket, now)
        link = f"{self._gate_url}{address_of(shelf.slug, '', language)}"
        return self._pages.render(
            "wait.html",
            language,
            path=address_of(shelf.slug, text, "id"),
            address=address_of(shelf.slug, text, language) if is_moved else "",
            name=event.name,
            slug=event.slug,
            zone=event.zone,
            zone_name=ZONES[event.zone],
            documents=() if verdict.advice in _NOTHING_TO_PREPARE else event.documents[language],
            headline=HEADLINES[_headline(shelf, standing, verdict, ticket)].of(language),
            note=getattr(status.note, language) if status else "",
            state=standing.state,
            heard_state="" if verdict.advice is Advice.UNHEARD else standing.state,
            is_called=standing.is_called,
            is_exact=standing.is_exact,
            window=ticket.window,
            place=standing.place,
            number=number,
            number_shown="" if number is None else number_text(number, language),
            ahead=ahead,
            ahead_shown="" if ahead is None else number_text(ahead, language),
            left_s=standing.soonest_s,
            is_near=_is_near(standing),
            turn=_turn(standing, status, event, language, now),
            epoch=status.epoch if status else 0,
            sequence=status.sequence if status else 0,
            updated=clock_text(status.at if status else now, language, event.zone, seconds=True),
            said=said,
            ticket=text,
            code=Markup(code_image(link, text)),  # noqa: S704 - drawn here
            refresh_s=refresh,
            reload_s=_reload_seconds(standing, refresh),
            poll_s=_poll_seconds(status, told),
        )


def address_of(slug: str, text: str, language: str) -> str:
    """Where the wait page of a ticket stands at the gate."""
    return f"{'/en' if language == 'en' else ''}/antre/{slug}/t/{text}"


def refresh_seconds(shelf: Shelf, standing: Standing, ticket: Ticket, now: float) -> int:
    """When a page without a script looks again: soon after the draw, often at the front, seldom at the back.

    With jitter, so that those who came together don't come back together.
    """
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, decides nothing
    if standing.state is QueueState.CLOSED or standing.is_called:
        return round(_REFRESH_MAX_S * 5 * spread)
    if standing.place is None:
        until = windows.end_of(shelf.config.schedule, ticket.window) + _DRAWN_AFTER_S - now
        if until > _REFRESH_MAX_S:
            return round(min(until, 600) * spread)
        if until < 0:  # the draw is late, perhaps by an hour: who has waited for it long looks seldom
            until = min(-until / 2, _REFRESH_MAX_S)
        apart_s = _between(_among(shelf, standing, ticket) / _LOOKS_PER_S, _LOOKS_APART_S, _REFRESH_MAX_S)
        return max(2, round(until + random.uniform(0, apart_s)))  # noqa: S311
    front, back = shelf.status.poll if shelf.status else POLL
    wished = _between(_next_look_s(shelf.status, standing), max(front, 5), max(back, 5))
    return max(2, round(wished * spread))


def _among(shelf: Shelf, standing: Standing, ticket: Ticket) -> int:
    """How many are in the ticket's window, as far as is known."""
    waiting = shelf.status.waiting if shelf.status else 0
    return shelf.people_in(ticket.window) or max(0, waiting - (standing.ahead or 0))


def _poll_seconds(status: Status | None, told: Told) -> int:
    """When a page with a script looks at the status for the first time; then it knows by itself.

    Before the draw a status says nothing of the place: the page is fetched anew when there is one.
    """
    front, back = status.poll if status else POLL
    if told.standing.place is None:
        return back
    if told.verdict.advice is Advice.UNHEARD:
        front = max(front, _UNHEARD_POLL_S)
    return round(_between(_next_look_s(status, told.standing), front, max(front, back)))


def _reload_seconds(standing: Standing, refresh_s: int) -> int:
    """When a page with a script fetches itself again, whatever the status says."""
    return refresh_s if standing.place is None else round(_between(refresh_s * _RELOADS, *_RELOAD_S))


def _next_look_s(status: Status | None, standing: Standing) -> float:
    """A part of the time until the turn, or until it would come if calling went on at the told rate: the fan
    may fear an outage that ends earlier."""
    if status is None or standing.soonest_s is None or standing.ahead is None:
        return _REFRESH_UNKNOWN_S
    at_rate = standing.ahead * 60 / status.rate if status.rate else math.inf
    return min(standing.soonest_s, at_rate) * LOOKS_AFTER


def _between(wished: float, least: float, most: float) -> float:
    return min(max(wished, least), most)


def _headline(shelf: Shelf, standing: Standing, verdict: Verdict, ticket: Ticket) -> str:
    match verdict.advice:
        case (
            Advice.CLOSED | Advice.HALTED | Advice.OUT_OF_STOCK | Advice.CALLED | Advice.FREE
            | Advice.NOT_TONIGHT
        ):  # fmt: skip
            return verdict.advice.value
        case Advice.CALLED_AND_CLOSED:
            return "closed"
    lottery = windows.lottery_of(shelf.config.schedule)
    if standing.place is None and ticket.window in (0, lottery):
        return "lottery"
    return "near" if _is_near(standing) and verdict.advice is not Advice.UNHEARD else "waiting"


def _is_near(standing: Standing) -> bool:
    return standing.number is not None and standing.soonest_s is not None and standing.soonest_s <= _NEAR_S


def _shown_ahead(standing: Standing, verdict: Verdict) -> int | None:
    """Nothing after the end; before the draw only what is certain and says something."""
    if verdict.advice is Advice.CLOSED or (standing.number is None and not standing.ahead):
        return None
    return standing.ahead


def _turn(standing: Standing, status: Status | None, event: EventFacts, language: str, now: float) -> str:
    if standing.soonest_s is None or (status is not None and is_old(status, now)):
        return TEXTS["unknown_time"].of(language)
    soonest = time_text(int(now) + standing.soonest_s, language, event.zone, now=now)
    if standing.latest_s is None:
        return TEXTS["from"].of(language).format(soonest=soonest)
    latest = time_text(int(now) + standing.latest_s, language, event.zone, now=now)
    if soonest == latest:
        return TEXTS["about"].of(language).format(moment=latest)
    bare, _, rest = soonest.partition(" ")
    if latest.endswith(f" {rest}"):  # zone and day stand once
        soonest = bare
    return TEXTS["between"].of(language).format(soonest=soonest, latest=latest)


def _moments(shelf: Shelf, event: EventFacts, ticket: Ticket) -> Moments:
    schedule = shelf.config.schedule
    return Moments(
        zone=event.zone,
        closes_at=schedule.closes_at,
        joined_at=ticket.joined_at,
        drawn_at=windows.end_of(schedule, ticket.window),
        claim_minutes=shelf.config.policy.claim_minutes,
        line_counts=shelf.config.policy.line_counts,
    )
