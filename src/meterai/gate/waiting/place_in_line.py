"""A person's place in line: called, or the number ahead and the expected time."""

from __future__ import annotations

from dataclasses import dataclass

from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.model import U_MAX, Lane, QueueState
from meterai.waiting_room.rules.tickets import Ticket


@dataclass(frozen=True, slots=True)
class PlaceInLine:
    """A ticket's place in line. Counts are of people as the frontier counts them: somebody who joined in two
    windows is counted twice."""

    state: QueueState
    is_called: bool
    drawn_place: int | None
    """The place in its window, 0 to below 2^64; None until the seed is revealed."""
    number: int | None
    """The number in the whole line, from 1; None until it is known."""
    is_exact: bool
    """True: the number was counted. False: it is estimated while places are being sorted."""
    ahead: int | None
    """The number of people before this one who are not called yet."""
    soonest_s: int | None
    """Seconds until the turn with 50 % probability."""
    latest_s: int | None
    """Seconds until the turn with 97.5 % probability; None when it is beyond the forecast."""
    call_left_s: int | None = None
    """Seconds in which a called person may still enter; 0: the call has lapsed.

    None: unknown, or not called.
    """


def place_in_line(published: PublishedCache, ticket: Ticket) -> PlaceInLine:
    """The place of a ticket, by the published documents."""
    status = published.status
    place = published.place_of(ticket.window, ticket.id)
    before = published.people_before(ticket.window)
    number, is_exact = _number(published, ticket.window, place, before)
    is_called = status is not None and place is not None and _is_called(status, ticket.window, place)
    ahead = _ahead(published, number, before) if not is_called else 0
    soonest, latest = _times(status, ahead) if status and not is_called else (0, 0)
    if number is None and not is_called:
        latest = None  # before the draw only people of earlier windows are known to be ahead
    return PlaceInLine(
        state=status.state if status else QueueState.OPEN,
        is_called=is_called,
        drawn_place=place,
        number=number,
        is_exact=is_exact,
        ahead=ahead,
        soonest_s=soonest,
        latest_s=latest,
        call_left_s=_call_left(published, status, ticket.window, place) if is_called else None,
    )


def _is_called(status: Status, window: int, place: int) -> bool:
    return (window, place) < tuple(status.frontiers[Lane.NEW])


def _call_left(
    published: PublishedCache, status: Status | None, window: int, place: int | None
) -> int | None:
    if status is None or place is None:
        return None
    if (window, place) < tuple(status.frontiers[Lane.RETURNER]):
        return 0
    return published.calls.left_s(window, place, published.claim_s)


def _number(
    published: PublishedCache, window: int, place: int | None, before: int | None
) -> tuple[int | None, bool]:
    people = published.people_in(window)
    if place is None or before is None or people is None:
        return None, False
    rank = published.rank_in(window, place)
    if rank is not None:
        return before + rank + 1, True
    return before + place * people // U_MAX + 1, False


def called_of(published: PublishedCache) -> int:
    """The number of people in front of the frontier: they are called."""
    status = published.status
    if status is None:
        return 0
    window, x = status.frontiers[Lane.NEW]
    before, people = published.people_before(window), published.people_in(window)
    if before is None:
        return status.called
    return before + x * (people or 0) // U_MAX


def _ahead(published: PublishedCache, number: int | None, before: int | None) -> int | None:
    """The number of people ahead. Before the draw only people of earlier windows certainly are."""
    if number is not None:
        return max(0, number - 1 - called_of(published))
    return None if before is None else max(0, before - called_of(published))


def _times(status: Status, ahead: int | None) -> tuple[int | None, int | None]:
    """Soonest and latest seconds until the turn, from the forecast; beyond it the soonest from the rate."""
    if ahead is None:
        return None, None
    soonest = _when([(horizon, middle) for horizon, _, middle in status.fan], ahead + 1)
    latest = _when([(horizon, low) for horizon, low, _ in status.fan], ahead + 1)
    if soonest is None and status.rate > 0:
        soonest = (ahead + 1) * 60 // status.rate
    return soonest, latest


def _when(curve: list[tuple[int, int]], people: int) -> int | None:
    """Seconds at which the curve (seconds, people called by then) reaches `people`; straight in between."""
    before_s, before_people = 0, 0
    for seconds, called in curve:
        if called >= people:
            step = max(called - before_people, 1)
            return before_s + (seconds - before_s) * (people - before_people) // step
        before_s, before_people = seconds, called
    return None
