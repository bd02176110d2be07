"""People of an evening: most come when they are called, some late, some never. Nobody cheats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from meterai.waiting_room.rules.tickets import Ticket

_NEVER, _LATE, _IN_FLIGHT = 0.08, 0.07, 0.03


@dataclass
class Person:
    """A person in line. `comes_after_s`: the time from the call to the first knock; None: never."""

    contact: str
    comes_after_s: float | None
    is_in_flight: bool
    """They hold the link of a paid order of the event."""
    ticket: Ticket | None = None
    text: str = ""
    place: int | None = None
    knocks_at: float | None = None
    """None: not called, as far as they know."""
    is_done: bool = False


def people(chance: Random, prefix: str, *, claim_s: float) -> Iterator[Person]:
    """Different people, without end."""
    number = 0
    while True:
        number += 1
        kind = chance.random()
        after_s: float | None = 1 + chance.expovariate(1 / 8)
        if kind < _NEVER:
            after_s = None
        elif kind < _NEVER + _LATE:
            after_s = claim_s + chance.uniform(1, 60)
        is_in_flight = chance.random() < _IN_FLIGHT
        yield Person(f"email:{prefix}{number}@contoh.id", after_s, is_in_flight)
