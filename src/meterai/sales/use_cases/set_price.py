"""Enters the service fee from a date on, once two officers have released it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

import asyncpg
import msgspec

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.database import Connection, Database
from meterai.sales.prices import DatedPrice, vat_within
from meterai.sales.queries.prices import dated_prices, first_price_day
from meterai.sales.store import prices as store
from meterai.sales.store.stock import tariff_of

KIND: Final = "price.set"
_WHOLE: Final = 10_000
"""Basis points of 100 %."""


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What the officers decide."""

    valid_from: date
    """A business date."""
    fee: int
    """Rupiah for each stamp, VAT included."""
    vat_basis_points: int
    reason: str

    @property
    def subject(self) -> str:
        """What the officers sign as the subject: the date."""
        return self.valid_from.isoformat()

    @property
    def vat(self) -> Rupiah:
        """The VAT within the fee."""
        return vat_within(self.fee, self.vat_basis_points)

    def facts(self) -> dict[str, object]:
        """What the officers sign beside the date."""
        return {
            "fee": self.fee,
            "vat": self.vat,
            "vat_basis_points": self.vat_basis_points,
            "reason": self.reason,
        }


class PriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a new price would change."""

    new: NewPrice
    before: DatedPrice
    """What would hold on that day otherwise."""
    face_value: Rupiah
    """On that day."""


async def look_at_price(connection: Connection, new: NewPrice, *, now: datetime) -> PriceChange:
    """What the price would change. Raises: Refusal CONFLICT `price.day_begun`; INVALID `price.no_rate`."""
    if not 0 <= new.vat_basis_points <= _WHOLE:
        raise Refusal(Kind.INVALID, "price.no_rate")
    if new.valid_from < await first_price_day(connection, now):
        raise Refusal(Kind.CONFLICT, "price.day_begun")
    known = await dated_prices(connection)
    return PriceChange(
        new=new,
        before=[one for one in known if one.valid_from <= new.valid_from][-1],
        face_value=Rupiah(await tariff_of(connection, new.valid_from)),
    )


async def set_price(db: Database, new: NewPrice, *, actor: Actor, now: datetime) -> None:
    """Enters a price. Raises: what `set_price_in` raises."""
    async with db.transaction() as tx:
        await set_price_in(tx, new.subject, new.facts(), actor=actor, now=now)


async def set_price_in(
    tx: Connection, subject: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> None:
    """Does what `set_price` does, in the transaction of an officer's signature.

    Drafts get the price from that day on, and their buyers see it before they pay. It replaces an entry of
    the same day.

    Raises: Refusal FORBIDDEN `officer.unsigned`; CONFLICT `price.day_begun`.
    """
    try:
        with officers_refusals():
            await store.set_price(
                tx,
                date.fromisoformat(subject),
                facts,
                actor=actor.name,
                request=actor.request,
                now=now,
            )
    except asyncpg.PostgresError as error:
        if error.sqlstate != "PR001":
            raise
        raise Refusal(Kind.CONFLICT, "price.day_begun") from error


def read_rate(typed: str) -> int:
    """The basis points of a rate that an officer typed in percent, as `11` or `11,5`.

    Raises: Refusal INVALID `price.no_rate`.
    """
    try:
        points = Decimal(typed.strip().replace(",", ".")) * 100
        if points != int(points) or not 0 <= points <= _WHOLE:
            raise Refusal(Kind.INVALID, "price.no_rate")
    except (InvalidOperation, ValueError, OverflowError):
        raise Refusal(Kind.INVALID, "price.no_rate") from None
    return int(points)
