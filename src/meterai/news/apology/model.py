"""What an apology says: the figures of an incident, and what changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.news.model import BothLanguages

FRESH: Final = timedelta(days=7)
"""How long the home page has a link to an apology."""
CHANGES_LENGTH_MAX: Final = 4_000
"""Characters of what changes, in each language."""


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each rupiah that was paid for the orders. All are whole prices, from the ledger."""

    paid: int = 0
    stamped: int = 0
    """Stamps used on documents."""
    held: int = 0
    """Stamps that customers have and have not used, or that wait for their document."""
    refunded: int = 0
    """Went out, or was set off against what a bank took back."""
    under_way: int = 0
    """Owed to customers, and not gone out yet."""
    undivided: int = 0
    """Came, and is not divided yet."""

    @property
    def is_whole(self) -> bool:
        """Whether the parts make the sum."""
        parts = self.stamped + self.held + self.refunded + self.under_way + self.undivided
        return self.paid == parts


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident did, as it was known at a time."""

    at: datetime
    started_at: datetime
    ended_at: datetime
    orders: int
    """Orders that waited for a payment or a stamp while it lasted, by its components."""
    people: int
    paid_orders: int
    """Those for which money came."""
    open_orders: int
    """Those that can still be paid, are being stamped, or whose money is on its way back."""
    late_orders: int = 0
    """Those that ended without money, for which money may still come late."""
    documents: int = 0
    """Documents that waited for stamps from quota. They are no orders."""
    open_documents: int = 0
    money: Money
    by_sales: Money
    """Paid, refunded and under way as orders and payments say it. The ledger says the same, or nothing is
    published."""
    last_done_at: datetime | None = None
    """When the last of the orders with money ended."""
    median_s: int | None = None
    """Seconds from the placing of an order to its end, for those with money that have ended."""
    longest_s: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing can change in them any more."""
        is_open = self.open_orders or self.late_orders or self.open_documents
        return not is_open and self.money.under_way == 0 and self.money.undivided == 0

    @property
    def adds_up(self) -> bool:
        """Whether the parts make the sum, and the orders say the same as the ledger."""
        money, sales = self.money, self.by_sales
        of_ledger = (money.paid, money.refunded, money.under_way)
        return money.is_whole and of_ledger == (sales.paid, sales.refunded, sales.under_way)


class Apology(msgspec.Struct, frozen=True, kw_only=True):
    """A published apology. It never changes."""

    incident: int
    title: BothLanguages
    """Of the incident."""
    changes: BothLanguages
    """What we do so that it does not happen again, in an officer's words."""
    figures: Figures
    published_at: datetime


def checked_changes(changes: BothLanguages) -> BothLanguages:
    """The text without space around it, with the line ends of Unix: browsers send others.

    Raises: Refusal INVALID `apology.no_changes`, `apology.changes_too_long`.
    """
    found = BothLanguages(*("\n".join(one.strip().splitlines()) for one in (changes.id, changes.en)))
    if not (found.id and found.en):
        raise Refusal(Kind.INVALID, "apology.no_changes")
    if max(len(found.id), len(found.en)) > CHANGES_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "apology.changes_too_long", maximum=CHANGES_LENGTH_MAX)
    return found
