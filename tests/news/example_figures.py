"""Figures of an incident that touched four orders, of which one is open."""

from __future__ import annotations

from datetime import timedelta

from meterai.news.apology.model import Figures, Money
from tests.waiting_room.line import NOON

_MONEY = Money(paid=50_000, stamped=25_000, refunded=12_500, under_way=12_500)
FIGURES = Figures(
    at=NOON,
    started_at=NOON,
    ended_at=NOON + timedelta(hours=1),
    orders=4,
    people=3,
    paid_orders=4,
    open_orders=1,
    money=_MONEY,
    by_sales=_MONEY,
)
