"""Customers of the history, some thousands at a time, and what follows from their numbers.

Customer n and his m-th document (m: 1, 2) have the number 2n + m wherever one is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from benchmarks.growth import made_up
from benchmarks.growth.copying import Column, text_of
from benchmarks.growth.made_up import Numbers

_HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Span:
    """When the history was."""

    began: datetime
    ended: datetime
    customers: int
    event: str
    """What the orders were for."""

    def at(self, numbers: Numbers) -> Numbers:
        """When a customer came, in microseconds of Unix time."""
        begin, end = (int(moment.timestamp() * 1e6) for moment in (self.began, self.ended))
        return begin + numbers * ((end - begin) // self.customers)


@dataclass(frozen=True)
class People:
    """Some customers, each with one order. What is a column has one value for each of them."""

    n: Numbers
    at: Numbers
    event: bytes

    @cached_property
    def customer(self) -> Column:
        """Their ids."""
        return made_up.new_ids("customer", self.n, self.at)

    @cached_property
    def order(self) -> Column:
        """Ids of their orders."""
        return made_up.new_ids("order", self.n, self.at)

    @cached_property
    def payment(self) -> Column:
        """Ids of what they paid."""
        return made_up.new_ids("payment", self.n, self.at)

    @cached_property
    def number(self) -> Column:
        """Numbers of their orders, 14 letters."""
        return made_up.order_numbers(self.n)

    @cached_property
    def time(self) -> Column:
        """When all of it was."""
        return made_up.timestamps(self.at)

    @cached_property
    def day(self) -> Column:
        """The date of it in Jakarta."""
        return made_up.business_dates(self.at)

    @cached_property
    def contact(self) -> Column:
        """Their e-mail addresses."""
        return text_of(b"pelamar", made_up.decimals(self.n, 8), b"@contoh.id")

    def later(self, hours: float) -> Column:
        """Their times plus `hours`."""
        return made_up.timestamps(self.at + int(hours * _HOUR_US))

    def document(self, m: int) -> Document:
        """The m-th document of each of them."""
        return Document(self, m)

    def every(self, nth: int) -> People:
        """Those whose number is a multiple."""
        chosen = self.n % nth == 0
        return People(self.n[chosen], self.at[chosen], self.event)

    def before(self, hours: float) -> People:
        """The same people, `hours` earlier."""
        return People(self.n, self.at - int(hours * _HOUR_US), self.event)


@dataclass(frozen=True)
class Document:
    """The m-th document of each customer: what was bought for it and what became of it."""

    of: People
    m: int

    @cached_property
    def d(self) -> Numbers:
        """Their numbers."""
        return 2 * self.of.n + self.m

    @cached_property
    def id(self) -> Column:
        """Ids of the documents."""
        return made_up.new_ids("document", self.d, self.of.at)

    @cached_property
    def item(self) -> Column:
        """Ids of the items."""
        return made_up.derived_ids("item", self.d)

    @cached_property
    def lot(self) -> Column:
        """Ids of the lots."""
        return made_up.derived_ids("lot", self.d)

    @cached_property
    def job(self) -> Column:
        """Ids of the jobs."""
        return made_up.new_ids("job", self.d, self.of.at)

    @cached_property
    def serial(self) -> Column:
        """Serial numbers."""
        return made_up.serials(self.d)

    @cached_property
    def input_digest(self) -> Column:
        """SHA-256 of the upload, as bytes."""
        return made_up.digests("input", self.d)

    def transfer(self, name: str) -> Column:
        """Ids of the transfers of that name."""
        return made_up.derived_ids(name, self.d)


def people(first: int, last: int, span: Span) -> People:
    """Customers `first` to `last`, counted from 1."""
    numbers = np.arange(first, last + 1, dtype=np.int64)
    return People(numbers, span.at(numbers), span.event.encode())


def documents(of: People) -> tuple[Document, Document]:
    """Both documents of each customer."""
    return of.document(1), of.document(2)
