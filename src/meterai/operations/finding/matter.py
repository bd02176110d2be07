"""What is the matter with an order, in one word, for the first line of its story."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from meterai.operations.finding.story import Story
from meterai.sales.model import ItemState, OrderState
from meterai.sales.queries.money import MoneyPlace, money_place

LATE_AFTER: Final = timedelta(minutes=10)
"""A paid order that is not stamped after this time has a problem."""
READ_WITHIN: Final = timedelta(minutes=2)
"""A worker reads a notice of a gateway within seconds."""


class Matter(StrEnum):
    """The page has a sentence and a next step for each."""

    TAKEN_BACK = "taken_back"
    IN_DOUBT = "in_doubt"
    BEING_CHECKED = "being_checked"
    NEEDS_ACCOUNT = "needs_account"
    UNREAD = "unread"
    LATE = "late"
    STAMPING = "stamping"
    REFUSED = "refused"
    GOING_BACK = "going_back"
    DRAFT = "draft"
    UNPAID = "unpaid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DONE = "done"


_BY_MONEY: Final = {
    MoneyPlace.TAKEN_BACK: Matter.TAKEN_BACK,
    MoneyPlace.UNAPPROVED: Matter.IN_DOUBT,
    MoneyPlace.IN_DOUBT: Matter.IN_DOUBT,
    MoneyPlace.NEEDS_ACCOUNT: Matter.NEEDS_ACCOUNT,
}
_BY_STATE: Final = {
    OrderState.DRAFT: Matter.DRAFT,
    OrderState.AWAITING_PAYMENT: Matter.UNPAID,
    OrderState.EXPIRED: Matter.EXPIRED,
    OrderState.CANCELLED: Matter.CANCELLED,
    OrderState.COMPLETED: Matter.DONE,
}


def matter_of(story: Story, now: datetime) -> tuple[Matter, MoneyPlace]:
    """What is the matter, the worst first, and where the money is."""
    place = money_place(story.order)
    return _matter(story, place, now), place


def _matter(story: Story, place: MoneyPlace, now: datetime) -> Matter:
    order = story.order
    if any(refund.is_being_checked for refund in order.refunds):
        return Matter.BEING_CHECKED
    if place in _BY_MONEY:
        return _BY_MONEY[place]
    if any(now - notice.at > READ_WITHIN for notice in story.unread):
        return Matter.UNREAD
    if order.state is OrderState.PAID:
        return Matter.LATE if order.paid_at and now - order.paid_at > LATE_AFTER else Matter.STAMPING
    if any(item.state is ItemState.REFUSED for item in order.items):
        return Matter.REFUSED
    if place in (MoneyPlace.GOING_BACK, MoneyPlace.WAITING):
        return Matter.GOING_BACK
    return _BY_STATE[order.state]
