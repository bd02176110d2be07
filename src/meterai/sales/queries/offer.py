"""What the site offers, at which price: read often by each of its processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kit.database import Connection
from meterai.sales.events import Event
from meterai.sales.prices import DatedPrice, Tariff
from meterai.sales.queries.events import COLUMNS


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Prices and events. All of them, also those of later days; each list begins with the earliest."""

    tariffs: tuple[Tariff, ...]
    prices: tuple[DatedPrice, ...]
    events: tuple[Event, ...] = ()
    """Those on offer, the next to close first."""
    former: tuple[Event, ...] = ()
    """Those that are offered no more. They still give certificates."""

    def face_value(self, day: date) -> int:
        """The face value of a stamp on a business date."""
        return _of(self.tariffs, day).face_value

    def price(self, day: date) -> DatedPrice:
        """The service fee on a business date."""
        return _of(self.prices, day)

    def next_change(self, now: datetime) -> float:
        """When the next event opens or closes, or the next price begins, as Unix time."""
        dated: Sequence[Tariff | DatedPrice] = (*self.tariffs, *self.prices)
        moments = [moment for event in self.events for moment in (event.opens_at, event.closes_at)]
        moments += [
            start_of_business_date(one.valid_from) for one in dated if one.valid_from > business_date(now)
        ]
        return min((moment.timestamp() for moment in moments if moment > now), default=float("inf"))


def _of[Dated: (Tariff, DatedPrice)](dated: Sequence[Dated], day: date) -> Dated:
    return [one for one in dated if one.valid_from <= day][-1]


_decode: Final = msgspec.json.Decoder(Offer).decode
_OFFER: Final = f"""
    SELECT jsonb_build_object(
        'tariffs', (SELECT jsonb_agg(to_jsonb(t) ORDER BY valid_from)
            FROM (SELECT valid_from, face_value FROM sales.tariff) t),
        'prices', (SELECT jsonb_agg(to_jsonb(p) ORDER BY valid_from) FROM (
            SELECT greatest(valid_from, '0001-01-01') AS valid_from, unit_fee AS fee, vat_basis_points,
                unit_vat AS vat FROM sales.price) p),
        'events', coalesce((SELECT jsonb_agg(to_jsonb(e) ORDER BY closes_at, slug)
            FROM (SELECT {COLUMNS} FROM sales.event WHERE active) e), '[]'),
        'former', coalesce((SELECT jsonb_agg(to_jsonb(e) ORDER BY slug)
            FROM (SELECT {COLUMNS} FROM sales.event WHERE NOT active) e), '[]')
    )::text"""  # noqa: S608 - our own names


async def read_offer(connection: Connection) -> Offer:
    """Reads what is offered, in one statement."""
    return _decode(await connection.fetchval(_OFFER))
