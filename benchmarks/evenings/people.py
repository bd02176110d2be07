"""The people of an evening that the simulation follows one by one: what they were told, and what happened."""

from __future__ import annotations

from dataclasses import dataclass

from meterai.waiting_room.rules.model import U_MAX
from meterai.waiting_room.rules.verdict import Verdict


@dataclass(slots=True)
class Person:
    """Somebody who joins, comes when called, and does not give up. Seconds from the opening."""

    joins_at: float
    window: int
    place: int
    needs_s: float
    """From the pass to the stamp, while nothing is down."""
    told_first: float | None = None
    """The probability at the first verdict."""
    promise: Verdict | None = None
    """The first verdict with a promise, and when it was given."""
    promised_at: float = 0.0
    called_at: float | None = None
    number_at_door: float = 0.0
    """How many came to the door before."""
    entered_at: float | None = None
    done_at: float | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Its place in the whole line."""
        return self.window, self.place


def rank_of(person: Person, counts: list[int], before: list[int]) -> int:
    """How many people joined before it, or with it and drew a smaller place."""
    return before[person.window] + person.place * counts[person.window] // U_MAX
