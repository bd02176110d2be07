"""How many are called for each who may enter: the controller's step and the door together, as a fluid."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.controller import Line, Measured, Memory, Wishes, step
from meterai.waiting_room.door import Door
from meterai.waiting_room.model import Policy, Schedule

SCHEDULE = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
POLICY = Policy(rate_floor=60, rate_cap=600)


def play(
    seconds: int, *, shows: float, caps: tuple[int, int] = (600, 600), tells_full_door: bool = True
) -> tuple[float, float]:
    """(people at the door, people entered a minute at last) when this share of those called come at once.

    `caps`: what the site bears in turn, 20 s each.
    """
    memory, door = Memory(rate=600, is_direct=False), Door(0, 0, 0)
    called = claimed = entered = 0
    at_door = 0.0
    for now in range(1, seconds + 1):
        decided = step(
            memory,
            schedule=SCHEDULE,
            policy=POLICY,
            wishes=Wishes(is_on=True, rate_cap=caps[now // 20 % 2]),
            measured=Measured(heard_s=0),
            line=Line(100_000, called, claimed, None, door.new < 1 and tells_full_door),
            now=now,
            elapsed_s=1,
        )
        memory, called = decided.memory, round(decided.calls / 60)
        at_door += called * shows
        door = door.filled(decided.rate, 0, now)
        claimed = min(int(door.new), int(at_door))
        door = msgspec.structs.replace(door, new=door.new - claimed)
        at_door -= claimed
        entered += claimed if now > seconds - 300 else 0
    return at_door, entered / 5


def test_when_many_of_those_called_do_not_come_more_are_called_and_the_site_stays_full() -> None:
    at_door, entered_per_min = play(1_800, shows=0.6)
    assert entered_per_min > 550
    assert at_door < 50


def test_people_who_wait_at_a_full_door_are_not_taken_for_absent() -> None:
    """Else ever more would be called, and wait at the door instead of in the line, without a place."""
    at_door, entered_per_min = play(1_800, shows=0.95)
    assert at_door < 50
    assert entered_per_min > 550
    blind, _ = play(2_400, shows=0.95, tells_full_door=False)
    assert blind > 500


def test_when_the_site_bears_now_more_now_less_nobody_piles_up_at_the_door() -> None:
    at_door, entered_per_min = play(1_800, shows=0.95, caps=(600, 300))
    assert at_door < 50
    assert entered_per_min > 350
