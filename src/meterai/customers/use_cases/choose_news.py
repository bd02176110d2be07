"""Turns kinds of news on and off for a person's contacts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from meterai.customers import choice_store
from meterai.customers.choice_queries import choices_beside, choices_of
from meterai.customers.choices import ChoiceLink, Choices, NewsKind
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database

type Choice = tuple[uuid.UUID, NewsKind, bool]
"""A contact, and whether it takes a kind."""


async def read_choices(db: Database, customer_id: uuid.UUID) -> list[Choices]:
    """The contacts of a customer with what each takes, the oldest contact first."""
    async with db.connection() as connection:
        return (await choices_of(connection, [customer_id])).get(customer_id, [])


async def read_choices_by_link(db: Database, link: ChoiceLink) -> tuple[Choices, Collection[Choices]]:
    """The contact of a link with what it takes, and the other contacts of its owner.

    Raises: Refusal NOT_FOUND `choice.link_over` when the contact is nobody's any more.
    """
    async with db.connection() as connection:
        theirs = await choices_beside(connection, link.contact_id)
    own = next((one for one in theirs if one.contact_id == link.contact_id), None)
    if own is None:
        raise Refusal(Kind.NOT_FOUND, "choice.link_over")
    return own, [one for one in theirs if one is not own]


async def choose_news(db: Database, chosen: Sequence[Choice], *, now: datetime) -> None:
    """Writes choices. Safe to repeat.

    Raises: Refusal INVALID `choice.order_nowhere` when no contact would take news of orders any more; then
    nothing is written.
    """
    if not chosen:
        return
    try:
        async with db.connection() as connection:
            await choice_store.choose_news(connection, chosen, now)
    except asyncpg.PostgresError as error:
        if error.sqlstate != "CN001":
            raise
        raise Refusal(Kind.INVALID, "choice.order_nowhere") from error


async def turn_on(db: Database, contact: Contact, kind: NewsKind, *, now: datetime) -> None:
    """Turns a kind on for a contact whose owner has just asked for such a message."""
    async with db.connection() as connection:
        contact_id = await choice_store.contact_id(connection, contact)
        if contact_id is not None:
            await choice_store.choose_news(connection, [(contact_id, kind, True)], now)
