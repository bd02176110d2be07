"""Tickets whose signature this gate has checked."""

from __future__ import annotations

from collections import OrderedDict

from meterai.waiting_room.rules.tickets import Ticket

KNOWN_TICKETS_MAX = 10_000
"""About 600 bytes each."""


class KnownTickets:
    """The latest tickets whose signature was good. A check costs 110 us, a look here 1 us.

    `keys`: the keys that signed them; with other keys no ticket is known.
    """

    def __init__(self) -> None:
        self._keys: object = None
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()

    def find(self, text: str, keys: object) -> Ticket | None:
        """The ticket; None when it is not known."""
        found = self._tickets.get(text) if keys is self._keys else None
        if found is not None:
            self._tickets.move_to_end(text)
        return found

    def keep(self, text: str, ticket: Ticket, keys: object) -> None:
        """Adds a ticket, and forgets the one that was not asked for the longest."""
        if keys is not self._keys:
            self._keys = keys
            self._tickets.clear()
        self._tickets[text] = ticket
        if len(self._tickets) > KNOWN_TICKETS_MAX:
            self._tickets.popitem(last=False)
