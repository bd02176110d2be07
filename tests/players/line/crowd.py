"""The people of a simulated line: when they come, with how many tabs, and who does not come when called."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.tickets import Ticket, decode_ticket


class Kind(StrEnum):
    """What a person does."""

    PATIENT = "patient"  # comes within a few seconds of the call
    LATE = "late"  # comes long after the call, as a returner
    ABSENT = "absent"  # never comes: the closed tab at the front
    PUSHY = "pushy"  # knocks again and again before the call


@dataclass(slots=True)
class Person:
    """A person with a contact, some tabs, and a ticket for each."""

    number: int
    kind: Kind
    joins_at: list[float]
    """The time of each tab's join."""
    tickets: list[Ticket] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    knocked_first: float | None = None
    is_in: bool = False
    is_told: bool = False
    """They know that the queue is closed, from a ticket that says since when they stood in line."""
    dropped: int = 0
    """Requests that a gate never answered."""

    @property
    def contact(self) -> str:
        """The contact in canonical form."""
        return f"phone:+62812{self.number:08d}"

    def take(self, text: str) -> None:
        """Keeps a ticket, unless the person has it already."""
        if text not in self.texts:
            self.texts.append(text)
            self.tickets.append(decode_ticket(text))


def crowd(random: random.Random, people: int, schedule: Schedule) -> Iterator[Person]:
    """Makes people. A third join before the opening, and the rest come ever more densely towards the
    closing."""
    length = schedule.closes_at - schedule.opens_at
    for number in range(people):
        chance = random.random()
        kind = (
            Kind.PATIENT if chance < 0.78 else Kind.ABSENT if chance < 0.9 else Kind.LATE if chance < 0.97
            else Kind.PUSHY
        )  # fmt: skip
        tabs = 1 if random.random() < 0.9 else random.randint(2, 20)
        if random.random() < 0.35:
            first = random.uniform(schedule.joins_from, schedule.opens_at)
        else:
            first = schedule.opens_at + length * random.random() ** 0.8
        more = (first + random.expovariate(1 / 60) for _ in range(tabs - 1))
        last = schedule.closes_at - 0.01
        yield Person(number, kind, [min(first, last), *(min(at, last) for at in more)])
