"""The wait page: a ticket's place, the verdict, and when to look again."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from meterai.gate.pages import EventFacts, Pages
from meterai.gate.published_cache import PublishedCache
from meterai.gate.time_texts import clock_text, time_text
from meterai.gate.verdict_words import NamedTimes, chance_headline, said_to_entered, verdict_text
from meterai.gate.waiting.place_in_line import PlaceInLine, place_in_line
from meterai.gate.waiting.ticket_code import code_image
from meterai.kernel.clock import ZONES
from meterai.kit.formats.display import number_text
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import HEADLINES, TEXTS
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import LOOKS_AFTER, POLL, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.rules.verdict import Advice, Verdict, is_old, verdict_of

_DRAWN_AFTER_S = 3
"""A little more than the seconds from a window's end to its seed."""
_LOOKS_PER_S = 5_000
_LOOKS_APART_S = 4
"""People whose window is drawn look within this time after it. The time is longer for many people, so that no
more than `_LOOKS_PER_S` come in a second: a gate makes a page in 0.1 to 0.2 ms."""
_NEAR_S = 180
_HOPEFUL = 0.5
"""People whose turn is near read so, unless they will probably be too late."""
_REFRESH_MAX_S = 60
_REFRESH_UNKNOWN_S = 20
_RELOADS = 30
"""A page with a script loads itself again after this many polls, or when its words may no longer be true."""
_RELOAD_S = (120, 1_800)
_UNHEARD_POLL_S = 15
"""The shortest time between polls of a page that calls its figures old. Such a page loads itself again at the
first newer status. Two gates behind one address may have different ones, and it must not do so at every
poll."""
_NOTHING_TO_PREPARE = {Advice.CALLED, Advice.CLOSED, Advice.CALLED_AND_CLOSED, Advice.NOT_TONIGHT}


@dataclass(frozen=True, slots=True)
class Outlook:
    """A ticket's place in line and the verdict on it."""

    place: PlaceInLine
    verdict: Verdict


def _outlook_of(published: PublishedCache, ticket: Ticket, *, now: float, joined_here: int) -> Outlook:
    """The place and verdict of a ticket. `joined_here`: joins at this gate in the ticket's window."""
    place = place_in_line(published, ticket)
    status = published.status
    if status is None:
        return Outlook(place, Verdict(advice=Advice.UNKNOWN))
    schedule = published.config.schedule
    if status.state.stands_still and not place.is_called and schedule.opens_at <= now < schedule.closes_at:
        return Outlook(place, Verdict(advice=Advice.FREE))
    among = None
    if place.drawn_place is None:
        among = max(joined_here, _among(published, place, ticket))
    verdict = verdict_of(
        status,
        place.ahead,
        now=now,
        among=among,
        is_called=place.is_called,
        line_counts=published.config.policy.line_counts,
    )
    return Outlook(place, verdict)


class WaitPages:
    """The wait pages of one event. `gate_url`: the address of this gate, without a slash at its end.

    Before a window is drawn, everybody in it has the same outlook; it is worked out once a second.
    """

    def __init__(self, pages: Pages, published: PublishedCache, event: EventFacts, gate_url: str) -> None:
        self._pages = pages
        self._published = published
        self._event = event
        self._gate_url = gate_url
        self._outlooks_of: tuple[Status | None, int] = (None, 0)
        self._outlooks: dict[int, Outlook] = {}
        """By window that is not drawn, for this status and second."""
        self._facts_of_windows: dict[tuple[int, str], dict[str, Any]] = {}
        """The same for the facts of pages, by window and language."""

    def of(self, event: EventFacts) -> WaitPages:
        """The same pages of an event with other facts."""
        return WaitPages(self._pages, self._published, event, self._gate_url)

    def outlook(self, ticket: Ticket, *, now: float, joined_here: int) -> Outlook:
        """The place and verdict of a ticket. `joined_here`: joins at this gate in the ticket's window."""
        published = self._published
        if published.is_drawn(ticket.window):
            return _outlook_of(published, ticket, now=now, joined_here=joined_here)
        status, second = self._outlooks_of
        if published.status is not status or int(now) != second:
            self._outlooks_of = (published.status, int(now))
            self._outlooks.clear()
            self._facts_of_windows.clear()
        found = self._outlooks.get(ticket.window)
        if found is None:
            found = _outlook_of(published, ticket, now=now, joined_here=joined_here)
            self._outlooks[ticket.window] = found
        return found

    def page(
        self,
        text: str,
        ticket: Ticket,
        outlook: Outlook,
        *,
        language: str,
        now: float,
        answers_form: bool = False,
        has_entered: bool = False,
        contact: str = "",
    ) -> bytes:
        """The page of a ticket, about 12 kB.

        `answers_form`: it answers a form, so it names its own address. `has_entered`: this browser has
        entered the site. `contact`: as this browser may see it.
        """
        published, place = self._published, outlook.place
        refresh = refresh_seconds(published, place, ticket, now)
        link = f"{self._gate_url}{address_of(published.slug, '', language)}"
        facts = self._facts(ticket, outlook, language, now)
        if has_entered and place.is_called:
            facts |= _facts_of_entered(language)
        return self._pages.render(
            "wait.html",
            language,
            path=address_of(published.slug, text, "id"),
            address=address_of(published.slug, text, language) if answers_form else "",
            ticket=text,
            ticket_link=link + text,
            contact=contact,
            code=Markup(code_image(link, text)),  # noqa: S704 - drawn here
            refresh_s=refresh,
            reload_s=_reload_seconds(place, refresh),
            poll_s=_poll_seconds(published.status, outlook),
            **facts,
        )

    def _facts(self, ticket: Ticket, outlook: Outlook, language: str, now: float) -> dict[str, Any]:
        """The facts of a page that do not name its ticket. Before the draw they are kept with the outlook."""
        names_join = outlook.verdict.advice is Advice.CLOSED
        if outlook.place.drawn_place is not None or names_join:
            return self._make_facts(ticket, outlook, language, now)
        key = (ticket.window, language)
        if key not in self._facts_of_windows:
            self._facts_of_windows[key] = self._make_facts(ticket, outlook, language, now)
        return self._facts_of_windows[key]

    def _make_facts(self, ticket: Ticket, outlook: Outlook, language: str, now: float) -> dict[str, Any]:
        place, verdict = outlook.place, outlook.verdict
        published, event, status = self._published, self._event, self._published.status
        ahead, number = _shown_ahead(place, verdict), place.number
        return {
            "name": event.name_in(language),
            "slug": event.slug,
            "zone": event.zone,
            "zone_name": ZONES[event.zone],
            "documents": () if verdict.advice in _NOTHING_TO_PREPARE else event.documents_in(language),
            "headline": translate(HEADLINES[_headline(published, place, verdict, ticket)], language),
            "said": verdict_text(
                verdict, status, _moments(published, event, ticket, place), language=language
            ),
            "note": status.words_in(language) if status else "",
            "state": place.state,
            "heard_state": "" if verdict.advice is Advice.UNHEARD else place.state,
            "is_called": place.is_called,
            "has_entered": False,
            "call_left_s": _call_left(place, status, published),
            "is_exact": place.is_exact,
            "window": ticket.window,
            "place": place.drawn_place,
            "number": number,
            "number_shown": "" if number is None else number_text(number, language),
            "ahead": ahead,
            "ahead_shown": "" if ahead is None else number_text(ahead, language),
            "left_s": place.soonest_s,
            "is_near": _is_near(place),
            "turn": _turn(place, status, event, language, now),
            "epoch": status.epoch if status else 0,
            "sequence": status.sequence if status else 0,
            "head": status.head if status else "",
            "updated": clock_text(status.at if status else now, language, event.zone, seconds=True),
        }


def _facts_of_entered(language: str) -> dict[str, Any]:
    """What the page says instead to a person who has entered the site."""
    return {
        "headline": translate(HEADLINES["entered"], language),
        "said": said_to_entered(language),
        "has_entered": True,
        "call_left_s": None,
    }


def _call_left(place: PlaceInLine, status: Status | None, published: PublishedCache) -> int | None:
    """The seconds that the page counts down: until the call lapses or the queue closes. None: no count."""
    if status is None or not status.lets_called_in or not place.call_left_s:
        return None
    if published.config.policy.line_counts:
        return place.call_left_s
    return min(place.call_left_s, status.closes_at - status.at)


def address_of(slug: str, text: str, language: str) -> str:
    """The address of a ticket's wait page at the gate."""
    return f"{prefix_of(language)}/antre/{slug}/t/{text}"


def refresh_seconds(published: PublishedCache, place: PlaceInLine, ticket: Ticket, now: float) -> int:
    """Seconds until a page without a script loads itself again: soon after the draw, then by the place in
    line.

    With jitter, so that people who came together do not come back together.
    """
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, decides nothing
    if place.state is QueueState.CLOSED or place.is_called:
        return round(_REFRESH_MAX_S * 5 * spread)
    if place.drawn_place is None:
        until = windows.end_of(published.config.schedule, ticket.window) + _DRAWN_AFTER_S - now
        if until > _REFRESH_MAX_S:
            return round(min(until, 600) * spread)
        if until < 0:  # the draw is late, perhaps by an hour: the later, the longer the pause
            until = min(-until / 2, _REFRESH_MAX_S)
        apart_s = _between(_among(published, place, ticket) / _LOOKS_PER_S, _LOOKS_APART_S, _REFRESH_MAX_S)
        return max(2, round(until + random.uniform(0, apart_s)))  # noqa: S311
    front, back = published.status.poll if published.status else POLL
    wished = _between(_next_look_s(published.status, place), max(front, 5), max(back, 5))
    return max(2, round(wished * spread))


def _among(published: PublishedCache, place: PlaceInLine, ticket: Ticket) -> int:
    """The number of people in the ticket's window, as far as it is known."""
    waiting = published.status.waiting if published.status else 0
    return published.people_in(ticket.window) or max(0, waiting - (place.ahead or 0))


def _poll_seconds(status: Status | None, outlook: Outlook) -> int:
    """Seconds until a page with a script polls the status for the first time; the script decides from then
    on.

    Before the draw a status says nothing about the place, so the page loads itself again when there is one.
    """
    front, back = status.poll if status else POLL
    if outlook.place.drawn_place is None:
        return back
    if outlook.verdict.advice is Advice.UNHEARD:
        front = max(front, _UNHEARD_POLL_S)
    return round(_between(_next_look_s(status, outlook.place), front, max(front, back)))


def _reload_seconds(place: PlaceInLine, refresh_s: int) -> int:
    """Seconds until a page with a script loads itself again, whatever the status says."""
    return refresh_s if place.drawn_place is None else round(_between(refresh_s * _RELOADS, *_RELOAD_S))


def _next_look_s(status: Status | None, place: PlaceInLine) -> float:
    """A quarter of the time until the turn, by the forecast or the published rate, whichever is sooner.

    The forecast may allow for an outage that ends earlier.
    """
    if status is None or place.soonest_s is None or place.ahead is None:
        return _REFRESH_UNKNOWN_S
    at_rate = place.ahead * 60 / status.rate if status.rate else math.inf
    return min(place.soonest_s, at_rate) * LOOKS_AFTER


def _between(wished: float, least: float, most: float) -> float:
    return min(max(wished, least), most)


def _headline(published: PublishedCache, place: PlaceInLine, verdict: Verdict, ticket: Ticket) -> str:
    match verdict.advice:
        case Advice.CLOSED | Advice.HALTED | Advice.OUT_OF_STOCK | Advice.CALLED | Advice.FREE:
            return verdict.advice.value
        case Advice.CALLED_AND_CLOSED:
            return "closed"
    lottery = windows.lottery_of(published.config.schedule)
    if place.drawn_place is None and ticket.window in (0, lottery):
        return "lottery"
    chance = verdict.probability
    is_hopeful = verdict.advice is not Advice.UNHEARD and (chance is None or chance >= _HOPEFUL)
    if _is_near(place) and is_hopeful:
        return "near"
    return "waiting" if chance is None else chance_headline(chance)


def _is_near(place: PlaceInLine) -> bool:
    return place.number is not None and place.soonest_s is not None and place.soonest_s <= _NEAR_S


def _shown_ahead(place: PlaceInLine, verdict: Verdict) -> int | None:
    """The number ahead that the page shows: none after the end, and before the draw only a certain one."""
    if verdict.advice is Advice.CLOSED or (place.number is None and not place.ahead):
        return None
    return place.ahead


def _turn(place: PlaceInLine, status: Status | None, event: EventFacts, language: str, now: float) -> str:
    if place.soonest_s is None or (status is not None and is_old(status, now)):
        return translate(TEXTS["unknown_time"], language)
    soonest = time_text(int(now) + place.soonest_s, language, event.zone, now=now)
    if place.latest_s is None:
        return translate(TEXTS["from"], language).format(soonest=soonest)
    latest = time_text(int(now) + place.latest_s, language, event.zone, now=now)
    if soonest == latest:
        return translate(TEXTS["about"], language).format(moment=latest)
    bare, _, rest = soonest.partition(" ")
    if latest.endswith(f" {rest}"):  # zone and day stand once
        soonest = bare
    return translate(TEXTS["between"], language).format(soonest=soonest, latest=latest)


def _moments(published: PublishedCache, event: EventFacts, ticket: Ticket, place: PlaceInLine) -> NamedTimes:
    schedule = published.config.schedule
    return NamedTimes(
        zone=event.zone,
        closes_at=schedule.closes_at,
        joined_at=ticket.joined_at,
        drawn_at=windows.end_of(schedule, ticket.window),
        claim_minutes=published.config.policy.claim_minutes,
        line_counts=published.config.policy.line_counts,
        call_left_s=place.call_left_s,
    )
