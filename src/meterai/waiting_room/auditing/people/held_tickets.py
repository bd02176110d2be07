"""Tickets that people hold, against the log. Nothing else shows that the last tickets of a gate were left
out."""

from __future__ import annotations

from collections.abc import Iterable

from meterai.waiting_room.auditing.checks.rules import NAME, RulesCheck
from meterai.waiting_room.auditing.findings import Findings, HeldTicket
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.sources import Unreadable
from meterai.waiting_room.files.published_queue import public_key
from meterai.waiting_room.rules.tickets import Ticket, event_number, read_ticket, text_in


def read_tickets(texts: Iterable[str], rules: RulesCheck) -> list[Ticket]:
    """Reads tickets from text, a link or a message. The key that the rules name must have signed them.

    Raises: Refusal `ticket.*`; Unreadable when the rules name no key.
    """
    try:
        keys = {number: public_key(text) for number, text in rules.published.ticket_keys.items()}
    except ValueError:
        raise Unreadable(f"{NAME} names no key of tickets") from None
    event = event_number(rules.published.event)
    return [read_ticket(text_in(text), keys, event) for text in texts]


def judge_tickets(
    tickets: Iterable[Ticket], notes: Notes, findings: Findings, *, closed_through: int | None
) -> list[HeldTicket]:
    """Says where each ticket stands. After its window is closed it must be in the list, or its gate
    declared dead."""
    found = []
    for ticket in tickets:
        findings.examined("sequence")
        window, gate, sequence = ticket.window, ticket.gate, ticket.sequence
        stands = notes.standing_of(window, gate, sequence, ticket.id)
        if stands == "missing" and (closed_through is None or window > closed_through):
            stands = "open"
        if stands == "missing":
            findings.add("sequence.dropped", window=window, gate=gate, sequence=sequence)
        found.append(HeldTicket(window=window, gate=gate, sequence=sequence, stands=stands))
    return found
