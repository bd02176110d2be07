"""All acts of the console. A new one: a `ConsoleAct` in the module of its group, and the module here."""

from __future__ import annotations

from typing import Final

from meterai.console.acts import (
    books,
    cases,
    clients,
    contacts,
    doubts,
    events,
    orders,
    organisations,
    partners,
    people,
    prices,
    queue,
    refunds,
    requests,
    signing,
    stock,
)
from meterai.console.acts.model import ConsoleAct
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Kind, Refusal

ACTS: Final[tuple[ConsoleAct, ...]] = (
    *cases.ACTS,
    *orders.ACTS,
    *contacts.ACTS,
    *refunds.ACTS,
    *queue.ACTS,
    *signing.ACTS,
    *events.ACTS,
    *prices.ACTS,
    *stock.ACTS,
    *doubts.ACTS,
    *partners.ACTS,
    *organisations.ACTS,
    *clients.ACTS,
    *books.ACTS,
    *people.ACTS,
    *requests.ACTS,
)


def find_act(path: str, officer: SignedIn) -> ConsoleAct:
    """Finds the act of an address.

    Raises: Refusal NOT_FOUND `page.not_found`; FORBIDDEN `officer.role_missing`.
    """
    act = next((one for one in ACTS if one.path == path), None)
    if act is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    if not act.may(officer):
        raise Refusal(Kind.FORBIDDEN, "officer.role_missing", roles=", ".join(sorted(act.roles)))
    return act


def acts_of(officer: SignedIn) -> dict[str, list[ConsoleAct]]:
    """The acts that the officer may do, by group."""
    groups: dict[str, list[ConsoleAct]] = {}
    for act in ACTS:
        if act.may(officer):
            groups.setdefault(act.group, []).append(act)
    return groups
