"""What the statement of a closed day says, and its canonical bytes."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec

PARTS = ("stamped", "held", "refunded", "suspense")
"""What every paid rupiah and piece is."""


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """A sum of money, and of stamps."""

    rupiah: int = 0
    pieces: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(rupiah=self.rupiah + other.rupiah, pieces=self.pieces + other.pieces)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a day, or of all days up to one. Balanced: paid = stamped + held + refunded + suspense.

    Rupiah are whole prices: face value, service fee and its VAT.
    """

    paid: Amount = Amount()
    """Money that came, and the stamps of the orders that it paid for."""
    stamped: Amount = Amount()
    """Stamps used on documents."""
    held: Amount = Amount()
    """Stamps that customers have and have not used. Of a day: by how much they grew."""
    refunded: Amount = Amount()
    """Owed back to customers, or paid back already."""
    suspense: Amount = Amount()
    """Money that is not yet divided. Of a day: by how much it grew."""
    paid_back: int = 0
    """Rupiah of `refunded` that went out or were set off."""
    taken_back: int = 0
    """Rupiah that banks took back from us. They count as paid all the same."""

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )

    def imbalance(self) -> str:
        """What does not balance, in words; empty when all does."""
        wrong = []
        for unit in Amount.__struct_fields__:
            paid, *parts = (getattr(getattr(self, name), unit) for name in ("paid", *PARTS))
            if paid != sum(parts):
                named = ", ".join(f"{name} {part:,}" for name, part in zip(PARTS, parts, strict=True))
                wrong.append(f"{unit}: paid {paid:,}; {named} make {sum(parts):,}")
        return ". ".join(wrong)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A distributor's day at the treasury, in rupiah."""

    deposited: int = 0
    drawn: int = 0
    """Face value of the stamps that it got, less those that went back."""


class DueInAll(msgspec.Struct, frozen=True, kw_only=True):
    """The same of all days up to one."""

    deposited: int = 0
    drawn: int = 0
    prepaid: int = 0
    """Deposited and not drawn yet."""
    due: int = 0
    """Drawn on account and not paid into the treasury yet."""

    def after(self, day: Due) -> DueInAll:
        """What it is with one more day."""
        deposited, drawn = self.deposited + day.deposited, self.drawn + day.drawn
        left = deposited - drawn
        return DueInAll(deposited=deposited, drawn=drawn, prepaid=max(0, left), due=max(0, -left))


class TreasuryLine(msgspec.Struct, frozen=True, kw_only=True):
    """A distributor, or a collector right below the issuer. `distributor`: the site's own."""

    organisation: str
    day: Due
    total: DueInAll


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The statement of a closed day."""

    version: int = 1
    business_date: date
    closed_at: str
    """UTC, such as 2026-12-01T17:15:30Z."""
    key: str
    """Id of the key that signs it."""
    previous: str | None
    """SHA-256 of the bytes of the statement before, in hex; null for the first day."""
    day: Figures
    total: Figures
    """Of all days up to this one."""
    treasury: tuple[TreasuryLine, ...]

    def canonical(self) -> bytes:
        """Its bytes, as they are signed: JSON in UTF-8 with sorted keys, without spaces (as RFC 8785)."""
        return msgspec.json.encode(self, order="sorted")


class StoredStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement as it is kept."""

    business_date: date
    statement: bytes
    signature: bytes
    key_id: str
    public_key: str
    """PEM."""

    def read(self) -> Statement:
        """What it says."""
        return msgspec.json.decode(self.statement, type=Statement)

    @property
    def digest(self) -> str:
        """What the next statement names as `previous`."""
        return hashlib.sha256(self.statement).hexdigest()


def next_statement(
    *,
    business_date: date,
    closed_at: str,
    key: str,
    before: StoredStatement | None,
    day: Figures,
    dues: dict[str, Due],
) -> Statement:
    """Makes the statement that follows `before`; None: of the first day."""
    last = before.read() if before else None
    total = (last.total if last else Figures()) + day
    known = {line.organisation: line.total for line in last.treasury} if last else {}
    names = sorted({*known, *dues})
    return Statement(
        business_date=business_date,
        closed_at=closed_at,
        key=key,
        previous=before.digest if before else None,
        day=day,
        total=total,
        treasury=tuple(
            TreasuryLine(
                organisation=name,
                day=dues.get(name, Due()),
                total=known.get(name, DueInAll()).after(dues.get(name, Due())),
            )
            for name in names
        ),
    )
