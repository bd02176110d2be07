"""Moves of the frontier, and its earlier positions. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from meterai.waiting_room.rules.model import U_MAX, Frontier


def advance(
    frontier: Frontier, people_by_window: Iterable[tuple[int, int]], people: float
) -> tuple[Frontier, int, float]:
    """Moves the frontier on by `people`. Returns (frontier, people passed, the rest).

    `people_by_window`: the number of different people in each window whose seed is known, from the frontier's
    on, in order and without gaps. The frontier never goes beyond these windows, and never back.
    """
    passed = 0
    for window, count in people_by_window:
        if window < frontier.window:
            continue
        if window > frontier.window:
            break
        before = count * frontier.x // U_MAX
        rest = count - count * frontier.x / U_MAX
        if people >= rest or count == 0:
            frontier, people, passed = Frontier(window + 1, 0), people - rest, passed + count - before
            continue
        x = frontier.x + int(people / count * U_MAX)
        frontier = Frontier(window, min(x, U_MAX - 1))
        return frontier, passed + count * frontier.x // U_MAX - before, 0.0
    return frontier, passed, max(0.0, people)


def trail_with(
    trail: tuple[tuple[int, int, str], ...], frontier: Frontier, now: float, *, keep_s: int
) -> tuple[tuple[int, int, str], ...]:
    """The trail with one more point. Points are ten seconds apart, and one is older than `keep_s`."""
    if not trail or now - trail[-1][0] >= 10:
        trail = (*trail, (int(now), frontier.window, str(frontier.x)))
    older = [point for point in trail if point[0] <= now - keep_s]
    return trail[max(0, len(older) - 1) :]


def trail_after_pause(
    trail: tuple[tuple[int, int, str], ...], seconds: int
) -> tuple[tuple[int, int, str], ...]:
    """The trail, shifted by `seconds` in which nobody could enter. So no call lapses because of that time."""
    return tuple((at + seconds, window, x) for at, window, x in trail) if seconds else trail


def frontier_then(trail: tuple[tuple[int, int, str], ...], now: float, *, ago_s: int) -> Frontier:
    """The frontier `ago_s` ago, as far as the trail goes back. Before that, nobody was called."""
    known = [point for point in trail if point[0] <= now - ago_s]
    return Frontier(known[-1][1], int(known[-1][2])) if known else Frontier(0, 0)
