"""The customers whom an incident affects, and what messages to them would cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from meterai.kernel.money import Rupiah
from meterai.kit.database import Connection
from meterai.kit.settings import Settings
from meterai.news import store as incidents
from meterai.news.messages import store

EMAIL = "email"


class MessagePrices(msgspec.Struct, frozen=True, kw_only=True):
    """What one message costs, in rupiah."""

    email: int
    home: int
    foreign: int
    home_country: str

    def of(self, prefix: str) -> int:
        """The price of a message. `prefix`: `email`, or the country code of a telephone."""
        if prefix == EMAIL:
            return self.email
        return self.home if prefix == self.home_country else self.foreign


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """The customers that an incident affects now, and the messages that they would get."""

    customers: int
    """With orders that were open, delayed or could not be paid while it lasted."""
    new: Mapping[str, int]
    """Messages that are not written yet, by prefix: `email`, or a country code."""
    written: int
    """Messages about this incident that these customers get or got already."""
    prices: MessagePrices

    @property
    def messages(self) -> int:
        """All messages that are not written yet."""
        return sum(self.new.values())

    @property
    def cost(self) -> Rupiah:
        """What these messages cost."""
        return Rupiah(sum(self.prices.of(prefix) * count for prefix, count in self.new.items()))


def prices_of(settings: Settings) -> MessagePrices:
    """The prices of the settings."""
    return MessagePrices(
        email=settings.message_price_email,
        home=settings.message_price_home,
        foreign=settings.message_price_foreign,
        home_country=settings.home_country,
    )


async def affected_by(conn: Connection, incident: int, prices: MessagePrices, *, now: datetime) -> Affected:
    """Counts whom an incident affects. Raises: Refusal NOT_FOUND `news.incident_unknown`."""
    await incidents.read_incident(conn, incident)
    customers = await store.affected_customers(conn, incident, now)
    counts = await store.affected_messages(conn, incident, now)
    return Affected(
        customers=len(customers),
        new={prefix: count for prefix, is_new, count in counts if is_new},
        written=sum(count for _, is_new, count in counts if not is_new),
        prices=prices,
    )
